"""Calls: what is tried again, how long after, and which error comes out, the same of both transports."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from chartloop import errors
from client.calls import Call
from client.http import AsyncHttp, Http
from tests.client.service import LIMITS, Service, error

OK = httpx.Response(200, json={"ok": True})
HEALTH = Call[Any]("GET", "/v1/health")
RUNS = Call[Any]("GET", "/v1/runs")

Use = Callable[..., Any]


def _blocking(service: Service, method: str, *given: Any) -> Any:
    return getattr(service.http(), method)(*given)


def _awaited(service: Service, method: str, *given: Any) -> Any:
    return asyncio.run(getattr(service.async_http(), method)(*given))


@pytest.fixture(params=[_blocking, _awaited], ids=[Http.__name__, AsyncHttp.__name__])
def use(request: pytest.FixtureRequest) -> Use:
    """Uses a method of either transport over the service."""
    used: Use = request.param
    return used


@pytest.mark.parametrize(
    "first",
    [
        error(429, "throttled"),
        error(503, "waking"),
        httpx.Response(502),
        httpx.Response(504),
        httpx.ReadTimeout("late"),
        httpx.ConnectError("refused"),
    ],
)
def test_a_passing_trouble_is_tried_again(use: Use, first: httpx.Response | Exception) -> None:
    service = Service().on("GET /v1/health", first, OK)
    assert use(service, "call", HEALTH) == {"ok": True}
    assert len(service.asked) == 2


def test_pauses_grow_and_end(use: Use) -> None:
    service = Service().on("GET /v1/health", error(503, "waking"))
    with pytest.raises(errors.Unavailable, match="because"):
        use(service, "call", HEALTH)
    assert len(service.asked) == LIMITS.tries
    assert service.slept == [0.25, 0.5, 1.0, 2.0, 4.0]


def test_the_service_says_how_long_to_wait(use: Use) -> None:
    asks = httpx.Response(429, headers={"retry-after": "3"})
    service = Service().on("GET /v1/health", asks, OK)
    use(service, "call", HEALTH)
    assert service.slept == [3.0]


def test_no_model_is_no_passing_trouble(use: Use) -> None:
    service = Service().on("POST /v1/tasks/ner/predict", error(503, "no_model"))
    with pytest.raises(errors.Unavailable) as raised:
        use(service, "call", Call("POST", "/v1/tasks/ner/predict"))
    assert raised.value.code == "no_model"
    assert len(service.asked) == 1


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, errors.InvalidRequest),
        (401, errors.Unauthorized),
        (403, errors.Forbidden),
        (404, errors.NotFound),
        (409, errors.Conflict),
        (413, errors.TooLarge),
        (500, errors.ChartloopError),
    ],
)
def test_an_error_body_becomes_that_error(use: Use, status: int, kind: type[errors.ChartloopError]) -> None:
    service = Service().on("GET /v1/runs", error(status, "some_code", "the rule", field="limit", details={"n": 1}))
    with pytest.raises(errors.ChartloopError) as raised:
        use(service, "call", RUNS)
    found = raised.value
    assert type(found) is kind
    assert (found.code, found.message, found.field, found.details) == ("some_code", "the rule", "limit", {"n": 1})


@pytest.mark.parametrize("body", ["<html>", "[]", '{"message": "Unauthorized"}', '{"error": "no"}'])
def test_a_stranger_in_between_is_still_an_error(use: Use, body: str) -> None:
    service = Service().on("GET /v1/runs", httpx.Response(401, text=body))
    with pytest.raises(errors.Unauthorized) as raised:
        use(service, "call", RUNS)
    assert raised.value.code == "unauthorized"


def test_a_page_that_is_no_json_is_said_so(use: Use) -> None:
    service = Service().on("GET /v1/runs", httpx.Response(200, text="<html>"))
    with pytest.raises(errors.ChartloopError) as raised:
        use(service, "call", RUNS)
    assert raised.value.code == "unexpected_answer"


def test_nobody_answers(use: Use) -> None:
    service = Service().on("GET /v1/runs", httpx.ConnectError("refused"))
    with pytest.raises(errors.Unavailable) as raised:
        use(service, "call", RUNS)
    assert raised.value.code == "unreachable"


def test_the_token_goes_to_the_service_and_not_to_a_presigned_address(use: Use) -> None:
    service = Service().on("GET /v1/runs", OK).on("PUT /file", httpx.Response(503), httpx.Response(200))
    use(service, "call", RUNS)
    use(service, "put_file", "http://bucket.example/file", {"x-amz-meta-batch-id": "b"}, lambda: [b"one ", b"two"])
    assert service.asked[0].headers["authorization"] == "Bearer a-token"
    assert "authorization" not in service.asked[-1].headers
    assert service.asked[-1].headers["x-amz-meta-batch-id"] == "b"
    assert [request.content for request in service.asked[1:]] == [b"one two", b"one two"]


def test_a_refused_upload_is_an_error(use: Use) -> None:
    service = Service().on("PUT /file", httpx.Response(403))
    with pytest.raises(errors.ChartloopError) as raised:
        use(service, "put_file", "http://bucket.example/file", {}, lambda: [b""])
    assert raised.value.code == "upload_failed"


def test_a_body_that_utf8_cannot_hold_is_escaped(use: Use) -> None:
    service = Service().on("POST /v1/tasks/ner/predict", OK)
    use(service, "call", Call("POST", "/v1/tasks/ner/predict", json={"text": "\ud800 µg"}))
    use(service, "call", Call("POST", "/v1/tasks/ner/predict", json={"text": "µg"}))
    assert service.sent(0) == {"text": "\ud800 µg"}
    assert service.asked[1].content == '{"text": "µg"}'.encode()
    assert service.asked[1].headers["content-type"] == "application/json"
