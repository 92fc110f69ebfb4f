"""The base encoder as it is served: its graph, tokenizer and card in a folder of their own, the same wherever it is made."""

from __future__ import annotations

import json
from pathlib import Path
from tempfile import TemporaryDirectory

from training import base_model, engines, pieces, pooling, tracing

WINDOW = 256
OVERLAP = 32
"""Pieces, as the embedded base model was trained: MiniLM's sentences have at most 256."""
PRECISIONS = {"openvino": "bf16", "onnx": "fp32"}
"""What each engine computes vectors in; never int8, which finds other neighbours (one of sixteen nearest notes)."""


def engine_of(serving: str) -> str:
    """The engine of the vectors where the classifier is served by `serving`: on a GPU's machine too they are made on its CPU."""
    return serving if serving in PRECISIONS else "openvino"


def key(model: Path, engine: str) -> dict[str, str]:
    """What vectors of the base model are known by (chartloop/vectors.py), without loading it."""
    return {"model_hash": base_model.content_hash(model), "engine": engine, "precision": PRECISIONS[engine]}


def make(model: Path, engine: str, folder: Path) -> None:
    """Writes `encoder.json`, `tokenizer.json` and the graph of the staged base model into `folder`, which it makes."""
    folder.mkdir(parents=True)
    known = key(model, engine)
    longest = min(WINDOW, json.loads((model / "config.json").read_bytes()).get("max_position_embeddings", WINDOW))
    card = {
        **{"hash": known["model_hash"], "engine": engine, "precision": known["precision"]},
        **{"window": longest, "overlap": min(OVERLAP, longest // 2)},
    }
    (folder / pooling.CARD).write_text(json.dumps(card, indent=2, sort_keys=True) + "\n", encoding="utf-8")
    pieces.save(pieces.load_base(str(model)), folder)
    if engine == "onnx":
        tracing.base(model, folder / engines.FILES["onnx"])
        return
    with TemporaryDirectory() as scratch:
        tracing.base(model, Path(scratch) / "traced.onnx")
        _openvino(Path(scratch) / "traced.onnx", folder / engines.FILES["openvino"])


def _openvino(traced: Path, path: Path) -> None:
    """With its weights in 16 bits, which is more than bf16 keeps of them."""
    import openvino

    model = openvino.Core().read_model(traced)
    tracing.save(model, path, compress_to_fp16=True)
