"""Batch transform jobs on SageMaker: one line a request, answers in the order of the lines, all under the deployment's key."""

from __future__ import annotations

from typing import Any

from botocore.exceptions import ClientError

from adapters.jobs import SageMakerJobs
from adapters.sagemaker import OnSageMaker, is_there
from adapters.variants import tagged
from chartloop import tasks
from chartloop.instances import has_own_disks
from chartloop.seams import JobState
from chartloop.settings import Settings

JSON_LINES = "application/jsonlines"
MOST_MEGABYTES = 16
"""Of one line: a text of 1,000,000 characters, each of them escaped, has 12 MB."""
LINE_SECONDS = 3600
"""What one line may take: a text may have 1,000,000 characters."""
FULL = ("ResourceLimitExceeded", "ThrottlingException")


class SageMakerTransforms(OnSageMaker):
    """Jobs of the models that promotion made: their role reads the input and writes the output."""

    def start(self, task: str, name: str, *, model: str, source: str, target: str) -> bool:
        placed = tasks.find(task).placed(self._settings)
        try:
            self._client.create_transform_job(**request(name, model, source, target, placed))
        except ClientError as error:
            if error.response["Error"]["Code"] in FULL:
                return False
            if not is_there(error):
                raise
        return True

    def state(self, name: str) -> JobState:
        return SageMakerJobs(client=self._client).describe("transform", name)

    def stop(self, name: str) -> None:
        if self.state(name).status == "InProgress":
            self._client.stop_transform_job(TransformJobName=name)


def request(name: str, model: str, source: str, target: str, settings: Settings) -> dict[str, Any]:
    """CreateTransformJob. One line a request: a model on a CPU is no faster in batches, and a line's size is its own."""
    disks = {} if not settings.kms_key or has_own_disks(settings.transform_instance) else {"VolumeKmsKeyId": settings.kms_key}
    encrypted = {"KmsKeyId": settings.kms_key} if settings.kms_key else {}
    return {
        "TransformJobName": name,
        "ModelName": model,
        "BatchStrategy": "SingleRecord",
        "MaxConcurrentTransforms": 1,
        "MaxPayloadInMB": MOST_MEGABYTES,
        "ModelClientConfig": {"InvocationsTimeoutInSeconds": LINE_SECONDS, "InvocationsMaxRetries": 1},
        "Environment": {"SAGEMAKER_MODEL_SERVER_TIMEOUT": str(LINE_SECONDS)},  # the container's own limit is a minute
        "TransformInput": {
            "DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": source}},
            "ContentType": JSON_LINES,
            "SplitType": "Line",
        },
        "TransformOutput": {"S3OutputPath": target, "Accept": JSON_LINES, "AssembleWith": "Line", **encrypted},
        "TransformResources": {"InstanceType": settings.transform_instance, "InstanceCount": 1, **disks},
        **tagged(settings),
    }
