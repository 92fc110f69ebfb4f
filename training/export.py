"""From a trained folder to the artifact that is served: its own code, golden requests, archive and manifest."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from training import artifact, encoding, forms, golden, inference, serving
from training.dataset import NO_NOTES, Notes


@dataclass(frozen=True)
class Exported:
    """An artifact in a folder and as an archive with its manifest."""

    folder: Path
    manifest: dict[str, Any]


def export(
    trained: Path, *, version: str, folder: Path, output: Path, engine: str, notes: Notes = NO_NOTES, base: Path | None = None
) -> Exported:
    """Builds the artifact of `trained` in `folder`, and writes `model.tar.gz`, then `manifest.json`, into `output`.

    `engine` is one of training/forms.py, and its precision is chosen on `notes`. The same trained folder, version and notes
    give the same bytes. `base` is the base model, whose vectors the artifact then answers too. Raises JobFailed `export_differs`.
    """
    about = json.loads((trained / "chartloop.json").read_bytes())
    served = {**about, "version": version, "engine": forms.make(engine, trained, notes, folder)}
    _write(folder / "chartloop.json", served)
    if base:
        encoding.make(base, encoding.engine_of(engine), folder / inference.ENCODER)
    artifact.copy_code(folder / "code")
    if (vectors := encoding.engine_of(engine)) == "openvino":  # which no container has
        artifact.copy_engine(vectors, folder / "code")
    output.mkdir(parents=True, exist_ok=True)
    archive = output / artifact.ARCHIVE
    artifact.pack(folder, archive)
    found = serving.answers(folder, golden.TEXTS)
    manifest = {
        **{name: served[name] for name in ("task", "version", "snapshot", "labels", "base_model", "engine")},
        "sha256": artifact.sha256(archive),
        "bytes": archive.stat().st_size,
        "golden": [{"text": text, "entities": its} for text, its in zip(golden.TEXTS, found, strict=True)],
    }
    _write(output / "manifest.json", manifest)
    return Exported(folder, manifest)


def _write(path: Path, value: dict[str, Any]) -> None:
    path.write_text(json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False) + "\n", encoding="utf-8")
