"""Replacing moto's methods where the local cloud does what moto only pretends to do."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from types import ModuleType
from typing import Any

Method = Callable[..., Any]


def wrap(owner: type | ModuleType, name: str, make: Callable[[Method], Method]) -> None:
    """Replaces `owner.name` with `make(moto's own)`; doing so again starts from moto's own, so that patches never pile up."""
    current = getattr(owner, name)
    original = getattr(current, "patched", current)
    replacement = wraps(original)(make(original))
    replacement.patched = original  # type: ignore[attr-defined]
    setattr(owner, name, replacement)
