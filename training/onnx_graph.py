"""A trained token classifier as an ONNX graph, in int8 where that costs no more than half a point of F1."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from training import pieces, tracing
from training.dataset import Document
from training.engines import ONNX_FILE, Engine, load
from training.measure import all_labels, f1, measure
from training.tagger import Tagger

MOST_LOSS = 0.005
"""F1 that int8 may lose against fp32 on the notes; where it loses more, fp32 is served."""


@dataclass(frozen=True)
class Quality:
    """F1 of both precisions on so many notes of the training side."""

    notes: int
    f1_fp32: float
    f1_int8: float

    def precision(self, most_loss: float = MOST_LOSS) -> str:
        return "int8" if self.f1_fp32 - self.f1_int8 <= most_loss else "fp32"

    def to_json(self) -> dict[str, Any]:
        return {name: round(value, 4) for name, value in vars(self).items()}


def make(trained: Path, notes: Sequence[Document], folder: Path, *, most_loss: float = MOST_LOSS) -> dict[str, Any]:
    """Writes `model.onnx` into `folder`, and gives the card's `engine`: name, precision, and what int8 cost."""
    precise = folder / ONNX_FILE
    small = folder / "int8" / ONNX_FILE
    small.parent.mkdir()
    tracing.classifier(trained, precise)
    quantize(precise, small)
    quality = Quality(
        len(notes), *(worth(trained, load(path.parent, "onnx", its), notes) for path, its in ((precise, "fp32"), (small, "int8")))
    )
    precision = quality.precision(most_loss)
    if precision == "int8":
        small.replace(precise)
    shutil.rmtree(small.parent)
    return {"name": "onnx", "precision": precision, "quality": quality.to_json()}


def quantize(source: Path, target: Path) -> None:
    """Weights as int8 by channel; activations get their scale as they come, so there is nothing to calibrate.

    With seven bits of the eight: where a processor lacks the newer dot products, eight overflow, and the same model would
    answer otherwise there.
    """
    from onnxruntime.quantization import QuantType, quantize_dynamic

    quantize_dynamic(source, target, per_channel=True, reduce_range=True, weight_type=QuantType.QInt8)


def worth(trained: Path, engine: Engine, notes: Sequence[Document]) -> float:
    """Strict F1 of the engine on the notes."""
    about = json.loads((trained / "chartloop.json").read_bytes())
    tagger = Tagger(engine, pieces.load(trained), about["labels"], about["max_seq_length"], about["doc_stride"])
    found = tagger.find([note.text for note in notes])
    return f1(all_labels(measure(note, [vars(each) for each in its]) for note, its in zip(notes, found, strict=True)))
