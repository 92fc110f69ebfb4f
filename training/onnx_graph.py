"""A trained token classifier as an ONNX graph, in int8 where that costs no more than half a point of F1."""

from __future__ import annotations

import json
import shutil
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from training import pieces
from training.dataset import Document
from training.engines import ONNX_FILE, OnnxEngine
from training.measure import all_labels, f1, measure
from training.tagger import Tagger

MOST_LOSS = 0.005
"""F1 that int8 may lose against fp32 on the notes; where it loses more, fp32 is served."""
OPSET = 17


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
    to_onnx(trained, precise)
    quantize(precise, small)
    quality = Quality(len(notes), *(worth(trained, path.parent, notes) for path in (precise, small)))
    precision = quality.precision(most_loss)
    if precision == "int8":
        small.replace(precise)
    shutil.rmtree(small.parent)
    return {"name": "onnx", "precision": precision, "quality": quality.to_json()}


def to_onnx(trained: Path, path: Path) -> None:
    """The classifier as a graph over one window of any length: `input_ids` (1 x ids) to `logits` (1 x ids x tags).

    By tracing: the exporter that needs no package beside torch, in whichever release of it an image has.
    """
    import torch

    from training import encoder

    encoder.quiet()
    from transformers import AutoModelForTokenClassification

    # eager attention: the fused kind is traced to more operators, which cost time
    model = AutoModelForTokenClassification.from_pretrained(str(trained), attn_implementation="eager").eval()

    class Logits(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.model = model

        def forward(self, input_ids: torch.Tensor) -> torch.Tensor:
            logits: torch.Tensor = self.model(input_ids=input_ids).logits
            return logits

    length = {1: "length"}
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")  # the tracer's, about what is constant for one window
        torch.onnx.export(
            Logits(),
            (torch.ones(1, 8, dtype=torch.int64),),
            str(path),
            input_names=["input_ids"],
            output_names=["logits"],
            dynamic_axes={"input_ids": length, "logits": length},
            opset_version=OPSET,
            dynamo=False,
        )


def quantize(source: Path, target: Path) -> None:
    """Weights as int8 by channel; activations get their scale as they come, so there is nothing to calibrate.

    With seven bits of the eight: where a processor lacks the newer dot products, eight overflow, and the same model would
    answer otherwise there.
    """
    from onnxruntime.quantization import QuantType, quantize_dynamic

    quantize_dynamic(source, target, per_channel=True, reduce_range=True, weight_type=QuantType.QInt8)


def worth(trained: Path, folder: Path, notes: Sequence[Document]) -> float:
    """Strict F1 of the graph in `folder` on the notes."""
    about = json.loads((trained / "chartloop.json").read_bytes())
    tagger = Tagger(OnnxEngine.load(folder), pieces.load(trained), about["labels"], about["max_seq_length"], about["doc_stride"])
    found = tagger.find([note.text for note in notes])
    return f1(all_labels(measure(note, [vars(each) for each in its]) for note, its in zip(notes, found, strict=True)))
