"""Processing, training and transform jobs on SageMaker, as Describe shows them."""

from __future__ import annotations

from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any

import boto3
from botocore.exceptions import ClientError

from adapters.sagemaker import is_missing
from chartloop.seams import JobState

if TYPE_CHECKING:
    from mypy_boto3_sagemaker.client import SageMakerClient


class SageMakerJobs:
    """Processing, training and transform jobs, read only."""

    def __init__(self, *, client: SageMakerClient | None = None) -> None:
        self._given = client

    @cached_property
    def _client(self) -> SageMakerClient:
        return self._given or boto3.client("sagemaker")

    def describe(self, kind: str, name: str) -> JobState:
        try:
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


def _seconds(time: datetime | None) -> float | None:
    return time.timestamp() if time else None
