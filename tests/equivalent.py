"""Faults that change nothing which can be seen, by file and by the line that the fault writes, each with its reason."""

from __future__ import annotations

EQUIVALENT: dict[str, dict[str, str]] = {}
