"""The parts that states are made of: calls of functions, jobs run to their end, choices, retries and catches."""

from __future__ import annotations

from typing import Any

State = dict[str, Any]

STEP_SECONDS = 900
RUN = {
    "run_id.$": "$.run_id",
    "task.$": "$.task",
    "version.$": "$.version",
    "kind.$": "$.kind",
    "execution.$": "$$.Execution.Name",
}

CRASHES = [
    "Lambda.ServiceException",
    "Lambda.AWSLambdaException",
    "Lambda.SdkClientException",
    "Lambda.TooManyRequestsException",
    "Lambda.Unknown",
    "Runtime.ExitError",
    "Sandbox.Timedout",
    "ClientError",
    "Stale",
]
"""Failures of the machinery under a step. Steps may be repeated, so they are."""
NOT_NOW = [
    "SageMaker.ResourceLimitExceededException",
    "SageMaker.ResourceLimitExceeded",
    "SageMaker.ThrottlingException",
    "SageMaker.AmazonSageMakerException",
    "SageMaker.SageMakerException",
]
"""SageMaker refuses to create the job: quota, capacity or throttling. Nothing was created, so the name is still free."""
NO_ENDPOINT_NOW = ["ResourceLimitExceeded", "ThrottlingException"]
"""The same for an endpoint, as a function's error has it."""

INDEX_NOT_NOW = [
    "Unavailable",
    "TooManyRequestsException",
    "ServiceUnavailableException",
    "InternalServerException",
    "RequestTimeoutException",
]
"""Not all vectors are in their index yet, or S3 Vectors takes none for now: the step goes on where it was."""


def step(function: str, step: str, following: str, **options: Any) -> State:
    """A step of the promotion: its answer, where one is kept, is `$.promotion`."""
    return call(function, {**RUN, "step": step}, following, at="$.promotion", **options)


def call(
    function: str,
    payload: dict[str, str],
    following: str,
    *,
    keep: dict[str, str] | None = None,
    at: str = "",
    retry: list[dict[str, Any]] | None = None,
    catch: list[dict[str, Any]] | None = None,
) -> State:
    """Invokes a function. `keep` names what of its answer goes on, at the path `at`; without it the state stays as it is."""
    state: State = {
        "Type": "Task",
        "Resource": "arn:aws:states:::lambda:invoke",
        "Parameters": {"FunctionName": function, "Payload": payload},
        "TimeoutSeconds": STEP_SECONDS,
        "ResultPath": at if keep else None,
        "Retry": retry or [crashed()],
        "Next": following,
    }
    if keep:
        state["ResultSelector"] = {f"{name}.$": f"$.Payload.{field}" for name, field in keep.items()}
    if catch:
        state["Catch"] = catch
    return state


def job(operation: str, request: dict[str, Any], pause_seconds: int, **transition: Any) -> State:
    """Runs a SageMaker job to its end; the state passes through unchanged."""
    return {
        "Type": "Task",
        "Resource": f"arn:aws:states:::sagemaker:{operation}.sync",
        "Parameters": request,
        "ResultPath": None,
        "Retry": [retry(NOT_NOW, first=pause_seconds, attempts=10, longest=1800)],
        **transition,
    }


def choice(variable: str, cases: dict[str, str], *, default: str) -> State:
    choices = [{"Variable": variable, "StringEquals": value, "Next": state} for value, state in cases.items()]
    return {"Type": "Choice", "Choices": choices, "Default": default}


def crashed() -> dict[str, Any]:
    return retry(CRASHES, first=2, attempts=6, longest=60)


def retry(errors: list[str], *, first: int, attempts: int, longest: int) -> dict[str, Any]:
    """Waits `first` seconds, then twice as long each time, at most `longest`; jitter keeps runs from coming back together."""
    return {
        "ErrorEquals": errors,
        "IntervalSeconds": first,
        "BackoffRate": 2.0,
        "MaxAttempts": attempts,
        "MaxDelaySeconds": longest,
        "JitterStrategy": "FULL",
    }


def to(state: str, *errors: str, at: str = "$.error") -> list[dict[str, Any]]:
    return [{"ErrorEquals": list(errors) or ["States.ALL"], "ResultPath": at, "Next": state}]
