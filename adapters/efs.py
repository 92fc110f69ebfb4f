"""The model folder on EFS: versioned folders written aside, fsynced and renamed into place; the pointer is renamed last."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tarfile
from collections.abc import Mapping
from pathlib import Path
from uuid import uuid4

from chartloop.errors import JobFailed

POINTER = "champion.json"
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
        if (place / "sha256").is_file() and (place / "sha256").read_text() == sha256:
            return
        aside = _aside(place)
        with tarfile.open(archive) as packed:
            packed.extractall(aside, filter="data")
        (aside / "sha256").write_text(sha256)
        _put_in_place(aside, place)

    def publish_embeddings(self, task: str, version: str, files: Mapping[str, Path]) -> None:
        place = self._root / "embeddings" / task / version
        aside = _aside(place)
        for name, path in files.items():
            shutil.copyfile(path, aside / name)
        _put_in_place(aside, place)

    def point(self, task: str, version: str, sha256: str) -> None:
        """Names the champion; readers open the pointer first, so the rename is the switch."""
        folder = self._root / "models" / task
        folder.mkdir(parents=True, exist_ok=True)
        aside = folder / f".{POINTER}.{uuid4().hex}"
        aside.write_text(json.dumps({"version": version, "sha256": sha256}))
        _sync(aside)
        aside.replace(folder / POINTER)
        _sync(folder)

    def pointer(self, task: str) -> dict[str, str] | None:
        try:
            found: dict[str, str] = json.loads((self._root / "models" / task / POINTER).read_text())
        except FileNotFoundError:
            return None
        return found

    def versions(self, task: str) -> list[str]:
        folder = self._root / "models" / task
        return sorted(p.name for p in folder.iterdir() if p.is_dir() and not p.name.startswith(".")) if folder.is_dir() else []

    def remove(self, task: str, version: str) -> None:
        place = self._root / "models" / task / version
        if place.exists():
            aside = place.with_name(f".{version}.{uuid4().hex}")
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
