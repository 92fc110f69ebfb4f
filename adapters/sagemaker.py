"""Registry, endpoints and jobs on SageMaker. Requests are plain dictionaries; the SDK never enters a function."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from chartloop.errors import ModelError, NotFound, Unavailable
from chartloop.seams import EndpointState, JobState, Package
from chartloop.settings import Settings

if TYPE_CHECKING:
    from mypy_boto3_sagemaker.client import SageMakerClient
    from mypy_boto3_sagemaker_runtime.client import SageMakerRuntimeClient

VARIANT = "champion"
INVOKE_SECONDS = 25
"""Under API Gateway's 29 s, so that a slow model is told as such."""


class _OnSageMaker:
    def __init__(self, settings: Settings, *, client: SageMakerClient | None = None) -> None:
        self._settings = settings
        self._given = client

    @cached_property
    def _client(self) -> SageMakerClient:
        return self._given or boto3.client("sagemaker")


class SageMakerRegistry(_OnSageMaker):
    """Model packages, one group a task; the description is `{version} {sha256}`, which listing shows without a call a package."""

    def register(self, task: str, version: str, *, model_uri: str, sha256: str, metadata: Mapping[str, str]) -> Package:
        known = self.find(task, version)
        if known is not None and known.sha256 == sha256:
            return known
        made = self._client.create_model_package(
            ModelPackageGroupName=self._group(task),
            ModelPackageDescription=f"{version} {sha256}",
            ModelApprovalStatus="PendingManualApproval",
            CustomerMetadataProperties={**metadata, "version": version, "sha256": sha256},
            InferenceSpecification={
                "Containers": [{"Image": self._settings.inference_image, "ModelDataUrl": model_uri}],
                "SupportedContentTypes": ["application/json"],
                "SupportedResponseMIMETypes": ["application/json"],
            },
        )
        return Package(version, made["ModelPackageArn"], "PendingManualApproval", sha256)

    def find(self, task: str, version: str) -> Package | None:
        """The newest package of that version."""
        pages = self._client.get_paginator("list_model_packages").paginate(
            ModelPackageGroupName=self._group(task), SortBy="CreationTime", SortOrder="Descending"
        )
        for summary in (summary for page in pages for summary in page["ModelPackageSummaryList"]):
            name, _, sha256 = summary.get("ModelPackageDescription", "").partition(" ")
            if name == version:
                return Package(version, summary["ModelPackageArn"], summary.get("ModelApprovalStatus", ""), sha256)
        return None

    def set_status(self, task: str, version: str, status: str, reason: str) -> None:
        known = self.find(task, version)
        if known is None:
            raise NotFound("no such model package", field="version")
        self._client.update_model_package(
            ModelPackageArn=known.arn,
            ModelApprovalStatus=status,  # type: ignore[arg-type]
            ApprovalDescription=reason[:1024],
        )

    def _group(self, task: str) -> str:
        return f"{self._settings.package_group_prefix}-{task}"


