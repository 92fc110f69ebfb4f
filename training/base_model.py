"""A staged base model: whether it is what was staged, and what it is called by its content."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from chartloop.errors import JobFailed

MANIFEST = "manifest.json"


def verify(folder: Path) -> None:
    """Raises JobFailed `base_model_changed` unless the folder holds exactly what its manifest lists, to the byte."""
    try:
        listed = {file["path"]: file["sha256"] for file in json.loads((folder / MANIFEST).read_bytes())["files"]}
    except (OSError, ValueError, KeyError, TypeError):
        raise JobFailed("the base model has no readable manifest: stage it again", code="base_model_changed") from None
    found = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()}
    del found[MANIFEST]
    if found.keys() != listed.keys():
        raise JobFailed("the base model's files are not those of its manifest", code="base_model_changed", field="files")
    for name, path in found.items():
        if _sha256(path) != listed[name]:
            raise JobFailed(f"{name} of the base model is not what was staged", code="base_model_changed", field="sha256")


def write_manifest(folder: Path, *, name: str, **about: Any) -> None:
    """Names all files of a model that was made here, as staging does."""
    files = sorted(path for path in folder.iterdir() if path.is_file() and path.name != MANIFEST)
    listed = [{"path": path.name, "sha256": _sha256(path), "bytes": path.stat().st_size} for path in files]
    manifest = {"name": name, "revision": None, "files": listed, **about}
    (folder / MANIFEST).write_text(json.dumps(manifest, indent=1) + "\n", encoding="utf-8")


def content_hash(folder: Path) -> str:
    """sha256 over what makes a vector: the weights, the configuration and the tokenizer of the base model."""
    total = hashlib.sha256()
    for path in sorted(folder.iterdir()):
        if path.suffix == ".safetensors" or path.name in ("config.json", "tokenizer.json", "tokenizer_config.json", "vocab.txt"):
            total.update(path.name.encode() + bytes.fromhex(_sha256(path)))
    return total.hexdigest()


def named(source: str) -> str:
    """A folder by its content, a hub's name as it is."""
    return content_hash(Path(source)) if Path(source).is_dir() else source


def _sha256(path: Path) -> str:
    with path.open("rb") as body:
        return hashlib.file_digest(body, "sha256").hexdigest()
