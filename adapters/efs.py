"""The model folder on EFS: versioned folders written aside, fsynced and renamed into place; the pointer is renamed last."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tarfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from uuid import uuid4

from chartloop.errors import JobFailed

POINTER = "champion.json"
CURRENT = "current.json"
"""The pointer at the embeddings that are searched."""
PUBLISHED = "published.json"
"""Beside a version's files: the sha256 of the archive that they came from, and of each file."""
FACTS = ("model_hash", "engine", "precision", "snapshot")
"""What the pointer says of the embeddings, so that a reader knows without opening them whether a vector may be compared."""
CHUNK = 1 << 20


class EfsModelFolder:
    """`root` is where the access point is mounted; a reader sees a version's folder whole or not at all."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def publish(self, task: str, version: str, archive: Path, sha256: str) -> None:
        """Unpacks `archive`, after its sha256 matched, to `models/{task}/{version}/`. JobFailed where it does not match."""
        place = self._root / "models" / task / version
        if _sha256(archive) != sha256:
            raise JobFailed("the artifact is not the one that was judged: its sha256 differs", code="artifact_changed")
        if self._published(task, version).get("sha256") == sha256:
            return
        aside = _aside(place)
        with tarfile.open(archive) as packed:
            packed.extractall(aside, filter="data")
        files = {path.relative_to(aside).as_posix(): _sha256(path) for path in sorted(aside.rglob("*")) if path.is_file()}
        (aside / PUBLISHED).write_text(json.dumps({"sha256": sha256, "files": files}))
        _put_in_place(aside, place)

    def take(self, task: str, version: str, sha256: str, into: Path) -> None:
        """Copies a version's files, but for its code, to `into`. JobFailed where one is not what was published under `sha256`.

        What was hashed is what the caller has: nothing that is written to the folder meanwhile can reach it.
        """
        place, published = self._root / "models" / task / version, self._published(task, version)
        if published.get("sha256") != sha256:
            raise JobFailed("the model folder holds another artifact under this version", code="artifact_changed")
        for name, digest in published["files"].items():
            if not name.startswith("code/"):
                (into / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(place / name, into / name)
                if _sha256(into / name) != digest:
                    raise JobFailed(f"{name} is not what was published: its sha256 differs", code="artifact_changed")

    def sha256(self, task: str, version: str) -> str | None:
        """Of the archive that the version was published from; None where there is no such version."""
        return self._published(task, version).get("sha256")

    def _published(self, task: str, version: str) -> dict[str, Any]:
        return _read(self._root / "models" / task / version / PUBLISHED)

    def publish_embeddings(self, task: str, name: str, files: Mapping[str, Path]) -> None:
        """Copies the files to `embeddings/{task}/{name}/`."""
        place = self._root / "embeddings" / task / name
        aside = _aside(place)
        for file, path in files.items():
            (aside / file).parent.mkdir(exist_ok=True)
            shutil.copyfile(path, aside / file)
        _put_in_place(aside, place)

    def embeddings(self, task: str) -> list[str]:
        return _folders(self._root / "embeddings" / task)

    def point_embeddings(self, task: str, name: str) -> None:
        """Points at embeddings that are published; of the others only those that were pointed at before are kept."""
        folder = self._root / "embeddings" / task
        told = _read(folder / CURRENT)
        if told.get("folder") != name:
            manifest = json.loads((folder / name / "manifest.json").read_bytes())
            told = {"folder": name, "before": told.get("folder"), **{fact: manifest[fact] for fact in FACTS}}
            _point(folder / CURRENT, told)
        for other in set(self.embeddings(task)) - {name, told["before"]}:
            _remove(folder / other)

    def point(self, task: str, version: str, sha256: str) -> None:
        """Names the champion; readers open the pointer first, so the rename is the switch."""
        folder = self._root / "models" / task
        folder.mkdir(parents=True, exist_ok=True)
        _point(folder / POINTER, {"version": version, "sha256": sha256})

    def pointer(self, task: str) -> dict[str, str] | None:
        return _read(self._root / "models" / task / POINTER) or None

    def versions(self, task: str) -> list[str]:
        return _folders(self._root / "models" / task)

    def remove(self, task: str, version: str) -> None:
        _remove(self._root / "models" / task / version)


def _folders(folder: Path) -> list[str]:
    """Those that are published in it."""
    return sorted(p.name for p in folder.iterdir() if p.is_dir() and not p.name.startswith(".")) if folder.is_dir() else []


def _read(path: Path) -> dict[str, Any]:
    """A document of the folder; empty where there is none."""
    try:
        found: dict[str, Any] = json.loads(path.read_bytes())
    except FileNotFoundError:
        return {}
    return found


def _point(path: Path, value: Mapping[str, Any]) -> None:
    """Replaces a pointer at once and for good."""
    aside = path.with_name(f".{path.name}.{uuid4().hex}")
    aside.write_text(json.dumps(value))
    _sync(aside)
    aside.replace(path)
    _sync(path.parent)


def _remove(place: Path) -> None:
    """A reader sees the folder whole or not at all."""
    if place.exists():
        aside = place.with_name(f".{place.name}.{uuid4().hex}")
        place.rename(aside)
        shutil.rmtree(aside)


def _aside(place: Path) -> Path:
    """A fresh temporary folder beside `place`; what a crash left there before is removed."""
    place.parent.mkdir(parents=True, exist_ok=True)
    for left in place.parent.glob(f".{place.name}.*"):
        shutil.rmtree(left)
    aside = place.with_name(f".{place.name}.{uuid4().hex}")
    aside.mkdir()
    return aside


def _put_in_place(aside: Path, place: Path) -> None:
    for path in aside.rglob("*"):
        _sync(path)
    _sync(aside)
    if place.exists():
        shutil.rmtree(place)
    aside.rename(place)
    _sync(place.parent)


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            digest.update(chunk)
    return digest.hexdigest()
