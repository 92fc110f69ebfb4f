"""What can be trusted, as types: the quality of records, what batches changed, who posted what (docs/contracts/)."""

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
    alarms: list[dict[str, Any]]


class Changes(TypedDict):
    """What a batch changed, beside what was there before it."""

    task: str
    batch_id: str
    poster: str
    batch: dict[str, Any]
    before: dict[str, Any]
    distance: float | None
    new_labels: list[str]
    posters: dict[str, int]


class Provenance(TypedDict):
    """Who posted each version of a record."""

    task: str
    record_id: str
    side: str
    gold: bool
    versions: list[dict[str, Any]]


class Poster(TypedDict):
    poster: str
    records: int
    batches: int
    waiting: int
    last_at: str | None


class GoldSet(TypedDict):
    records: int
    batches: int
    posters: list[Poster]


class Posters(TypedDict):
    """Whose records a task has; `cap_percent` is what one may bring of a run's new records."""

    task: str
    cap_percent: int
    posters: list[Poster]
    gold: GoldSet