class SageMakerEndpoints(_OnSageMaker):
    """One real-time endpoint a task, `{prefix}-{task}`; configurations are named by version and sha256."""

    @cached_property
    def _runtime(self) -> SageMakerRuntimeClient:
        return boto3.client("sagemaker-runtime", config=Config(read_timeout=INVOKE_SECONDS, retries={"max_attempts": 0}))

    def config_name(self, version: str, sha256: str) -> str:
        return f"{self._settings.endpoint_prefix}-{version}-{sha256[:8]}"

    def state(self, task: str) -> EndpointState:
        try:
            found = self._client.describe_endpoint(EndpointName=self._name(task))
        except ClientError as error:
            if _is_missing(error):
                return EndpointState("Missing")
            raise
        return EndpointState(found["EndpointStatus"], found.get("EndpointConfigName"), found.get("FailureReason"))

    def deploy(self, task: str, version: str, *, model_uri: str, sha256: str) -> None:
        name = self.config_name(version, sha256)
        if not self._has_config(name):
            self._make_config(name, model_uri)
        self.redeploy(task, name)

    def redeploy(self, task: str, config: str | None) -> None:
        state = self.state(task)
        if config is None:
            if state.status not in ("Missing", "Deleting"):
                self._client.delete_endpoint(EndpointName=self._name(task))
        elif state.status == "Missing":
            self._client.create_endpoint(EndpointName=self._name(task), EndpointConfigName=config)
        elif state.status == "Failed":
            # A failed endpoint cannot be updated; the step is repeated until the old one is gone.
            self._client.delete_endpoint(EndpointName=self._name(task))
        elif state.status == "InService" and state.config != config:
            self._client.update_endpoint(EndpointName=self._name(task), EndpointConfigName=config)

    def invoke(self, task: str, payload: Mapping[str, Any]) -> dict[str, Any]:
        try:
            answer = self._runtime.invoke_endpoint(
                EndpointName=self._name(task), Body=json.dumps(payload).encode(), ContentType="application/json"
            )
        except ClientError as error:
            raise _invocation_error(error) from None
        result: dict[str, Any] = json.loads(answer["Body"].read())
        return result

    def _name(self, task: str) -> str:
        return f"{self._settings.endpoint_prefix}-{task}"

    def _has_config(self, name: str) -> bool:
        try:
            self._client.describe_endpoint_config(EndpointConfigName=name)
        except ClientError as error:
            if _is_missing(error):
                return False
            raise
        return True

    def _make_config(self, name: str, model_uri: str) -> None:
        container: Any = {
            "Image": self._settings.inference_image,
            "ModelDataUrl": model_uri,
            "Environment": {"SAGEMAKER_PROGRAM": "inference.py", "HF_HUB_OFFLINE": "1"},
        }
        try:
            self._client.create_model(
                ModelName=name,
                ExecutionRoleArn=self._settings.endpoint_role,
                PrimaryContainer=container,
                EnableNetworkIsolation=True,
            )
        except ClientError as error:
            if not _is_there(error):
                raise
        variant: Any = {
            "VariantName": VARIANT,
            "ModelName": name,
            "InstanceType": self._settings.instance_type,
            "InitialInstanceCount": 1,
            "InitialVariantWeight": 1.0,
        }
        encrypted: Any = {"KmsKeyId": self._settings.kms_key} if self._settings.kms_key else {}
        self._client.create_endpoint_config(EndpointConfigName=name, ProductionVariants=[variant], **encrypted)


class SageMakerJobs:
    """Processing and training jobs, read only."""

    def __init__(self, *, client: SageMakerClient | None = None) -> None:
        self._given = client

    @cached_property
    def _client(self) -> SageMakerClient:
        return self._given or boto3.client("sagemaker")

    def describe(self, kind: str, name: str) -> JobState:
        try:
            if kind == "training":
                found: Any = self._client.describe_training_job(TrainingJobName=name)
            else:
                found = self._client.describe_processing_job(ProcessingJobName=name)
        except ClientError as error:
            if _is_missing(error):
                return JobState("Missing")
            raise
        what = kind.capitalize()
        return JobState(
            status=found[f"{what}JobStatus"],
            started=_seconds(found.get(f"{what}StartTime")),
            ended=_seconds(found.get(f"{what}EndTime")),
            failure=found.get("FailureReason"),
            metrics={metric["MetricName"]: metric["Value"] for metric in found.get("FinalMetricDataList", [])},
        )


def _seconds(time: datetime | None) -> float | None:
    return time.timestamp() if time else None


def _is_missing(error: ClientError) -> bool:
    """SageMaker says ValidationException "Could not find ..." for most things, ResourceNotFound for some."""
    code, message = error.response["Error"]["Code"], error.response["Error"].get("Message", "").lower()
    return "NotFound" in code or (code.startswith("Validation") and ("could not find" in message or "not found" in message))


def _is_there(error: ClientError) -> bool:
    code, message = error.response["Error"]["Code"], error.response["Error"].get("Message", "").lower()
    return code.startswith(("Validation", "ResourceInUse")) and ("already exist" in message or "existing" in message)


def _invocation_error(error: ClientError) -> Exception:
    code = error.response["Error"]["Code"]
    if _is_missing(error):
        return Unavailable("no model is in service yet: post records, or wait for the first run to promote one")
    if code in ("ModelError", "ModelErrorException"):
        return ModelError("the model answered with an error", details={"status": error.response.get("OriginalStatusCode", 0)})
    if code in ("ServiceUnavailable", "ModelNotReadyException", "InternalDependencyException"):
        return Unavailable("the model is waking; try again in a few seconds", code="waking")
    return error
