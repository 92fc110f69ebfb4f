"""The embed job: one unit vector a training record from the base encoder, computing only those that are new."""

from __future__ import annotations

import argparse
import hashlib
import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from chartloop import parts, vectors
from training import base_model, dataset, environment
from training.jobs import Progress, Reporting, part_of, processing_message
from training.tagging import Floats

WINDOW = 256
OVERLAP = 32
"""Pieces, as the embedded base model was trained: MiniLM's sentences have at most 256."""


@dataclass(frozen=True)
class Vectors:
    """Rows of unit length (float32), by the sha256 of the text that they stand for."""

    model_hash: str
    rows: dict[str, int]
    values: Floats


def text_hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def read(folder: Path) -> Vectors:
    """What an earlier run wrote, whole or in parts."""
    suffixes = parts.whole(path.name for path in folder.iterdir())
    read = [_part(folder, suffix) for suffix in suffixes]
    rows: dict[str, int] = {}
    for each in read:
        rows |= {name: len(rows) + row for name, row in each.rows.items()}
    filled = [each.values for each in read if len(each.values)]
    return Vectors(read[0].model_hash, rows, np.concatenate(filled) if len(filled) > 1 else filled[0])


def _part(folder: Path, suffix: str) -> Vectors:
    values, ids, manifest = (folder / name for name in vectors.names(suffix))
    loaded: Floats = np.load(values, allow_pickle=False)
    return Vectors(json.loads(manifest.read_bytes())["model_hash"], json.loads(ids.read_bytes()), loaded)


def embed(snapshot: Path, model: Path, previous: Path | None, output: Path, part: int = 1, of: int = 1) -> dict[str, Any]:
    """Writes `vectors.npy`, `ids.json` (text hash to row) and, last, `manifest.json`, which it gives back.

    Of several machines each takes the texts whose hash falls to it. The encoder is loaded only where a text is new, or the
    earlier vectors are of another model.
    """
    everything = {text_hash(each.text): each.text for each in dataset.read(snapshot).documents}
    texts = {name: text for name, text in everything.items() if int(name[:8], 16) % of == part - 1}
    ours = base_model.content_hash(model)
    known = read(previous) if previous else None
    rows = known.rows if known and known.model_hash == ours else {}
    new = [name for name in texts if name not in rows]
    made = {name: known.values[rows[name]] for name in texts if name in rows} if known else {}
    made |= dict(zip(new, _encode(model, [texts[name] for name in new]), strict=True)) if new else {}
    order = sorted(made)
    values = np.stack([made[name] for name in order]).astype(np.float32) if order else np.empty((0, 0), np.float32)
    about = {"engine": "torch", "precision": "fp32", "model_hash": ours, "reused": len(order) - len(new)}
    return vectors.write(output, order, values, about, parts.suffix(part, of))


def _encode(model: Path, texts: Sequence[str]) -> Floats:
    environment.settle(os.environ)
    from training import encoder
    from training.pooling import Pooler

    encoder.quiet()
    encoder.use_cores(os.environ)
    return Pooler.load(model, WINDOW, OVERLAP).vectors(texts, Progress(len(texts)))


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("--snapshot", "--model", "--output"):
        parser.add_argument(name, type=Path, required=True)
    parser.add_argument("--previous", type=Path)
    chosen = parser.parse_args(arguments)
    with Reporting(processing_message(os.environ)):
        base_model.verify(chosen.model)
        embed(chosen.snapshot, chosen.model, chosen.previous, chosen.output, *part_of(os.environ))


if __name__ == "__main__":
    main()
