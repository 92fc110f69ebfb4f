"""Posting and listing batches, as types: how records want to be read, and where a file goes."""

from __future__ import annotations

from typing import Any, Literal, NotRequired, TypedDict

from client.contracts import OffsetUnit

SpanPolicy = Literal["longest", "reject"]


class ReadingOptions(TypedDict, total=False):
    """How records that are posted want to be read; what is not given is the task's default."""

    replace: bool
    span_policy: SpanPolicy
    offset_unit: OffsetUnit


class PostOptions(ReadingOptions, total=False):
    """And whether a post only asks for its verdicts: with `check` nothing is stored."""

    check: bool


class ListedBatch(TypedDict, total=False):
    """A receipt without its records."""

    batch_id: str
    task: str
    status: Literal["checked", "received", "processed", "quarantined", "withdrawn"]
    counts: dict[str, int]
    received_at: str
    poster: str
    processed_at: str | None
    code: str
    message: str
    reason: str
    source: Literal["feedback", "gold"]
    warnings: list[dict[str, Any]]
    waiting: dict[str, str]
    prediction_id: str


class BatchPage(TypedDict):
    """`next` is the `before` of the page after this one."""

    batches: list[ListedBatch]
    next: str | None


class ArrivedRecord(TypedDict):
    """A record as it came in."""

    batch_id: str
    poster: str | None
    received_at: str
    status: Literal["received", "processed", "quarantined", "withdrawn"]
    record_id: str | None
    line: int
    verdict: Literal["accepted", "duplicate", "replaced", "conflict", "set_aside", "rejected"]
    labels: list[str]


class RecordPage(TypedDict):
    """`next` is the `before` of the page after this one."""

    records: list[ArrivedRecord]
    next: str | None


class UploadAddress(TypedDict):
    """Where to PUT a file, with exactly these headers."""

    batch_id: str
    url: str
    key: str
    expires_in: int
    headers: dict[str, str]


class Mendable(TypedDict):
    """A record, or without line a file, that was not taken in."""

    batch_id: str
    poster: str
    line: NotRequired[int]
    record_id: NotRequired[str]
    field: NotRequired[str]
    message: NotRequired[str]


class Reasoned(TypedDict):
    """What was not taken in for one reason: `found` of them, the first ones by name."""

    verdict: Literal["rejected", "conflict", "set_aside", "quarantined"]
    code: str
    found: int
    batches: list[str]
    records: list[Mendable]


class Quarantine(TypedDict):
    """`next` is the `before` of the batches before these."""

    task: str
    groups: list[Reasoned]
    next: str | None
