"""The library behind a function: the search function has the model folder, and is asked by those that are not in the network."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from chartloop.errors import ChartloopError, Conflict, NotFound, Unavailable

ANSWER_SECONDS = 20
"""The caller has 29 for everything."""
RAISED: dict[int, type[ChartloopError]] = {NotFound.status: NotFound, Conflict.status: Conflict}


class FunctionLibrary:
    """Asks the function of this name; what it refuses is raised here as it was there."""

    def __init__(self, function: str, *, client: Any = None) -> None:
        self._function = function
        self._given = client

    @cached_property
    def _client(self) -> Any:
        waits = Config(read_timeout=ANSWER_SECONDS, retries={"max_attempts": 0})
        return self._given or boto3.client("lambda", config=waits)

    def suggest(
        self, task: str, encoder: Mapping[str, str], notes: Sequence[Mapping[str, Any]], most: int
    ) -> list[list[dict[str, Any]]]:
        found: list[list[dict[str, Any]]] = self._ask("codes", task, encoder, notes=list(notes), most=most)
        return found

    def similar(self, task: str, encoder: Mapping[str, str], vector: Sequence[float], most: int) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self._ask("similar", task, encoder, vector=list(vector), most=most)
        return found

    def _ask(self, what: str, task: str, encoder: Mapping[str, str], **more: Any) -> Any:
        question = json.dumps({"ask": what, "task": task, "encoder": dict(encoder), **more})
        try:
            answer = self._client.invoke(FunctionName=self._function, Payload=question.encode())
        except (ClientError, BotoCoreError):
            raise _failed() from None
        said = json.loads(answer["Payload"].read())
        if "FunctionError" in answer:
            raise _failed()
        if error := said.get("error"):
            raise RAISED.get(error["status"], Unavailable)(error["message"], code=error["code"])
        return said["answer"]


def _failed() -> Unavailable:
    return Unavailable("the stored records could not be searched; try again in a few seconds", code="search_failed")
