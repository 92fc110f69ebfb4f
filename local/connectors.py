"""Step Functions' `sagemaker:create...Job.sync`: starts the job, waits for its end, hands over its description or its failure."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError
from moto.stepfunctions.parser.api import HistoryEventType, TaskFailedEventDetails
from moto.stepfunctions.parser.asl.component.common.error_name.custom_error_name import CustomErrorName
from moto.stepfunctions.parser.asl.component.common.error_name.failure_event import FailureEvent, FailureEventException
from moto.stepfunctions.parser.asl.component.common.error_name.states_error_name import StatesErrorName
from moto.stepfunctions.parser.asl.component.common.error_name.states_error_name_type import StatesErrorNameType
from moto.stepfunctions.parser.asl.component.state.exec.state_task import lambda_eval_utils, state_task_factory
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service import (
    state_task_service_aws_sdk,
    state_task_service_sns,
    state_task_service_sqs,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.resource import ResourceCondition
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.state_task_service_callback import (
    StateTaskServiceCallback,
)
from moto.stepfunctions.parser.asl.eval.event.event_detail import EventDetails

from local.events import milliseconds
from local.patches import Method, wrap
from local.server import role_name


@dataclass(frozen=True)
class JobKind:
    """The names that SageMaker's operations use for a kind of job: `name` and `status` are fields, the others operations."""

    name: str
    describe: str
    status: str
    stop: str


JOBS = {
    "create_training_job": JobKind("TrainingJobName", "describe_training_job", "TrainingJobStatus", "stop_training_job"),
    "create_processing_job": JobKind(
        "ProcessingJobName", "describe_processing_job", "ProcessingJobStatus", "stop_processing_job"
    ),
    "create_hyper_parameter_tuning_job": JobKind(
        "HyperParameterTuningJobName",
        "describe_hyper_parameter_tuning_job",
        "HyperParameterTuningJobStatus",
        "stop_hyper_parameter_tuning_job",
    ),
}


CALLERS = (lambda_eval_utils, state_task_service_aws_sdk, state_task_service_sns, state_task_service_sqs)
"""moto's modules that call a service for a state."""

STATE_SECONDS = 24 * 3600
"""No call of a state takes longer; a state's own limit ends it before."""


def client_of(region: str, service: str, state_credentials: Any) -> Any:
    """A client in the name of the state machine's role."""
    return connected(region, service, role_name(state_credentials.role_arn), os.environ["MOTO_PORT"])


@lru_cache(maxsize=64)
def connected(region: str, service: str, role: str, port: str) -> Any:
    return boto3.client(
        service,
        endpoint_url=f"http://localhost:{port}",
        region_name=region,
        config=Config(parameter_validation=False, retries={"max_attempts": 0}, read_timeout=STATE_SECONDS),  # type: ignore[call-overload]
        aws_access_key_id=role,
        aws_secret_access_key="local",  # noqa: S106 (made up, so that none is real)
    )


def plain(description: dict[str, Any]) -> dict[str, Any]:
    """A description as a state's result: times as milliseconds, without what belongs to the HTTP answer."""
    document: dict[str, Any] = json.loads(json.dumps(description, default=milliseconds))
    document.pop("ResponseMetadata", None)
    return document


class SageMakerTask(StateTaskServiceCallback):  # type: ignore[misc]
    """The integration that moto's interpreter lacks. `WaitForTaskToken` is declared too, as its base trips over `Sync` alone."""

    def __init__(self) -> None:
        super().__init__(supported_integration_patterns={ResourceCondition.Sync, ResourceCondition.WaitForTaskToken})

    def _get_supported_parameters(self) -> set[str]:
        return set()

    def _eval_service_task(
        self, env: Any, resource_runtime_part: Any, normalised_parameters: dict[str, Any], state_credentials: Any
    ) -> None:
        client = client_of(resource_runtime_part.region, "sagemaker", state_credentials)
        env.stack.append(plain(getattr(client, self._get_boto_service_action())(**normalised_parameters)))

    def _build_sync_resolver(
        self, env: Any, resource_runtime_part: Any, normalised_parameters: dict[str, Any], state_credentials: Any
    ) -> Callable[[], dict[str, Any] | None]:
        env.stack.pop()
        kind = JOBS[self._get_boto_service_action()]
        name = {kind.name: normalised_parameters[kind.name]}
        client = client_of(resource_runtime_part.region, "sagemaker", state_credentials)

        def poll() -> dict[str, Any] | None:
            if not env.is_running():
                return None
            description = plain(getattr(client, kind.describe)(**name))
            if description[kind.status] in ("InProgress", "Stopping"):
                return None
            if description[kind.status] == "Completed":
                return description
            failed = StatesErrorName(typ=StatesErrorNameType.StatesTaskFailed)
            raise FailureEventException(self._failure(env, failed, json.dumps(description)))

        poll.stop = lambda: getattr(client, kind.stop)(**name)  # type: ignore[attr-defined]
        return poll

    def _eval_sync(self, env: Any, sync_resolver: Any, **rest: Any) -> Any:
        """As the base does it, and an execution that was stopped, or a state that ran out of time, stops its job."""
        outcome = super()._eval_sync(env=env, sync_resolver=sync_resolver, **rest)
        if not isinstance(outcome, dict):  # which is what a job that ended gives
            sync_resolver.stop()
        return outcome

    def _from_error(self, env: Any, ex: Exception) -> Any:
        if not isinstance(ex, ClientError):
            return super()._from_error(env=env, ex=ex)
        name = f"SageMaker.{ex.response['Error']['Code'].removesuffix('Exception')}Exception"
        return self._failure(env, CustomErrorName(name), ex.response["Error"]["Message"])

    def _failure(self, env: Any, error: Any, cause: str) -> Any:
        details = TaskFailedEventDetails(
            error=error.error_name, cause=cause, resource=self._get_sfn_resource(), resourceType=self._get_sfn_resource_type()
        )
        return FailureEvent(
            env=env,
            error_name=error,
            event_type=HistoryEventType.TaskFailed,
            event_details=EventDetails(taskFailedEventDetails=details),
        )


def install() -> None:
    """Adds the integration to those that the interpreter knows, and has all of them work under the machine's role."""

    def and_sagemaker(own: Method) -> Method:
        return lambda service_name: SageMakerTask() if service_name == "sagemaker" else own(service_name)

    for module in CALLERS:
        wrap(module, "boto_client_for", lambda _: client_of)
    wrap(state_task_factory, "state_task_service_for", and_sagemaker)
