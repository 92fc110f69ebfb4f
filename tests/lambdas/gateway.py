"""Events as API Gateway's proxy integration makes them, and their answers checked and read."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

from lambdas.http import GOLD_WRITE, MODELS_PROMOTE, MODELS_READ, PREDICT, RECORDS_WRITE
from tests import contracts
from tests.worlds import FakeWorld

ALL = (RECORDS_WRITE, MODELS_READ, PREDICT, MODELS_PROMOTE, GOLD_WRITE)
CONTEXT = SimpleNamespace(function_name="f", memory_limit_in_mb=128, invoked_function_arn="arn", aws_request_id="r")


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    text: str

    @property
    def json(self) -> Any:
        return json.loads(self.text)

    @property
    def code(self) -> str:
        return str(self.json["error"]["code"])


def event(
    method: str, path: str, body: Any = None, *, scopes: tuple[str, ...] | None = ALL, query: dict[str, str] | None = None,
    headers: dict[str, str] | None = None,
) -> dict[str, Any]:  # fmt: skip
    """`scopes` None is a request that no authorizer saw; bytes are sent as binary, strings as they are, all else as JSON."""
    binary = isinstance(body, bytes)
    text = base64.b64encode(body).decode() if binary else body if isinstance(body, str) or body is None else json.dumps(body)
    given = {"content-type": "application/json", **(headers or {})}
    context: dict[str, Any] = {"requestId": "request-1", "stage": "prod"}
    if scopes is not None:
        context["authorizer"] = {"sub": "alice", "scope": " ".join(scopes), "principalId": "alice"}
    return {
        "resource": "/v1/{proxy+}", "path": path, "httpMethod": method, "headers": given,
        "multiValueHeaders": {name: [value] for name, value in given.items()}, "queryStringParameters": query,
        "multiValueQueryStringParameters": {name: [value] for name, value in query.items()} if query else None,
        "pathParameters": None, "stageVariables": None, "body": text, "isBase64Encoded": binary, "requestContext": context,
    }  # fmt: skip


class Caller:
    """Calls a function's handler with events; every error that it answers is checked against the contract."""

    def __init__(self, handle: Callable[[dict[str, Any], Any, FakeWorld], dict[str, Any]], world: FakeWorld) -> None:
        self.handle, self.world = handle, world

    def __call__(self, method: str, path: str, body: Any = None, **options: Any) -> Answer:
        raw = self.handle(event(method, path, body, **options), CONTEXT, self.world)
        headers = {name.lower(): values[0] for name, values in raw["multiValueHeaders"].items()}
        assert headers["cache-control"] == "no-store" and headers["x-request-id"] == "request-1" and headers["content-type"]
        answer = Answer(raw["statusCode"], headers, raw["body"])
        if answer.status >= 400:
            contracts.validate("error", answer.json)
            assert answer.json["error"]["status"] == answer.status
        return answer
