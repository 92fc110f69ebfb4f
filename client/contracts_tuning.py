"""What a run searched, as docs/contracts/tuning.schema.json has it, and how much it is asked to."""

from __future__ import annotations

from typing import Any, Literal, NotRequired, TypedDict


class TuningSettings(TypedDict, total=False):
    """What is left out is as the service has it by default."""

    max_jobs: int
    max_parallel_jobs: int
    early_stopping: bool


class SearchedRange(TypedDict):
    kind: Literal["integer", "continuous", "categorical"]
    low: NotRequired[float]
    high: NotRequired[float]
    log: NotRequired[bool]
    values: NotRequired[list[Any]]


class Trial(TypedDict):
    """The first one is the training with the task's own hyper-parameters."""

    number: int
    job: str
    status: Literal["completed", "stopped", "failed"]
    values: dict[str, Any]
    objective: float | None
    seconds: float | None


class Share(TypedDict):
    name: str
    share: float


class SearchSettings(TypedDict):
    max_jobs: int
    max_parallel_jobs: int
    early_stopping: bool


class Tuning(TypedDict):
    run_id: str
    job: str
    objective: str
    higher_is_better: bool
    settings: SearchSettings
    ranges: dict[str, SearchedRange]
    trials: list[Trial]
    best: int
    importance: list[Share]
    created_at: str
