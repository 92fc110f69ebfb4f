"""Endpoints on SageMaker: requests are plain dictionaries, asked for again without harm."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from adapters.sagemaker import OnSageMaker, is_missing, is_there
from chartloop.errors import ModelError, Unavailable
from chartloop.seams import EndpointState

if TYPE_CHECKING:
    from mypy_boto3_sagemaker_runtime.client import SageMakerRuntimeClient

VARIANT = "champion"
INVOKE_SECONDS = 25
"""Under API Gateway's 29 s, so that a slow model is told as such."""


class SageMakerEndpoints(OnSageMaker):
    """One real-time endpoint a task, `{prefix}-{task}`; configurations are named by version and sha256."""

    @cached_property
    def _runtime(self) -> SageMakerRuntimeClient:
        return boto3.client("sagemaker-runtime", config=Config(read_timeout=INVOKE_SECONDS, retries={"max_attempts": 0}))

    def config_name(self, version: str, sha256: str) -> str:
        return f"{self._settings.endpoint_prefix}-{version}-{sha256[:8]}"

    def state(self, task: str, wanted: str | None = None) -> EndpointState:  # noqa: ARG002 (it holds one)
        try:
            found = self._client.describe_endpoint(EndpointName=self._name(task))
        except ClientError as error:
            if is_missing(error):
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

    def invoke(self, task: str, payload: Mapping[str, Any], *, config: str | None = None) -> dict[str, Any]:  # noqa: ARG002
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
            if is_missing(error):
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
            if not is_there(error):
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


def _invocation_error(error: ClientError) -> Exception:
    code = error.response["Error"]["Code"]
    if is_missing(error):
        return Unavailable("no model is in service yet: post records, or wait for the first run to promote one")
    if code in ("ModelError", "ModelErrorException"):
        return ModelError("the model answered with an error", details={"status": error.response.get("OriginalStatusCode", 0)})
    if code in ("ServiceUnavailable", "ModelNotReadyException", "InternalDependencyException"):
        return Unavailable("the model is waking; try again in a few seconds", code="waking")
    return error
