"""From a trained folder to the artifact that is served: its own code, golden requests, archive and manifest."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from training import artifact, serving

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


def export(trained: Path, *, version: str, folder: Path, output: Path) -> Exported:
    """Builds the artifact of `trained` in `folder`, and writes `model.tar.gz`, then `manifest.json`, into `output`.

    The same trained folder and version give the same bytes.
    """
    about = json.loads((trained / "chartloop.json").read_bytes())
    shutil.copytree(trained, folder, dirs_exist_ok=True)
    served = {**about, "version": version, "engine": "torch", "precision": "fp32"}
    _write(folder / "chartloop.json", served)
    artifact.copy_code(folder / "code")
    output.mkdir(parents=True, exist_ok=True)
    archive = output / artifact.ARCHIVE
    artifact.pack(folder, archive)
    found = serving.answers(folder, GOLDEN_TEXTS)
    manifest = {
        **{name: served[name] for name in ("task", "version", "snapshot", "labels", "base_model")},
        "sha256": artifact.sha256(archive),
        "bytes": archive.stat().st_size,
        "golden": [{"text": text, "entities": its} for text, its in zip(GOLDEN_TEXTS, found, strict=True)],
    }
    _write(output / "manifest.json", manifest)
    return Exported(folder, manifest)


def _write(path: Path, value: dict[str, Any]) -> None:
    path.write_text(json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False) + "\n", encoding="utf-8")
