"""From a trained folder to the artifact that is served: its own code, golden requests, archive and manifest."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chartloop import tasks
from training import artifact, encoding, inference, kinds, serving


@dataclass(frozen=True)
class Exported:
    """An artifact in a folder and as an archive with its manifest."""

    folder: Path
    manifest: dict[str, Any]


def export(
    trained: Path, *, version: str, folder: Path, output: Path, engine: str, snapshot: Path | None = None,
    base: Path | None = None,
) -> Exported:  # fmt: skip
    """Builds the artifact of `trained` in `folder`, and writes `model.tar.gz`, then `manifest.json`, into `output`.

    `engine` is one of training/forms.py, and its precision is chosen on the `snapshot`. The same trained folder, version and
    snapshot give the same bytes. `base` is the base model, whose vectors the artifact then answers too, where its task keeps
    any. Raises JobFailed `export_differs`.
    """
    about = json.loads((trained / "chartloop.json").read_bytes())
    task = tasks.find(about["task"])
    kind = kinds.of(task)
    names = {"version": version, "served": task.served, "asked": task.asked.one}
    served = {**about, **names, "engine": kind.export(trained, snapshot, folder, engine)}
    _write(folder / "chartloop.json", served)
    if base and task.embeds:
        encoding.make(base, encoding.engine_of(engine), folder / inference.ENCODER)
    artifact.copy_code(folder / "code", task.files)
    for package in task.packages:
        artifact.copy_engine(package, folder / "code")
    if "openvino" in (served["engine"]["name"], encoding.engine_of(engine) if task.embeds else ""):  # which no container has
        artifact.copy_engine("openvino", folder / "code")
    output.mkdir(parents=True, exist_ok=True)
    archive = output / artifact.ARCHIVE
    artifact.pack(folder, archive)
    golden = list(kind.golden(served))
    found = serving.answers(folder, golden)
    manifest = {
        **{name: served.get(name) for name in ("task", "version", "snapshot", "labels", "schema", "base_model", "engine")},
        "sha256": artifact.sha256(archive),
        "bytes": archive.stat().st_size,
        "golden": [{"input": asked, "answer": its} for asked, its in zip(golden, found, strict=True)],
    }
    _write(output / "manifest.json", manifest)
    return Exported(folder, manifest)


def _write(path: Path, value: dict[str, Any]) -> None:
    path.write_text(json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False) + "\n", encoding="utf-8")
