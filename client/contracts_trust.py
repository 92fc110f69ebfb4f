"""What can be trusted, as types: the quality of records (docs/contracts/)."""

from __future__ import annotations

from typing import Any, TypedDict


class Sides(TypedDict):
    training: int
    holdout: int


class Conflicts(TypedDict):
    found: int
    pairs: list[dict[str, Any]]


class LabelLeak(TypedDict):
    kind: str
    field: str
    label: str | None
    found: int
    records: list[str]


class Quality(TypedDict):
    """What a run found in its records: counts and ids."""

    task: str
    run_id: str
    created_at: str
    records: Sides
    set_aside: dict[str, Any]
    conflicts: Conflicts
    label_leaks: list[LabelLeak]
