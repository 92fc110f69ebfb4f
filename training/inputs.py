"""Inputs that cannot be read: why, in words that hold nothing of them."""

from __future__ import annotations

from typing import Any

from chartloop.errors import ChartloopError, InvalidRequest, TooLarge

LONGEST = 1_000_000
"""Characters of one text, as in the data contract."""


def refused_text(text: Any, field: str) -> ChartloopError | None:
    """Why this is no text that a model reads."""
    if not isinstance(text, str):
        return InvalidRequest("must be a string", code="invalid_text", field=field)
    if len(text) > LONGEST:
        return TooLarge(f"has more than {LONGEST} characters", code="text_too_long", field=field)
    if any("\ud800" <= character <= "\udfff" for character in text):
        return InvalidRequest("holds half of a surrogate pair", code="lone_surrogate", field=field)
    return None
