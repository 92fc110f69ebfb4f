"""Sentences of a clinical text by their offsets: lines, broken where a sentence ends."""

from __future__ import annotations

import re

Span = tuple[int, int]
"""Half open, in code points."""

_TITLES = "".join(rf"(?<!\b{title}\.)" for title in ("Dr", "Mr", "Mrs", "Ms", "St", "vs", "No"))
_END = re.compile(rf"(?<=[^\s.]{{2}}[.!?]){_TITLES}(?<!\s\d\d\.)\s+(?=[^\sa-z])|\s*\n\s*")
"""Two characters before the full stop, and no small letter behind it: `1. Rest`, `5 p.m. and` and `Dr. Smith` go on."""


def spans(text: str) -> list[Span]:
    """In order; together they hold everything of the text but white space."""
    edges = [0, *(edge for gap in _END.finditer(text) for edge in gap.span()), len(text)]
    found = (_stripped(text, *edges[place : place + 2]) for place in range(0, len(edges), 2))
    return [(start, end) for start, end in found if start < end]


def _stripped(text: str, start: int, end: int) -> Span:
    inside = text[start:end]
    return start + len(inside) - len(inside.lstrip()), end - len(inside) + len(inside.rstrip())
