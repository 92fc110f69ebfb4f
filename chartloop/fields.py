"""Checks of single JSON fields: each returns the value or raises InvalidRequest with a code, the field and the rule."""

from __future__ import annotations

import difflib
import math
from collections.abc import Iterable
from typing import Any

from chartloop.errors import InvalidRequest

MAX_TEXT = 1_000_000
"""Characters of a text."""
MAX_ID = 200
MAX_LABEL = 100
MAX_CODE = 40


def known(value: Any, place: str, required: Iterable[str], optional: Iterable[str] = ()) -> dict[str, Any]:
    """The object at `place`, which has every required field and no field but these.

    An unknown field is told by its position, never by name: a table without a header makes field names of its first note.
    """
    prefix = f"{place}." if place else ""
    members = an_object(value, place)
    for name in required:
        if name not in members:
            raise InvalidRequest(f"{prefix}{name} is missing", code="missing_field", field=prefix + name)
    names = [*required, *optional]
    for position, name in enumerate(members, start=1):
        if name not in names:
            near = difflib.get_close_matches(name, names, n=1)
            hint = f"did you mean {near[0]}?" if near else f"known are {', '.join(names)}"
            message = f"field {position} of {place or 'the record'} is unknown; {hint}"
            raise InvalidRequest(message, code="unknown_field", field=place or None)
    return members


def an_object(value: Any, field: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise InvalidRequest(f"{field or 'a record'} must be a JSON object", code="wrong_type", field=field or None)
    return value


def a_list(value: Any, field: str) -> list[Any]:
    if not isinstance(value, list):
        raise InvalidRequest(f"{field} must be a list", code="wrong_type", field=field)
    return value


def short(value: Any, field: str, maximum: int, code: str = "wrong_type") -> str:
    """A string of 1 to `maximum` characters; `code` is the verdict on any other."""
    if not isinstance(value, str) or not 1 <= len(value) <= maximum:
        raise InvalidRequest(f"{field} must be a string of 1 to {maximum} characters", code=code, field=field)
    return _encodable(value, field)


def text(value: Any, field: str) -> str:
    """Raw clinical text: not blank, at most MAX_TEXT characters, and Unicode that can be written."""
    if not isinstance(value, str):
        raise InvalidRequest(f"{field} must be a string", code="wrong_type", field=field)
    if not value or value.isspace():
        raise InvalidRequest(f"{field} is empty", code="empty_text", field=field)
    if len(value) > MAX_TEXT:
        raise InvalidRequest(f"{field} is longer than {MAX_TEXT:,} characters", code="text_too_long", field=field)
    return _encodable(value, field)


def number(value: Any, field: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise InvalidRequest(f"{field} must be a number", code="wrong_type", field=field)
    if not _finite(value):
        raise InvalidRequest(f"{field} must be finite", code="not_finite", field=field)
    return float(value)


def _finite(value: int | float) -> bool:
    try:
        return math.isfinite(value)
    except OverflowError:  # an integer that no float reaches
        return False


def _encodable(value: str, field: str) -> str:
    try:
        value.encode()
    except UnicodeEncodeError as error:
        message = f"{field} holds a lone surrogate at character {error.start}"
        raise InvalidRequest(message, code="lone_surrogate", field=field) from None
    return value
