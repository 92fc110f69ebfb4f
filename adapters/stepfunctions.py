"""The retraining state machine on Step Functions, and the tokens of the tasks that it waits for."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

import boto3
from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions.client import SFNClient


class StepFunctionsExecutions:
    """Executions of one state machine, by name."""

    def __init__(self, state_machine: str, *, client: SFNClient | None = None) -> None:
        self._machine = state_machine
        self._given = client

    @cached_property
    def _client(self) -> SFNClient:
        return self._given or boto3.client("stepfunctions")

    def start(self, name: str, payload: Mapping[str, Any]) -> None:
        try:
            self._client.start_execution(stateMachineArn=self._machine, name=name, input=json.dumps(payload))
        except self._client.exceptions.ExecutionAlreadyExists:
            return

    def status(self, name: str) -> str:
        try:
            return self._client.describe_execution(executionArn=self._arn(name))["status"]
        except ClientError as error:
            if error.response["Error"]["Code"] in {"ExecutionDoesNotExist", "InvalidArn"}:
                return "MISSING"
            raise

    def stop(self, name: str, cause: str) -> None:
        self._client.stop_execution(executionArn=self._arn(name), cause=cause)

    def _arn(self, name: str) -> str:
        return self._machine.replace(":stateMachine:", ":execution:") + ":" + name


class StepFunctionsTokens:
    """Task tokens; the failure's cause has the form of a job's, so that chartloop/failures.py reads both."""

    GONE = frozenset({"TaskTimedOut", "TaskDoesNotExist", "InvalidToken"})

    def __init__(self, *, client: SFNClient | None = None) -> None:
        self._given = client

    @cached_property
    def _client(self) -> SFNClient:
        return self._given or boto3.client("stepfunctions")

    def fail(self, token: str, reason: str) -> None:
        try:
            self._client.send_task_failure(taskToken=token, error="NotebookFailed", cause=json.dumps({"FailureReason": reason}))
        except ClientError as error:
            if error.response["Error"]["Code"] not in self.GONE:
                raise
