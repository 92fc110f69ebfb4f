"""What an interrupted training goes on from: weights, optimizer and random generators, as safetensors and JSON."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import signal
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from safetensors.torch import load_file, save_file

Tensors = dict[str, Any]

FOLDER = "CHARTLOOP_CHECKPOINTS"
SECONDS = "CHARTLOOP_CHECKPOINT_SECONDS"
MANIFEST = "manifest.json"
KEPT = 2


@dataclass(frozen=True)
class State:
    """After `step` updates: tensors by file (`model`, `optimizer`, `random`), each by name."""

    step: int
    tensors: Mapping[str, Tensors]


class Checkpoints:
    """Checkpoints of one training in a folder. `identity` names what is trained on what: those of another are not seen."""

    def __init__(self, folder: Path, identity: str, every_seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._folder = folder
        self._identity = identity
        self._every = every_seconds
        self._clock = clock
        self._written = clock()
        self.asked_to_stop = False

    def listen(self) -> None:
        """From now on SIGTERM, which announces the loss of a spot machine, asks for a checkpoint and an end."""
        signal.signal(signal.SIGTERM, lambda *_: setattr(self, "asked_to_stop", True))

    @property
    def due(self) -> bool:
        return self.asked_to_stop or self._clock() - self._written >= self._every

    def save(self, state: State) -> None:
        """Written aside, synced, renamed; the manifest comes last, so a checkpoint without one does not count."""
        name = f"step-{state.step:09d}"
        aside, there = self._folder / f".{name}", self._folder / name
        for old in (aside, there):
            shutil.rmtree(old, ignore_errors=True)
        aside.mkdir(parents=True)
        files = [_write(aside / f"{part}.safetensors", tensors) for part, tensors in state.tensors.items()]
        aside.rename(there)
        manifest = {"identity": self._identity, "step": state.step, "files": files}
        _replace(there / MANIFEST, json.dumps(manifest, indent=1).encode())
        _sync(self._folder)
        for old in sorted(self._folder.glob("step-*"))[:-KEPT]:
            shutil.rmtree(old)
        self._written = self._clock()

    def latest(self) -> State | None:
        """The last complete one of this training, or None. What is half-written, damaged or another training's is passed over."""
        for folder in sorted(self._folder.glob("step-*"), reverse=True):
            manifest = _manifest(folder)
            if manifest is not None and manifest["identity"] == self._identity and _whole(folder, manifest):
                names = [Path(file["path"]) for file in manifest["files"]]
                return State(manifest["step"], {name.stem: load_file(folder / name) for name in names})
        return None


def of(environ: Mapping[str, str], identity: Mapping[str, Any]) -> Checkpoints | None:
    """Where the job is told to keep checkpoints (every epoch, and every ten minutes), None where it is not."""
    if FOLDER not in environ:
        return None
    named = hashlib.sha256(json.dumps(identity, sort_keys=True).encode()).hexdigest()
    return Checkpoints(Path(environ[FOLDER]), named, float(environ.get(SECONDS, "600")))


def _write(path: Path, tensors: Tensors) -> dict[str, Any]:
    save_file(tensors, path)
    _sync(path)
    return {"path": path.name, "sha256": _digest(path), "bytes": path.stat().st_size}


def _replace(path: Path, body: bytes) -> None:
    aside = path.with_name(f".{path.name}")
    aside.write_bytes(body)
    _sync(aside)
    aside.rename(path)
    _sync(path.parent)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _manifest(folder: Path) -> dict[str, Any] | None:
    try:
        found: dict[str, Any] = json.loads((folder / MANIFEST).read_bytes())
    except (OSError, ValueError):
        return None
    return found


def _whole(folder: Path, manifest: Mapping[str, Any]) -> bool:
    """What is copied to S3 and back may lack files or parts of them, whatever the order it was written in."""
    files = [(folder / file["path"], file) for file in manifest["files"]]
    return all(
        path.is_file() and path.stat().st_size == file["bytes"] and _digest(path) == file["sha256"] for path, file in files
    )


def _digest(path: Path) -> str:
    with path.open("rb") as body:
        return hashlib.file_digest(body, "sha256").hexdigest()
