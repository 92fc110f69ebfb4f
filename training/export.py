"""From a trained folder to the artifact that is served: its own code, golden requests, archive and manifest."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from training import artifact, encoding, inference, serving
from training.dataset import Document

GOLDEN_TEXTS = (
    "Pt is a 54 y/o woman with shortness of breath for 3 days. Denies chest pain. Started on furosemide 40 mg PO daily.",
    "Assessment: type 2 diabetes, HbA1c 8.1 %.\nPlan: metformin 500 mg b.i.d., recheck in 6 weeks.",
    "CT of the abdomen showed no évidence of obstruction; temp 38.4 °C, WBC 14.2, IV ceftriaxone given.",
    "He underwent left knee arthroscopy under general anaesthesia. No complications. Discharged home on ibuprofen prn.",
    "Mother reports fever and cough since Tuesday - lungs clear, O2 sat 97 % RA. Dx: viral URI.",
)
"""Made up for this purpose. What the artifact answers is recorded, and must be answered again after deployment."""


@dataclass(frozen=True)
class Exported:
    """An artifact in a folder and as an archive with its manifest."""

    folder: Path
    manifest: dict[str, Any]


def export(
    trained: Path, *, version: str, folder: Path, output: Path, engine: str = "torch", notes: Sequence[Document] = (),
    base: Path | None = None,
) -> Exported:  # fmt: skip
    """Builds the artifact of `trained` in `folder`, and writes `model.tar.gz`, then `manifest.json`, into `output`.

    `engine` is `torch`, or `onnx` (training/onnx_graph.py), whose precision is chosen on `notes`. The same trained folder,
    version and notes give the same bytes. `base` is the base model, whose vectors the artifact then answers too.
    """
    about = json.loads((trained / "chartloop.json").read_bytes())
    served = {**about, "version": version, "engine": ENGINES[engine](trained, notes, folder)}
    _write(folder / "chartloop.json", served)
    if base:
        encoding.make(base, encoding.engine_of(engine), folder / inference.ENCODER)
    artifact.copy_code(folder / "code")
    output.mkdir(parents=True, exist_ok=True)
    archive = output / artifact.ARCHIVE
    artifact.pack(folder, archive)
    found = serving.answers(folder, GOLDEN_TEXTS)
    manifest = {
        **{name: served[name] for name in ("task", "version", "snapshot", "labels", "base_model", "engine")},
        "sha256": artifact.sha256(archive),
        "bytes": archive.stat().st_size,
        "golden": [{"text": text, "entities": its} for text, its in zip(GOLDEN_TEXTS, found, strict=True)],
    }
    _write(output / "manifest.json", manifest)
    return Exported(folder, manifest)


def _torch(trained: Path, notes: Sequence[Document], folder: Path) -> dict[str, Any]:  # noqa: ARG001 (nothing to choose)
    shutil.copytree(trained, folder, dirs_exist_ok=True)
    return {"name": "torch", "precision": "fp32"}


def _onnx(trained: Path, notes: Sequence[Document], folder: Path) -> dict[str, Any]:
    from training import onnx_graph

    shutil.copytree(trained, folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns("*.safetensors"))
    return onnx_graph.make(trained, notes, folder)


ENGINES: Mapping[str, Callable[[Path, Sequence[Document], Path], dict[str, Any]]] = {"torch": _torch, "onnx": _onnx}
"""Each fills the artifact's folder with the model, and gives the card's `engine`."""


def _write(path: Path, value: dict[str, Any]) -> None:
    path.write_text(json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False) + "\n", encoding="utf-8")
