"""What a deployment has at SageMaker beside its data: listed, deleted, stopped. The janitor and the tear-down work on it."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import TYPE_CHECKING, Any

import boto3

from chartloop.housekeeping import CONFIG, ENDPOINT, JOBS, MODEL, NOTEBOOK, PROCESSING, TRAINING, TRANSFORM, TUNING
from chartloop.seams import Thing

if TYPE_CHECKING:
    from mypy_boto3_sagemaker.client import SageMakerClient

LISTED = {
    ENDPOINT: ("list_endpoints", "Endpoints", "Endpoint"),
    CONFIG: ("list_endpoint_configs", "EndpointConfigs", "EndpointConfig"),
    MODEL: ("list_models", "Models", "Model"),
    NOTEBOOK: ("list_notebook_instances", "NotebookInstances", "NotebookInstance"),
    PROCESSING: ("list_processing_jobs", "ProcessingJobSummaries", "ProcessingJob"),
    TRAINING: ("list_training_jobs", "TrainingJobSummaries", "TrainingJob"),
    TRANSFORM: ("list_transform_jobs", "TransformJobSummaries", "TransformJob"),
    TUNING: ("list_hyper_parameter_tuning_jobs", "HyperParameterTuningJobSummaries", "HyperParameterTuningJob"),
}
"""By kind: the operation that lists it, where its answer has the list, and what the fields' names begin with."""


class SageMakerEstate:
    """Everything whose name begins with `{name}-`, and the jobs that run, whose names begin with their task."""

    def __init__(self, name: str, *, client: SageMakerClient | None = None) -> None:
        self._name = name
        self._given = client

    @cached_property
    def _client(self) -> Any:
        return self._given or boto3.client("sagemaker")

    def things(self) -> Iterator[Thing]:
        for kind in LISTED:
            yield from self._of(kind)

    def remove(self, thing: Thing) -> None:
        """Deletes it, or stops it where it runs and is kept: notebooks and jobs."""
        calls = {
            ENDPOINT: ("delete_endpoint", "EndpointName"),
            CONFIG: ("delete_endpoint_config", "EndpointConfigName"),
            MODEL: ("delete_model", "ModelName"),
            NOTEBOOK: ("stop_notebook_instance", "NotebookInstanceName"),
            PROCESSING: ("stop_processing_job", "ProcessingJobName"),
            TRAINING: ("stop_training_job", "TrainingJobName"),
            TRANSFORM: ("stop_transform_job", "TransformJobName"),
            TUNING: ("stop_hyper_parameter_tuning_job", "HyperParameterTuningJobName"),
        }
        operation, field = calls[thing.kind]
        getattr(self._client, operation)(**{field: thing.name})

    def _of(self, kind: str) -> Iterator[Thing]:
        operation, listed, what = LISTED[kind]
        wanted = {"StatusEquals": "InProgress"} if kind in JOBS else {"NameContains": f"{self._name}-"}
        for page in self._client.get_paginator(operation).paginate(**wanted):
            for item in page[listed]:
                if kind in JOBS or item[f"{what}Name"].startswith(f"{self._name}-"):
                    yield self._thing(kind, what, item)

    def _thing(self, kind: str, what: str, item: dict[str, Any]) -> Thing:
        """A notebook instance runs since its last change; all else is as old as it was made."""
        since = item["LastModifiedTime" if kind == NOTEBOOK else "CreationTime"]
        tags = {} if kind in JOBS else self._tags(item[f"{what}Arn"])
        config = (
            self._client.describe_endpoint(EndpointName=item["EndpointName"])["EndpointConfigName"] if kind == ENDPOINT else ""
        )
        return Thing(kind, item[f"{what}Name"], since, str(item.get(f"{what}Status", "")), config, tags)

    def _tags(self, arn: str) -> dict[str, str]:
        return {tag["Key"]: tag["Value"] for tag in self._client.list_tags(ResourceArn=arn)["Tags"]}
