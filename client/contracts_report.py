"""The report of a run, as docs/contracts/report.schema.json has it."""

from __future__ import annotations

from typing import Any, Literal, NotRequired, TypedDict

from client.contracts import Run
from client.contracts_tuning import Tuning


class ReportMetric(TypedDict):
    name: str
    higher_is_better: bool


class Bounds(TypedDict):
    low: float
    high: float


class BothBounds(TypedDict):
    candidate: dict[str, Bounds]
    champion: dict[str, Bounds]


class RunData(TypedDict):
    train: int
    holdout: int
    new: int
    snapshot: str | None
    batches: int
    posters: int


class RunPoster(TypedDict):
    poster: str
    records: int
    new: int


class RunTrust(TypedDict):
    posters: list[RunPoster]
    alarms: list[dict[str, Any]]
    gold: int


class JudgedRun(TypedDict):
    run_id: str
    records: int
    value: float
    outcome: str | None


class Learning(TypedDict):
    metric: str
    runs: list[JudgedRun]


class FlipAnswers(TypedDict):
    """Each `{"spans": [{"start", "end", "label"}]}` or `{"value"}`."""

    truth: NotRequired[dict[str, Any]]
    candidate: NotRequired[dict[str, Any]]
    champion: NotRequired[dict[str, Any]]
    base: NotRequired[dict[str, Any]]


class Flip(TypedDict):
    way: Literal["fixed", "broken", "beside"]
    label: str
    record_id: str
    text: str
    answers: FlipAnswers


class ShownFlips(TypedDict):
    shown: list[Flip]
    expires_at: str


class Report(TypedDict):
    run: Run
    metrics: list[ReportMetric]
    trivial: str
    intervals: BothBounds
    data: RunData | None
    trust: NotRequired[RunTrust | None]
    settings: dict[str, Any] | None
    learning: Learning
    training: dict[str, list[float]]
    tuning: NotRequired[Tuning | None]
    flips: ShownFlips | None
    advice: str | None
    created_at: str
