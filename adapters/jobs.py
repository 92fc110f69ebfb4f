"""Processing, training, tuning and transform jobs on SageMaker, as Describe shows them."""

from __future__ import annotations

from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any

import boto3
from botocore.exceptions import ClientError

from adapters.sagemaker import is_missing
from chartloop.seams import JobState
from chartloop.tuning import TrialState

if TYPE_CHECKING:
    from mypy_boto3_sagemaker.client import SageMakerClient


class SageMakerJobs:
    """Processing, training, tuning and transform jobs, read only."""

    def __init__(self, *, client: SageMakerClient | None = None) -> None:
        self._given = client

    @cached_property
    def _client(self) -> SageMakerClient:
        return self._given or boto3.client("sagemaker")

    def describe(self, kind: str, name: str) -> JobState:
        try:
            if kind == "tuning":
                return self._tuning(name)
            if kind == "training":
                found: Any = self._client.describe_training_job(TrainingJobName=name)
            elif kind == "transform":
                found = self._client.describe_transform_job(TransformJobName=name)
            else:
                found = self._client.describe_processing_job(ProcessingJobName=name)
        except ClientError as error:
            if is_missing(error):
                return JobState("Missing")
            raise
        what = kind.capitalize()
        return JobState(
            status=found[f"{what}JobStatus"],
            started=_seconds(found.get(f"{what}StartTime")),
            ended=_seconds(found.get(f"{what}EndTime")),
            failure=found.get("FailureReason"),
            billed=found.get("BillableTimeInSeconds"),
            stage=found.get("SecondaryStatus", ""),
            metrics={metric["MetricName"]: metric["Value"] for metric in found.get("FinalMetricDataList", [])},
        )

    def trials(self, name: str) -> list[TrialState]:
        """Of a tuning job, in the order in which they were started."""
        pages = self._client.get_paginator("list_training_jobs_for_hyper_parameter_tuning_job").paginate(
            HyperParameterTuningJobName=name, SortBy="CreationTime", SortOrder="Ascending"
        )
        return [_trial(found) for page in pages for found in page["TrainingJobSummaries"]]

    def _tuning(self, name: str) -> JobState:
        """Of all its training jobs together: a listing has their times, from start to end, and not what is billed."""
        found = self._client.describe_hyper_parameter_tuning_job(HyperParameterTuningJobName=name)
        trials = self.trials(name)
        ran = [trial.ended - trial.started for trial in trials if trial.started is not None and trial.ended is not None]
        best = found.get("BestTrainingJob", {}).get("FinalHyperParameterTuningJobObjectiveMetric")
        return JobState(
            status=found["HyperParameterTuningJobStatus"],
            started=_seconds(found["CreationTime"]),
            ended=_seconds(found.get("HyperParameterTuningEndTime")),
            failure=found.get("FailureReason"),
            billed=sum(ran),
            metrics={"trials": len(ran), **({"best": best["Value"]} if best else {})},
        )


def _trial(found: Any) -> TrialState:
    objective = found.get("FinalHyperParameterTuningJobObjectiveMetric")
    return TrialState(
        job=found["TrainingJobName"],
        status=found["TrainingJobStatus"],
        values=found["TunedHyperParameters"],
        objective=objective["Value"] if objective else None,
        started=_seconds(found.get("TrainingStartTime")),
        ended=_seconds(found.get("TrainingEndTime")),
    )


def _seconds(time: datetime | None) -> float | None:
    return time.timestamp() if time else None
