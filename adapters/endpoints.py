"""Endpoints on SageMaker: requests are plain dictionaries, asked for again without harm."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError, ReadTimeoutError

from adapters import variants
from adapters.sagemaker import OnSageMaker, is_missing, is_there
from adapters.scaling import Scaling
from adapters.variants import SERVERLESS
from chartloop import tasks
from chartloop.errors import EndpointBusy, ModelError, Unavailable
from chartloop.seams import BUSY, EndpointState
from chartloop.settings import Settings

if TYPE_CHECKING:
    from mypy_boto3_sagemaker.client import SageMakerClient
    from mypy_boto3_sagemaker_runtime.client import SageMakerRuntimeClient

INVOKE_SECONDS = 25
"""Under API Gateway's 29 s, so that a slow model is told as such."""


class SageMakerEndpoints(OnSageMaker):
    """One endpoint a task, `{prefix}-{task}`, real-time or serverless; configurations are named by version and sha256.

    A serverless endpoint has no guardrails, so a candidate answers at `{prefix}-{task}-next` before it takes its place.
    """

    def __init__(
        self, settings: Settings, *, client: SageMakerClient | None = None, runtime: SageMakerRuntimeClient | None = None
    ) -> None:
        super().__init__(settings, client=client)
        self._given_runtime = runtime

    @cached_property
    def _runtime(self) -> SageMakerRuntimeClient:
        return self._given_runtime or boto3.client(
            "sagemaker-runtime", config=Config(read_timeout=INVOKE_SECONDS, retries={"max_attempts": 0})
        )

    @cached_property
    def _scaling(self) -> Scaling:
        return Scaling(self._settings)

    def config_name(self, version: str, sha256: str) -> str:
        return f"{self._settings.endpoint_prefix}-{version}-{sha256[:8]}"

    def state(self, task: str, wanted: str | None = None) -> EndpointState:  # noqa: ARG002 (one is live, whichever is wanted)
        return self._state(self._name(task))

    def deploy(self, task: str, version: str, *, model_uri: str, sha256: str, guarded: bool) -> None:
        config = self._configured(task, version, model_uri, sha256)
        alarms = [name.format(task=task) for name in self._settings.rollback_alarms.split()] if guarded else []
        self._bring(self._name(task), config, alarms)

    def redeploy(self, task: str, config: str | None) -> None:
        if config is None:
            self._delete(self._name(task))
        else:
            self._bring(self._name(task), config, [])

    def rehearse(self, task: str, version: str, *, model_uri: str, sha256: str) -> EndpointState | None:
        if self._settings.serving != SERVERLESS:
            return None
        name, config = self._next(task), self._configured(task, version, model_uri, sha256)
        state = self._state(name)
        if state.status == "Missing":
            self._client.create_endpoint(**variants.creation(name, config, self._settings))
        elif state.config != config:
            self._delete(name)  # what an earlier run left
        return state

    def settle(self, task: str) -> None:
        if self._settings.serving == SERVERLESS:
            self._delete(self._next(task))
        elif self.state(task).status == "InService":
            self._scaling.start(self._name(task))

    def invoke(self, task: str, payload: Mapping[str, Any], *, config: str | None = None) -> dict[str, Any]:
        name = self._name(task)
        if config is not None and self._settings.serving == SERVERLESS and self.state(task).config != config:
            name = self._next(task)
        try:
            answer = self._runtime.invoke_endpoint(
                EndpointName=name, Body=json.dumps(payload).encode(), ContentType="application/json"
            )
        except ReadTimeoutError:
            raise Unavailable("the model did not answer in time: it may be waking; try again", code="waking") from None
        except ClientError as error:
            raise _invocation_error(error) from None
        result: dict[str, Any] = json.loads(answer["Body"].read())
        return result

    def _name(self, task: str) -> str:
        return f"{self._settings.endpoint_prefix}-{task}"

    def _next(self, task: str) -> str:
        return f"{self._name(task)}-next"

    def _state(self, name: str) -> EndpointState:
        try:
            found = self._client.describe_endpoint(EndpointName=name)
        except ClientError as error:
            if is_missing(error):
                return EndpointState("Missing")
            raise
        return EndpointState(found["EndpointStatus"], found.get("EndpointConfigName"), found.get("FailureReason"))

    def _bring(self, name: str, config: str, alarms: list[str]) -> None:
        """Creates or updates the endpoint where it can take it now."""
        state = self._state(name)
        if state.status == "Missing":
            self._client.create_endpoint(**variants.creation(name, config, self._settings))
        elif state.status == "Failed":
            # A failed endpoint cannot be updated; the step is repeated until the old one is gone.
            self._client.delete_endpoint(EndpointName=name)
        elif state.status == "InService" and state.config != config:
            self._scaling.stop(name)
            self._client.update_endpoint(**variants.update(name, config, self._settings, alarms=alarms))

    def _delete(self, name: str) -> None:
        state = self._state(name)
        if state.status == "Deleting":
            return
        if state.status in BUSY:
            raise EndpointBusy(f"the endpoint is {state.status}: it cannot be deleted yet")
        if state.status != "Missing":
            self._scaling.stop(name)
            self._client.delete_endpoint(EndpointName=name)

    def _configured(self, task: str, version: str, model_uri: str, sha256: str) -> str:
        """The name of the version's configuration, which is made where there is none."""
        name = self.config_name(version, sha256)
        try:
            self._client.describe_endpoint_config(EndpointConfigName=name)
        except ClientError as error:
            if not is_missing(error):
                raise
            self._make(task, name, model_uri)
        return name

    def _make(self, task: str, name: str, model_uri: str) -> None:
        placed = tasks.find(task).placed(self._settings)
        try:
            self._client.create_model(**variants.model(name, model_uri, placed))
        except ClientError as error:
            if not is_there(error):
                raise
        self._client.create_endpoint_config(**variants.configuration(name, placed))


def _invocation_error(error: ClientError) -> Exception:
    code = error.response["Error"]["Code"]
    if is_missing(error):
        return Unavailable("no model is in service yet: post records, or wait for the first run to promote one")
    if code in ("ModelError", "ModelErrorException"):
        return ModelError("the model answered with an error", details={"status": error.response.get("OriginalStatusCode", 0)})
    if code in ("ServiceUnavailable", "ModelNotReadyException", "InternalDependencyException", "ThrottlingException"):
        return Unavailable("the model is waking; try again in a few seconds", code="waking")
    return error
