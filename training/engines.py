"""Engines: what computes the tags of an artifact's pieces. Which one it is, export wrote into the card; nothing is probed."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any, Protocol, cast

import numpy as np

from chartloop.errors import JobFailed
from training.passes import Rows
from training.pieces import Ints
from training.tagging import Floats

FILES = {"onnx": "model.onnx", "openvino": "model.xml"}
"""An artifact's graph, by its engine."""


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
    def load(cls, folder: Path, *, bf16: bool = False) -> TorchEngine:
        from training import encoder

        encoder.quiet()
        encoder.use_cores(os.environ)
        from transformers import AutoModelForTokenClassification

        model = AutoModelForTokenClassification.from_pretrained(str(folder)).eval().to(encoder.device())
        return cls(model, bf16=bf16)

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


class Graph:
    """An exported graph of one input (`input_ids`) and one output, loaded: needs neither torch nor transformers.

    Called with ids (int64, batch x length; no padding, for there is no mask) it gives float32 batch x length x width. Threads:
    OMP_NUM_THREADS, else the cores.
    """

    def __init__(self, run: Callable[[Ints], Floats]) -> None:
        self._run = run

    @classmethod
    def load(cls, file: Path, name: str, precision: str) -> Graph:
        """`name` is `onnx` (ONNX Runtime) or `openvino` (which reads `.onnx` and `.xml`); `precision` is int8, bf16 or fp32.

        Raises JobFailed `bad_artifact` for another name, and for a precision that the runtime does not compute in;
        `engine_missing` where the runtime is not installed.
        """
        if (name, precision) not in RUNTIMES:
            raise JobFailed("the artifact wants an engine that is not known here", code="bad_artifact", field="engine")
        try:
            return cls(RUNTIMES[name, precision](file))
        except ModuleNotFoundError as error:
            raise JobFailed(f"{error.name} is not installed here", code="engine_missing", field="engine") from None

    def __call__(self, ids: Ints) -> Floats:
        return self._run(ids)


def _onnx(file: Path) -> Callable[[Ints], Floats]:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = _threads()
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")  # cores may be shared with another job
    session = onnxruntime.InferenceSession(file, options, providers=["CPUExecutionProvider"])

    def run(ids: Ints) -> Floats:
        [found] = session.run(None, {"input_ids": ids})
        return cast(Floats, found)

    return run


def _openvino(file: Path, hint: str) -> Callable[[Ints], Floats]:
    """`hint` is what it computes in where a graph leaves that open; by itself it takes what the processor is fastest at."""
    import openvino

    chosen = {
        "INFERENCE_PRECISION_HINT": hint,
        "INFERENCE_NUM_THREADS": _threads(),
        "PERFORMANCE_HINT": "LATENCY",
        "ENABLE_CPU_PINNING": False,  # cores may be shared with another job
    }
    compiled = openvino.Core().compile_model(file, "CPU", chosen)

    def run(ids: Ints) -> Floats:
        return cast(Floats, compiled({"input_ids": ids})[0])

    return run


def _threads() -> int:
    return int(os.environ.get("OMP_NUM_THREADS") or 0) or os.cpu_count() or 1


RUNTIMES: Mapping[tuple[str, str], Callable[[Path], Callable[[Ints], Floats]]] = {
    ("onnx", "fp32"): _onnx,
    ("onnx", "int8"): _onnx,
    ("openvino", "fp32"): partial(_openvino, hint="f32"),
    ("openvino", "bf16"): partial(_openvino, hint="bf16"),
    ("openvino", "int8"): partial(_openvino, hint="bf16"),
}
"""What a graph can run in, by engine and precision."""


class GraphEngine:
    """A classifier's graph (`input_ids` to `logits`).

    Row by row: ONNX Runtime's int8 takes the scale of its activations over all that is computed at once, so a text's answer
    would depend on its neighbours in a batch; and on a CPU a batch of windows is no faster.
    """

    wide = False

    def __init__(self, graph: Graph) -> None:
        self._graph = graph

    def probabilities(self, rows: Rows) -> list[Floats]:
        return [_softmax(self._graph(np.array([row], dtype=np.int64))[0]) for row in rows]


def _softmax(logits: Floats) -> Floats:
    raised = np.exp(logits - logits.max(axis=-1, keepdims=True))
    shares: Floats = raised / raised.sum(axis=-1, keepdims=True)
    return shares


def load(folder: Path, name: str, precision: str) -> Engine:
    """The engine `name` with the artifact in `folder`. Raises JobFailed `bad_artifact` for one that nobody knows."""
    if name == "torch":
        return TorchEngine.load(folder, bf16=precision == "bf16")
    return GraphEngine(Graph.load(folder / FILES.get(name, ""), name, precision))
