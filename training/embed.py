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

from training import base_model, dataset, environment
from training.jobs import Progress, Reporting, processing_message
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
    """What an earlier run wrote."""
    manifest = json.loads((folder / "manifest.json").read_bytes())
    values: Floats = np.load(folder / "vectors.npy", allow_pickle=False)
    return Vectors(manifest["model_hash"], json.loads((folder / "ids.json").read_bytes()), values)


def embed(snapshot: Path, model: Path, previous: Path | None, output: Path) -> dict[str, Any]:
    """Writes `vectors.npy`, `ids.json` (text hash to row) and, last, `manifest.json`, which it gives back.

    The encoder is loaded only where a text is new, or the earlier vectors are of another model.
    """
    texts = {text_hash(each.text): each.text for each in dataset.read(snapshot).documents}
    ours = base_model.content_hash(model)
    known = read(previous) if previous else None
    rows = known.rows if known and known.model_hash == ours else {}
    new = [name for name in texts if name not in rows]
    vectors = {name: known.values[rows[name]] for name in texts if name in rows} if known else {}
    vectors |= dict(zip(new, _encode(model, [texts[name] for name in new]), strict=True)) if new else {}
    order = sorted(vectors)
    values = np.stack([vectors[name] for name in order]).astype(np.float32)
    return _write(output, order, values, model_hash=ours, reused=len(order) - len(new))


def _encode(model: Path, texts: Sequence[str]) -> Floats:
    environment.settle(os.environ)
    from training import encoder
    from training.pooling import Pooler

    encoder.quiet()
    encoder.use_cores(os.environ)
    return Pooler.load(model, WINDOW, OVERLAP).vectors(texts, Progress(len(texts)))


def _write(output: Path, order: Sequence[str], values: Floats, **about: Any) -> dict[str, Any]:
    manifest = {"engine": "torch", "precision": "fp32", "count": len(order), "dims": values.shape[1], **about}
    output.mkdir(parents=True, exist_ok=True)
    np.save(output / "vectors.npy", values, allow_pickle=False)
    rows = {name: row for row, name in enumerate(order)}
    for name, value in (("ids.json", rows), ("manifest.json", manifest)):
        (output / name).write_text(json.dumps(value, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    return manifest


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("--snapshot", "--model", "--output"):
        parser.add_argument(name, type=Path, required=True)
    parser.add_argument("--previous", type=Path)
    chosen = parser.parse_args(arguments)
    with Reporting(processing_message(os.environ)):
        base_model.verify(chosen.model)
        embed(chosen.snapshot, chosen.model, chosen.previous, chosen.output)


if __name__ == "__main__":
    main()
