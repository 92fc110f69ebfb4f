"""SageMaker's hyper-parameter tuning jobs: trials that are training jobs like any others, so many at a time."""

from __future__ import annotations

import hashlib
import re
import threading
from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError
from moto.sagemaker.exceptions import ValidationError

from chartloop.errors import JobFailed
from local.jobs import ENDED, Job, Surroundings
from local.training_job import TrainingJob

if TYPE_CHECKING:
    from local.search import Step

NAME = re.compile(r"[a-zA-Z0-9](-*[a-zA-Z0-9]){0,31}")
ALL_FAILED = "All training jobs failed. Please take a look at the training job failures to get more details."
LOOKS_SECONDS = 0.05
"""Between two looks at what a trial has printed."""


@dataclass(frozen=True)
class Tried:
    """A trial and its training job."""

    step: Step
    job: TrainingJob

    @property
    def status(self) -> str:
        return self.job.status


class TuningJob(Job):
    """One definition of training jobs, with the search of local/search.py in place of SageMaker's Bayesian one."""

    kind = "HyperParameterTuning"

    def __init__(self, around: Surroundings, request: Mapping[str, Any], record: Any) -> None:
        from local.search import Search  # Optuna takes half a second to import, and few need it

        self.definition: Mapping[str, Any] = request["TrainingJobDefinition"]
        self.config: Mapping[str, Any] = request["HyperParameterTuningJobConfig"]
        self.objective: str = self.config["HyperParameterTuningJobObjective"]["MetricName"]
        self.tried: list[Tried] = []
        self._search = Search(self.config)
        self._asking = threading.Lock()
        self._left = self.config["ResourceLimits"]["MaxNumberOfTrainingJobs"]
        super().__init__(around, {**request, "RoleArn": self.definition["RoleArn"]}, record)

    @property
    def told_as(self) -> str:
        return "HyperParameter Tuning"

    def described(self) -> dict[str, Any]:
        found: dict[str, Any] = self.record.describe()
        return {name: value for name, value in found.items() if value is not None}

    @classmethod
    def check(cls, request: Mapping[str, Any]) -> None:
        from local.search import spaces

        if not NAME.fullmatch(request["HyperParameterTuningJobName"]):
            raise ValidationError(message="HyperParameterTuningJobName has at most 32 letters, digits and hyphens")
        definition, config = request.get("TrainingJobDefinition"), request["HyperParameterTuningJobConfig"]
        if not definition or config["Strategy"] != "Bayesian":
            raise ValidationError(message="The local cloud knows one TrainingJobDefinition and the strategy Bayesian")
        try:
            searched = spaces(config.get("ParameterRanges") or {})
        except ValueError as error:
            raise ValidationError(message=f"ParameterRanges: {error}") from None
        twice = sorted(searched.keys() & (definition.get("StaticHyperParameters") or {}).keys())
        if not searched or twice:
            raise ValidationError(message=f"Hyperparameters are searched or static, one of the two: {', '.join(twice)}")
        defined = [metric["Name"] for metric in definition["AlgorithmSpecification"].get("MetricDefinitions") or ()]
        if config["HyperParameterTuningJobObjective"]["MetricName"] not in defined:
            raise ValidationError(message="The objective metric is none of MetricDefinitions")

    def begin(self) -> None:
        record = self.record
        record.best_training_job = record.OverallBestTrainingJob = record.hyper_parameter_tuning_end_time = None
        record.failure_reason = record.tuning_job_completion_details = record.consumed_resources = None
        self._count()

    def show(self, status: str, stage: str, message: str) -> None:
        """A tuning job has no stages."""
        del stage, message
        self.record.hyper_parameter_tuning_job_status = status
        if status in ENDED:
            self.record.hyper_parameter_tuning_end_time = datetime.now(UTC)

    def work(self) -> None:
        limits = self.config["ResourceLimits"]
        with ThreadPoolExecutor(limits["MaxParallelTrainingJobs"]) as machines:
            list(machines.map(lambda _: self._go_on(), range(limits["MaxParallelTrainingJobs"])))
        if self.stopped_as is None and not any(self._value(tried) is not None for tried in self.tried):
            raise JobFailed(ALL_FAILED)

    def end_processes(self) -> None:
        """A tuning job that is stopped stops its training jobs."""
        for tried in list(self.tried):
            tried.job.stop()

    def _go_on(self) -> None:
        """One trial after the other, until enough were made."""
        while (tried := self._next()) is not None:
            self._follow(tried)
            with self._asking:
                self._search.tell(tried.step, self._value(tried), stopped=tried.status == "Stopped")
                self._count()

    def _next(self) -> Tried | None:
        with self._asking:
            if not self._left or self.stopped_as is not None or self.around.closing.is_set():
                return None
            self._left -= 1
            step = self._search.ask()
            request = self._request(step.values, len(self.tried) + 1)
            try:
                self.around.cloud.client("sagemaker").create_training_job(**request)
            except ClientError as error:
                raise JobFailed(f"ClientError: {error.response['Error']['Message']}") from None
            job = self.around.jobs[request["TrainingJobName"]]
            assert isinstance(job, TrainingJob)  # noqa: S101 (it was just made)
            tried = Tried(step, job)
            self.tried.append(tried)
            self._count()
        if self.stopped_as is not None:  # meanwhile
            job.stop()
        return tried

    def _follow(self, tried: Tried) -> None:
        """To the trial's end, which comes early where the search sees no hope."""
        seen, over = 0, False
        while not over:  # and once more at the end: those after it are compared with what a quick one printed, too
            over = tried.job.over.wait(LOOKS_SECONDS)
            heard = self._heard(tried)
            for at, value in enumerate(heard[seen:], start=seen):
                with self._asking:
                    hopeless = self._search.hopeless(tried.step, at, value)
                if hopeless and not over:
                    tried.job.stop("Stopped")
            seen = len(heard)

    def _heard(self, tried: Tried) -> list[float]:
        return [value for name, value in list(tried.job.told) if name == self.objective]

    def _value(self, tried: Tried) -> float | None:
        """The objective's last value; of a job that failed there is none."""
        heard = self._heard(tried)
        return heard[-1] if heard and tried.status != "Failed" else None

    def _request(self, values: Mapping[str, str], number: int) -> dict[str, Any]:
        """A training job's request; it is told the objective, as SageMaker tells it."""
        own = {name: value for name, value in self.definition.items() if name not in NOT_OF_A_JOB}
        tag = hashlib.sha256(f"{self.name}{number}".encode()).hexdigest()[:8]
        told = {**(self.definition.get("StaticHyperParameters") or {}), **values, "_tuning_objective_metric": self.objective}
        flexible = self.definition.get("HyperParameterTuningResourceConfig")
        cluster = {"ResourceConfig": _first_of(flexible)} if flexible else {}
        tags = {"Tags": self.request["Tags"]} if self.request.get("Tags") else {}
        return {"TrainingJobName": f"{self.name}-{number:03d}-{tag}", "HyperParameters": told, **own, **cluster, **tags}

    def _count(self) -> None:
        """Puts the counters and the best one into what Describe answers."""
        states = Counter(tried.status for tried in self.tried)
        ended = [tried for tried in self.tried if tried.status in ENDED]
        scored = sum(self._value(tried) is not None for tried in ended)
        self.record.training_job_status_counters = {
            "Completed": states["Completed"], "InProgress": states["InProgress"] + states["Stopping"],
            "RetryableError": 0, "NonRetryableError": states["Failed"], "Stopped": states["Stopped"],
        }  # fmt: skip
        pending = len(self.tried) - len(ended)
        self.record.objective_status_counters = {"Succeeded": scored, "Pending": pending, "Failed": len(ended) - scored}
        if best := self._best(ended):
            self.record.best_training_job = self._summary(best)

    def _best(self, ended: Sequence[Tried]) -> Tried | None:
        """Of those that went to their end."""
        whole = [(value, tried) for tried in ended if tried.status == "Completed" and (value := self._value(tried)) is not None]
        choose = max if self.config["HyperParameterTuningJobObjective"]["Type"] == "Maximize" else min
        return choose(whole, key=lambda pair: pair[0])[1] if whole else None

    def summaries(self) -> list[dict[str, Any]]:
        """Of every trial, in the order in which they were started."""
        return [self._summary(tried) for tried in list(self.tried)]

    def _summary(self, tried: Tried) -> dict[str, Any]:
        record, value = tried.job.record, self._value(tried)
        objective = {**self.config["HyperParameterTuningJobObjective"], "Value": value}
        ended = tried.status in ENDED
        found = {
            "TrainingJobName": tried.job.name,
            "TrainingJobArn": record.arn,
            "CreationTime": record.creation_time,
            "TrainingStartTime": record.training_start_time,
            "TrainingEndTime": record.training_end_time,
            "TrainingJobStatus": tried.status,
            "TunedHyperParameters": dict(tried.step.values),
            "FailureReason": record.failure_reason,
            "FinalHyperParameterTuningJobObjectiveMetric": None if value is None or not ended else objective,
            "ObjectiveStatus": "Pending" if not ended else "Failed" if value is None else "Succeeded",
        }
        return {name: its for name, its in found.items() if its is not None}


NOT_OF_A_JOB = ("DefinitionName", "TuningObjective", "HyperParameterRanges", "StaticHyperParameters", "RetryStrategy",
                "HyperParameterTuningResourceConfig")  # fmt: skip
"""What a definition has and a training job's request does not."""


def _first_of(flexible: Mapping[str, Any]) -> dict[str, Any]:
    """There is room for the machine that is wanted first."""
    encrypted = {"VolumeKmsKeyId": flexible["VolumeKmsKeyId"]} if "VolumeKmsKeyId" in flexible else {}
    return {**flexible["InstanceConfigs"][0], **encrypted}
