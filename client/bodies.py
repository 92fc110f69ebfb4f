"""A file as the bodies of its posts: JSON Lines in pieces of whole lines, other formats as one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

LIMIT = 5_000_000
"""Bytes that one post may have."""

CONTENT_TYPES = {
    ".jsonl": "application/x-ndjson",
    ".ndjson": "application/x-ndjson",
    ".json": "application/json",
    ".csv": "text/csv",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
LINES = frozenset({".jsonl", ".ndjson"})


@dataclass(frozen=True)
class Body:
    """`lines_before`: how many lines of the file precede it, so that its line n is line `lines_before + n` of the file."""

    content: bytes
    content_type: str
    lines_before: int = 0


def postable(file: Path) -> bool:
    """Whether the file can go in posts; else it needs the presigned upload."""
    return file.suffix in LINES or (file.suffix in CONTENT_TYPES and file.stat().st_size <= LIMIT)


def bodies(file: Path, limit: int = LIMIT) -> Iterator[Body]:
    """The posts of a file, in order. A line that is longer than `limit` is a body by itself."""
    content_type = CONTENT_TYPES[file.suffix]
    if file.suffix not in LINES:
        yield Body(file.read_bytes(), content_type)
        return
    waiting, size, before = list[bytes](), 0, 0
    with file.open("rb") as stream:
        for line_number, line in enumerate(stream, start=1):
            if waiting and size + len(line) > limit:
                yield Body(b"".join(waiting), content_type, before)
                waiting, size, before = [], 0, line_number - 1
            waiting.append(line)
            size += len(line)
    if waiting:
        yield Body(b"".join(waiting), content_type, before)
