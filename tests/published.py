"""Vectors, codes and descriptions as a run publishes them in the model folder (docs/contracts/embeddings.md)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

ENCODER = {"hash": "e" * 64, "engine": "openvino", "precision": "bf16"}
Code = tuple[str, str]
"""(system, code)"""


def publish(
    root: Path, name: str, records: Mapping[str, tuple[Sequence[float], Sequence[Code]]],
    described: Mapping[str, Mapping[str, str]] | None = None, encoder: Mapping[str, str] = ENCODER,
) -> None:  # fmt: skip
    """`records`: id to vector and codes; `described`: system to code to description. The pointer is renamed last."""
    folder = root / "embeddings" / "ner" / name
    (folder / "descriptions").mkdir(parents=True)
    known = sorted({code for _, codes in records.values() for code in codes})
    pairs = [(row, known.index(code)) for row, (_, codes) in enumerate(records.values()) for code in sorted(codes)]
    values = np.array([vector for vector, _ in records.values()], dtype=np.float32)
    np.save(folder / "vectors.npy", values.reshape(len(records), -1) if records else np.empty((0, 0), np.float32))
    np.save(folder / "codes.npy", np.array(pairs, dtype=np.int32).reshape(-1, 2))
    about = {"model_hash": encoder["hash"], "engine": encoder["engine"], "precision": encoder["precision"]}
    _write(folder / "codes.json", [{"system": system, "code": code} for system, code in known])
    _write(folder / "record_ids.json", list(records))
    _write(folder / "ids.json", {text_hash(record): row for row, record in enumerate(records)})
    _write(folder / "manifest.json", {**about, "count": len(records), "codes": len(pairs)})
    for system, its in (described or {}).items():
        lines = (json.dumps({"code": code, "description": words}) for code, words in its.items())
        (folder / "descriptions" / f"{system}.jsonl").write_text("".join(f"{line}\n" for line in lines))
    pointer, aside = folder.parent / "current.json", folder.parent / ".current.json"
    before = json.loads(pointer.read_bytes())["folder"] if pointer.exists() else None
    _write(aside, {"folder": name, "before": before, **about, "snapshot": "0" * 64})
    aside.replace(pointer)


def text_hash(record_id: str) -> str:
    """Of a record's text, which is made up from its id."""
    return hashlib.sha256(record_id.encode()).hexdigest()


def _write(path: Path, value: Any) -> None:
    path.write_text(json.dumps(value))
