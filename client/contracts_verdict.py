"""Verdicts and reviews of the REST API as types (docs/contracts/verdict.schema.json, run.schema.json)."""

from __future__ import annotations

from typing import Any, Literal, NotRequired, TypedDict

Metrics = dict[str, float | None]


class Clause(TypedDict):
    clause: int
    name: str
    passed: bool | None
    measured: NotRequired[Any]
    required: Any
    message: str
    policies: list[str]


class Interval(TypedDict):
    metric: str
    difference: float
    low: float
    high: float
    level: float
    resamples: int
    seed: int
    higher_is_better: NotRequired[bool]


class LabelScore(TypedDict):
    label: str
    support: int
    candidate: float | None
    champion: float | None
    difference: float | None
    evidence: NotRequired[Literal["held", "fell", "insufficient evidence"] | None]


class McNemar(TypedDict):
    fixed: int
    broken: int
    p: float


class BothMetrics(TypedDict):
    candidate: Metrics
    champion: Metrics | None


class Verdict(TypedDict):
    run_id: str
    task: str
    verdict: Literal["promote", "keep", "needs-review"]
    policy: str
    policies: dict[str, str]
    candidate: str
    champion: str | None
    holdout: str | None
    clauses: list[Clause]
    metrics: BothMetrics
    interval: Interval | None
    further_intervals: NotRequired[list[Interval]]
    mcnemar: NotRequired[McNemar | None]
    labels: list[LabelScore]
    message: str
    created_at: str


class RunReview(TypedDict):
    """What a person is asked for: until when, and what came of it."""

    until: str
    status: Literal["waiting", "promoted", "rejected", "expired", "superseded"]
    by: str | None
    at: str | None
    reason: str | None
