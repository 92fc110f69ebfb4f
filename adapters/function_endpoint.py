"""The endpoint that is a function: the predict function holds the models itself, and is asked directly, past the API."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cached_property
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from chartloop.errors import ModelError, Unavailable
from chartloop.seams import EndpointState
from chartloop.settings import Settings

ANSWER_SECONDS = 40
"""Longer than the function itself may take, so that its own end is what is told."""


def config_name(prefix: str, version: str, sha256: str) -> str:
    return f"{prefix}-{version}-{sha256[:8]}"


class FunctionEndpoints:
    """Nothing is made or deleted: a version that is in the model folder can be asked, and the folder's pointer is the switch."""

    def __init__(self, settings: Settings, *, client: Any = None) -> None:
        self._settings = settings
        self._given = client

    @cached_property
    def _client(self) -> Any:
        waits = Config(read_timeout=ANSWER_SECONDS, retries={"max_attempts": 0})
        return self._given or boto3.client("lambda", config=waits)

    def config_name(self, version: str, sha256: str) -> str:
        return config_name(self._settings.endpoint_prefix, version, sha256)

    def state(self, task: str, wanted: str | None = None) -> EndpointState:
        return EndpointState(**self._ask({"ask": "state", "task": task, "config": wanted})["state"])

    def deploy(self, task: str, version: str, *, model_uri: str, sha256: str, guarded: bool) -> None:
        """The copy to the model folder, a step of its own before this one, is all that a version needs."""

    def redeploy(self, task: str, config: str | None) -> None:
        """Until the pointer moves, every caller is answered by the version from before."""

    def rehearse(self, task: str, version: str, *, model_uri: str, sha256: str) -> EndpointState | None:
        """None: a version answers by its configuration before the pointer names it, so it needs no second place."""

    def settle(self, task: str) -> None:
        """There is nothing to scale, and nothing is left over."""

    def invoke(self, task: str, payload: Mapping[str, Any], *, config: str | None = None) -> dict[str, Any]:
        answer: dict[str, Any] = self._ask({"ask": "answer", "task": task, "config": config, "payload": dict(payload)})["answer"]
        return answer

    def _ask(self, question: Mapping[str, Any]) -> dict[str, Any]:
        try:
            answer = self._client.invoke(FunctionName=self._settings.predict_function, Payload=json.dumps(question).encode())
        except ClientError as error:
            if error.response["Error"]["Code"] == "TooManyRequestsException":
                raise Unavailable("the predict function is busy; try again in a few seconds", code="waking") from None
            raise
        said: dict[str, Any] = json.loads(answer["Payload"].read())
        if "FunctionError" in answer:
            raise ModelError("the predict function failed", details={"type": str(said.get("errorType", "unknown"))[:60]})
        if "error" in said:
            told = said["error"]
            raise (Unavailable if told["status"] == Unavailable.status else ModelError)(told["message"], code=told["code"])
        return said
