"""A model of torch as an ONNX graph, by tracing, which needs no package beside torch; and an OpenVINO model on disk."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

OPSET = 17
ATTENTION = "eager"
"""What a model that is traced is loaded with: the fused kind is traced to more operators, which cost time."""


def classifier(trained: Path, path: Path) -> None:
    """The token classifier in `trained` as a graph from `input_ids` to `logits` (batch x length x tags)."""
    from training import encoder

    encoder.quiet()
    from transformers import AutoModelForTokenClassification

    to_onnx(AutoModelForTokenClassification.from_pretrained(str(trained), attn_implementation=ATTENTION), "logits", path)


def base(folder: Path, path: Path) -> None:
    """The encoder in `folder` as a graph from `input_ids` to `last_hidden_state` (batch x length x width)."""
    from training import encoder

    encoder.quiet()
    from transformers import AutoModel

    to_onnx(AutoModel.from_pretrained(str(folder), dtype="float32", attn_implementation=ATTENTION), "last_hidden_state", path)


def to_onnx(model: Any, output: str, path: Path) -> None:
    """`model` from `input_ids` (int64, batch x length, both as they come; unmasked) to its `output` of batch x length x width."""
    import torch

    class Traced(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.model = model

        def forward(self, input_ids: torch.Tensor) -> torch.Tensor:
            found: torch.Tensor = getattr(self.model(input_ids=input_ids), output)
            return found

    axes = {0: "batch", 1: "length"}
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")  # the tracer's, about what is constant
        torch.onnx.export(
            Traced().eval(),
            (torch.ones(2, 8, dtype=torch.int64),),
            str(path),
            input_names=["input_ids"],
            output_names=[output],
            dynamic_axes={"input_ids": axes, output: axes},
            opset_version=OPSET,
            dynamo=False,
        )


def save(model: Any, path: Path, *, compress_to_fp16: bool) -> None:
    """An OpenVINO model as its `.xml` and `.bin`, the same bytes each time."""
    import openvino

    for place, operation in enumerate(model.get_ordered_ops()):  # by itself it numbers through all that a process made
        operation.set_friendly_name(f"{operation.get_type_name()}_{place}")
    openvino.save_model(model, path, compress_to_fp16=compress_to_fp16)
