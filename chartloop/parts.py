"""Files that several machines wrote, each its part: how they are called, and which of them together are the whole."""

from __future__ import annotations

import re
from collections.abc import Iterable

PART = re.compile(r"manifest-(\d+)-of-(\d+)\.json")


def suffix(part: int, of: int) -> str:
    """What the names of a part's files end in; that of a lone machine is empty."""
    return "" if of == 1 else f"-{part}-of-{of}"


def whole(names: Iterable[str]) -> list[str]:
    """The suffixes of a complete set, by the manifests, which are written last; empty where none is complete."""
    there = set(names)
    if "manifest.json" in there:
        return [""]
    for of in sorted({int(match[2]) for match in map(PART.fullmatch, there) if match}):
        suffixes = [suffix(part, of) for part in range(1, of + 1)]
        if all(f"manifest{each}.json" in there for each in suffixes):
            return suffixes
    return []
