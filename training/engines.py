"""Engines: what computes the tags of an artifact's pieces. Which one it is, export wrote into the card; nothing is probed."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from chartloop.errors import JobFailed
from training.passes import Rows
from training.tagging import Floats

ONNX_FILE = "model.onnx"


class Engine(Protocol):
    """A loaded model."""

    @property
    def wide(self) -> bool:
        """Whether it wants full batches, padded, rather than rows of one length."""
        ...

    def probabilities(self, rows: Rows) -> list[Floats]:
        """Of each row ids x tags; of a row that was padded, maybe more than it has ids."""
        ...


class TorchEngine:
    """A transformers model for token classification, as it was trained; `bf16` computes in bfloat16."""

    def __init__(self, model: Any, *, bf16: bool = False) -> None:
        self.model = model
        self.bf16 = bf16

    @classmethod
    def load(cls, folder: Path) -> TorchEngine:
        from training import encoder

        encoder.quiet()
        encoder.use_cores(os.environ)
        from transformers import AutoModelForTokenClassification

        return cls(AutoModelForTokenClassification.from_pretrained(str(folder)).eval().to(encoder.device()))

    @property
    def wide(self) -> bool:
        return bool(self._where.type == "cuda")

    @property
    def _where(self) -> Any:
        return next(self.model.parameters()).device

    def probabilities(self, rows: Rows) -> list[Floats]:
        import torch

        from training import encoder

        with torch.inference_mode(), encoder.autocast(self._where, bf16=self.bf16):
            logits = self.model(**encoder.inputs(rows, self._where)).logits
        return list(logits.float().softmax(-1).cpu().numpy())


class OnnxEngine:
    """A graph (`input_ids` to `logits`) in ONNX Runtime: needs neither torch nor transformers.

    Row by row: int8 takes the scale of its activations over all that is computed at once, so a text's answer would depend on
    its neighbours in a batch; and on a CPU a batch of windows is no faster.
    """

    wide = False

    def __init__(self, session: Any) -> None:
        self._session = session

    @classmethod
    def load(cls, folder: Path) -> OnnxEngine:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = int(os.environ.get("OMP_NUM_THREADS") or 0) or os.cpu_count() or 1
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")  # cores may be shared with another job
        return cls(onnxruntime.InferenceSession(folder / ONNX_FILE, options, providers=["CPUExecutionProvider"]))

    def probabilities(self, rows: Rows) -> list[Floats]:
        return [_softmax(self._logits(np.array([row], dtype=np.int64))) for row in rows]

    def _logits(self, ids: Any) -> Floats:
        [logits] = self._session.run(["logits"], {"input_ids": ids})
        found: Floats = logits[0]
        return found


def _softmax(logits: Floats) -> Floats:
    raised = np.exp(logits - logits.max(axis=-1, keepdims=True))
    shares: Floats = raised / raised.sum(axis=-1, keepdims=True)
    return shares


LOADERS: Mapping[str, Callable[[Path], Engine]] = {"torch": TorchEngine.load, "onnx": OnnxEngine.load}


def load(folder: Path, name: str) -> Engine:
    """The engine `name` with the artifact in `folder`. Raises JobFailed `bad_artifact` for a name that nobody knows."""
    if name not in LOADERS:
        raise JobFailed("the artifact wants an engine that is not known here", code="bad_artifact", field="engine")
    return LOADERS[name](folder)
