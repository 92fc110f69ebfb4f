"""The forms that a trained model is served in, by engine: a graph or the weights, in the lowest precision that costs little."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from training import engines, golden, quality, quantizing, tracing
from training.engines import FILES
from training.passes import Rows
from training.quality import Trial

CHECKED = 20
"""Of the texts, on how many a graph is compared with the model; it is compared on the golden texts in any case."""
Form = Callable[[str], Path]
"""Gives the folder with what the engine reads in a precision."""

PRECISIONS = {"torch": ("bf16", "fp32"), "onnx": ("int8", "fp32"), "openvino": ("int8", "bf16", "fp32")}
"""What each engine computes in, fastest first."""


def make(name: str, trained: Path, trial: Trial, folder: Path) -> dict[str, Any]:
    """Fills `folder` with the model for the engine, and gives the card's `engine`: name, precision, and what it cost.

    Without texts to compare on, nothing is known, and fp32 is served. Raises JobFailed `export_differs`.
    """
    model = trial.open(trained, engines.load(trained, "torch", "fp32"))
    with TemporaryDirectory() as scratch:
        form = FORMS[name](trained, quantizing.windows(model, trial.learned), Path(scratch))

        def loaded(precision: str) -> Any:
            return trial.open(trained, engines.load(form(precision), name, precision))

        if name in FILES:
            quality.compare(model, loaded("fp32"), [*golden.TEXTS, *trial.compared[:CHECKED]])
        precisions = PRECISIONS[name] if trial.compared else ("fp32",)
        precision, worth = quality.chosen(precisions, lambda precision: trial.f1(loaded(precision)))
        shutil.copytree(trained, folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns("*.safetensors"))
        shutil.copytree(form(precision), folder, dirs_exist_ok=True)
    figures = {f"f1_{each}": round(f1, 4) for each, f1 in worth.items()}
    told = {"quality": {"notes": len(trial.compared), **figures}} if trial.compared else {}
    return {"name": name, "precision": precision, **told}


def _torch(trained: Path, rows: Rows, scratch: Path) -> Form:  # noqa: ARG001 (its weights are the same in any precision)
    return lambda _: trained


def _onnx(trained: Path, rows: Rows, scratch: Path) -> Form:  # noqa: ARG001 (scales come with the texts)
    def write(precision: str, path: Path) -> None:
        if precision == "int8":
            quantizing.dynamic(form("fp32") / path.name, path)
        else:
            tracing.classifier(trained, path)

    form = _once(scratch, FILES["onnx"], write)
    return form


def _openvino(trained: Path, rows: Rows, scratch: Path) -> Form:
    import openvino

    traced = scratch / "traced.onnx"
    tracing.classifier(trained, traced)

    def write(precision: str, path: Path) -> None:
        model = openvino.Core().read_model(traced)
        if precision == "int8":
            model = quantizing.static(model, rows)
        tracing.save(model, path, compress_to_fp16=precision != "fp32")

    return _once(scratch, FILES["openvino"], write)


def _once(scratch: Path, file: str, write: Callable[[str, Path], None]) -> Form:
    """A folder for each precision, in which `write` puts the file when it is first asked for."""

    def form(precision: str) -> Path:
        folder = scratch / precision
        if not folder.exists():
            folder.mkdir()
            write(precision, folder / file)
        return folder

    return form


FORMS: Mapping[str, Callable[[Path, Rows, Path], Form]] = {"torch": _torch, "onnx": _onnx, "openvino": _openvino}
