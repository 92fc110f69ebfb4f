"""Thousands of requests made from the OpenAPI document, good and bad: no 5xx, and no answer that it does not describe."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import parse_qsl

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import content_type_conformance, response_schema_conformance, status_code_conformance

from infra.api import BINARY
from lambdas import api, predict
from tests.chartloop.intakes import note
from tests.lambdas.gateway import CONTEXT, Caller, event
from tests.lambdas.posted import post, promoted
from tests.worlds import FakeWorld

PATHS = json.loads(api.OPENAPI.read_text())["paths"]
OPERATIONS = [
    (path, method, mode)
    for path, its in PATHS.items()
    for method, operation in its.items()
    for mode in GenerationMode
    if mode.is_positive or operation.get("parameters") or operation.get("requestBody")
]
"""What takes nothing cannot be asked wrongly."""
CASES = 60
"""Of each operation, of which there are twenty and more, good and as many bad."""
LEAST = 2_000
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]


class Gateway:
    """The two functions behind one WSGI application, over a world in which a model serves and a batch was taken in."""

    def __init__(self) -> None:
        self.answered = 0
        self.world = FakeWorld()
        self.version = promoted(self.world)
        self.batch_id = post(Caller(api.handle, self.world), [note("a"), note("b")])

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        path = environ["PATH_INFO"].encode("latin-1").decode("utf-8", "replace")
        query = dict(parse_qsl(environ.get("QUERY_STRING", ""), keep_blank_values=True)) or None
        headers = {name[5:].replace("_", "-").lower(): value for name, value in environ.items() if name.startswith("HTTP_")}
        headers["content-type"] = environ.get("CONTENT_TYPE") or "application/json"
        request = event(environ["REQUEST_METHOD"], path, _body(environ, headers["content-type"]), query=query, headers=headers)
        answer = (predict if path.endswith("/predict") else api).handle(request, CONTEXT, self.world)
        self.answered += 1
        start_response(f"{answer['statusCode']} -", [(name, values[0]) for name, values in answer["multiValueHeaders"].items()])
        return [answer["body"].encode()]


def _body(environ: dict[str, Any], content_type: str) -> str | bytes | None:
    """As API Gateway hands it on: what it takes for binary in base64, all else as text."""
    body: bytes = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    return body if content_type in BINARY else body.decode("utf-8", "replace") or None


@pytest.fixture(scope="module")
def gateway() -> Gateway:
    return Gateway()


@pytest.fixture(scope="module")
def schema(gateway: Gateway) -> Any:
    return schemathesis.openapi.from_wsgi("/v1/openapi.json", gateway)


@pytest.mark.parametrize(("path", "method", "mode"), OPERATIONS)
def test_every_answer_is_one_that_the_document_describes(schema: Any, path: str, method: str, mode: GenerationMode) -> None:
    @given(case=schema[path][method].as_strategy(generation_mode=mode))
    @settings(
        max_examples=CASES, derandomize=True, deadline=None, database=None, phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    def ask(case: Any) -> None:
        case.call_and_validate(checks=CHECKS)

    ask()


def test_there_were_thousands_of_them(gateway: Gateway) -> None:
    assert gateway.answered >= LEAST
