"""Artifacts as files: a deterministic archive, its hash, a safe way to unpack one, and the code that it serves itself with."""

from __future__ import annotations

import gzip
import hashlib
import shutil
import tarfile
from collections.abc import Iterable
from pathlib import Path

from chartloop.errors import JobFailed

ARCHIVE = "model.tar.gz"
LARGEST = 16 * 1024**3
"""Bytes that an archive may unpack to; a gzip of zeros would fill the disk."""

SERVING_CODE = (
    "chartloop/__init__.py", "chartloop/errors.py", "training/__init__.py", "training/environment.py", "training/inputs.py",
    "training/lines.py",
)  # fmt: skip
"""What inference.py imports whatever the task; with the task's own `files` that is all that an artifact needs of ours.

The container has torch, transformers and numpy, but no pydantic.
"""

VENDORED = Path(__file__).resolve().parent.parent / "vendor"
"""What was bundled with the jobs' code; there is none where the environment has all."""


def copy_code(folder: Path, files: Iterable[str]) -> None:
    """Writes `inference.py`, what it imports, and the task's `files` into `folder`: an artifact never depends on other code."""
    root = Path(__file__).resolve().parent.parent
    for name in (*SERVING_CODE, *files):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(root / name, folder / name)
    shutil.copyfile(root / "training" / "inference.py", folder / "inference.py")


def copy_engine(name: str, folder: Path, vendored: Path = VENDORED) -> None:
    """Copies the package `name` with its licence into `folder` where the job brought it along; else the runtime has it."""
    for source in sorted(vendored.glob(f"{name}*")):
        shutil.copytree(source, folder / source.name, ignore=shutil.ignore_patterns("__pycache__"))


def pack(folder: Path, archive: Path) -> None:
    """All files below `folder` as a gzipped tar: sorted names, no times or owners, so equal files give equal bytes."""
    files = sorted(path for path in folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    with (
        archive.open("wb") as raw,
        gzip.GzipFile("", "wb", compresslevel=1, fileobj=raw, mtime=0) as body,
        tarfile.open(fileobj=body, mode="w", format=tarfile.USTAR_FORMAT) as tar,
    ):
        for path in files:
            _add(tar, path, path.relative_to(folder).as_posix())


def _add(tar: tarfile.TarFile, path: Path, name: str) -> None:
    member = tarfile.TarInfo(name)
    member.size = path.stat().st_size
    member.mode = 0o644
    with path.open("rb") as body:
        tar.addfile(member, body)


def unpack(archive: Path, folder: Path, *, largest: int = LARGEST) -> None:
    """Raises JobFailed `bad_artifact` for links, devices, names that lead outside, a broken archive, and too many bytes."""
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with tarfile.open(archive, "r:gz") as tar:
            left = largest
            for member in tar:
                left -= member.size
                if left < 0 or not (member.isfile() or member.isdir()):
                    raise JobFailed("the archive holds what no artifact holds", code="bad_artifact")
                tar.extract(member, folder, filter="data")
    except (tarfile.TarError, EOFError, OSError) as error:
        raise JobFailed(f"the archive cannot be unpacked: {type(error).__name__}", code="bad_artifact") from None


def sha256(path: Path) -> str:
    with path.open("rb") as body:
        return hashlib.file_digest(body, "sha256").hexdigest()
