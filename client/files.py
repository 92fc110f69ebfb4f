"""Files: read in pieces to be sent, and written so that they exist only when they are whole."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import IO


@contextmanager
def replaced(path: Path) -> Iterator[IO[str]]:
    """A text file to write, which takes the place of `path` when the block ends well and is removed when it does not."""
    with NamedTemporaryFile("w", encoding="utf-8", newline="", dir=path.parent, prefix=f".{path.name}.", delete=False) as file:
        aside = Path(file.name)
        try:
            yield file
            file.flush()
            aside.chmod(0o600)
            aside.replace(path)
        finally:
            aside.unlink(missing_ok=True)


def with_length(headers: Mapping[str, str], file: Path) -> dict[str, str]:
    return {**headers, "content-length": str(file.stat().st_size)}


def pieces(file: Path, progress: Callable[[int], None] | None) -> Iterable[bytes]:
    """The file's bytes; `progress` gets the size of each piece that was taken."""
    with file.open("rb") as stream:
        while piece := stream.read(1 << 20):
            yield piece
            if progress is not None:
                progress(len(piece))
