"""Hyper-parameter tuning: what a task declares to search, what a person asks for, and the order that SageMaker is given."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

MOST_TRIALS = 50
"""Every trial is a training job that is paid for."""
MOST_AT_ONCE = 10


@dataclass(frozen=True)
class _Between:
    """Both ends are among what is tried; `log`: tried by their order of magnitude. Raises ValueError."""

    low: float
    high: float
    log: bool = False

    def __post_init__(self) -> None:
        if not self.low < self.high:
            raise ValueError("a range goes from less to more")
        if self.log and self.low <= 0:
            raise ValueError("a logarithmic range is above 0")

    @property
    def kind(self) -> str:
        return type(self).__name__

    def told(self) -> dict[str, Any]:
        """As tuning.schema.json has it."""
        return {"kind": self.kind.lower(), "low": self.low, "high": self.high, "log": self.log}

    def asked(self) -> dict[str, Any]:
        """As SageMaker has it."""
        scale = "Logarithmic" if self.log else "Linear"
        return {"MinValue": json.dumps(self.low), "MaxValue": json.dumps(self.high), "ScalingType": scale}


@dataclass(frozen=True)
class Integer(_Between):
    """Whole numbers."""

    low: int
    high: int


@dataclass(frozen=True)
class Continuous(_Between):
    """Any number."""


@dataclass(frozen=True)
class Categorical:
    """One of these, which have no order."""

    values: tuple[Any, ...]
    kind = "Categorical"

    def __post_init__(self) -> None:
        if len(set(self.values)) < max(2, len(self.values)):
            raise ValueError("a choice is among two different values at least")

    def told(self) -> dict[str, Any]:
        return {"kind": "categorical", "values": list(self.values)}

    def asked(self) -> dict[str, Any]:
        """JSON-encoded, as a job's hyper-parameters are."""
        return {"Values": [json.dumps(value) for value in self.values]}


Range = Integer | Continuous | Categorical


@dataclass(frozen=True)
class Tuning:
    """What of a task may be searched. `objective` is a metric that its training job prints, of the rows that it only watches."""

    objective: str
    higher_is_better: bool
    ranges: Mapping[str, Range] = field(hash=False)
    """By the hyper-parameter's name."""

    def better(self, one: float, other: float) -> bool:
        return one > other if self.higher_is_better else one < other


class TuningSettings(BaseModel):
    """How much a run of a task searches."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    max_jobs: int = Field(0, ge=0, le=MOST_TRIALS)
    """Trials beside the training with the task's own hyper-parameters, which is always made; 0: nothing is searched."""
    max_parallel_jobs: int = Field(2, ge=1, le=MOST_AT_ONCE)
    """Trials at the same time: with fewer, each learns from more of those before it."""
    early_stopping: bool = True
    """Whether a trial ends that does worse than half of those before it at the same point."""

    @property
    def at_once(self) -> int:
        return min(self.max_parallel_jobs, self.max_jobs)

    @property
    def rounds(self) -> int:
        """How many times the time of one training it takes."""
        return -(-self.max_jobs // self.max_parallel_jobs)


@dataclass(frozen=True)
class TrialState:
    """A training job of a tuning job; `values` are its own hyper-parameters as it was given them, JSON-encoded."""

    job: str
    status: str
    values: Mapping[str, str]
    objective: float | None
    """The metric's last value; None where it printed none."""
    started: float | None = None
    ended: float | None = None


def name(task: str, run_id: str) -> str:
    """What the names of a run's tuning jobs begin with: SageMaker allows them 32 characters, fewer than a run's id needs."""
    return f"{task}-{hashlib.sha256(run_id.encode()).hexdigest()[:12]}"


def job_name(task: str, run_id: str, attempt: int) -> str:
    return f"{name(task, run_id)}-{attempt}"


def order(tuning: Tuning, asked: TuningSettings, run: tuple[str, str], encoded: Mapping[str, str], seed: int) -> dict[str, Any]:
    """What the state machine adds to the training's request: `run` is (task, run id), `encoded` the task's hyper-parameters."""
    ranges = {
        f"{kind}ParameterRanges": [{"Name": each, **its.asked()} for each, its in tuning.ranges.items() if its.kind == kind]
        for kind in ("Integer", "Continuous", "Categorical")
    }
    return {
        "name": name(*run),
        "static": {each: value for each, value in encoded.items() if each not in tuning.ranges},
        "config": {
            "Strategy": "Bayesian",
            "HyperParameterTuningJobObjective": {
                "Type": "Maximize" if tuning.higher_is_better else "Minimize",
                "MetricName": tuning.objective,
            },
            "ResourceLimits": {"MaxNumberOfTrainingJobs": asked.max_jobs, "MaxParallelTrainingJobs": asked.at_once},
            "ParameterRanges": ranges,
            "TrainingJobEarlyStoppingType": "Auto" if asked.early_stopping else "Off",
            "RandomSeed": seed,
        },
    }
