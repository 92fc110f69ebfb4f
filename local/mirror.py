"""A folder whose files are copied to S3 while a job writes them, as SageMaker does with checkpoints."""

from __future__ import annotations

import threading
from contextlib import suppress
from pathlib import Path
from types import TracebackType

from local.transfer import Transfer

SECONDS = 1.0
"""Between two looks."""


class Mirrored:
    """While entered, what is new or changed below `folder` goes to `uri`; at the end once more. Nothing is deleted there."""

    def __init__(self, transfer: Transfer, folder: Path, uri: str) -> None:
        self._transfer, self._folder, self._uri = transfer, folder, uri.rstrip("/")
        self._ended = threading.Event()
        self._known = self._seen()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._ended.set()
        self._thread.join()
        self._copy()

    def _run(self) -> None:
        while not self._ended.wait(SECONDS):
            self._copy()

    def _copy(self) -> None:
        for path, look in self._seen().items():
            if self._known.get(path) != look:
                with suppress(FileNotFoundError):  # renamed or deleted since
                    self._transfer.store(path, f"{self._uri}/{path.relative_to(self._folder).as_posix()}")
                    self._known[path] = look

    def _seen(self) -> dict[Path, tuple[int, int]]:
        """Every file by its size and time; one that is written aside is not there yet."""
        found = {}
        for path in sorted(self._folder.rglob("*")):
            with suppress(FileNotFoundError):
                if path.is_file() and not any(part.startswith(".") for part in path.relative_to(self._folder).parts):
                    found[path] = (path.stat().st_size, path.stat().st_mtime_ns)
        return found
