"""Calls: what is tried again, how long after, and which error comes out."""

from __future__ import annotations

from contextlib import suppress

import httpx
import pytest

from chartloop import errors
from client.http import TRIES
from tests.client.service import Service, error

OK = httpx.Response(200, json={"ok": True})


@pytest.mark.parametrize(
    "first", [error(429, "throttled"), error(503, "waking"), httpx.Response(502), httpx.Response(504), httpx.ReadTimeout("late")]
)
def test_a_passing_trouble_is_tried_again(first: httpx.Response | Exception) -> None:
    service = Service().on("GET /v1/health", first, OK)
    assert service.http().call("GET", "/v1/health") == {"ok": True}
    assert len(service.asked) == 2


def test_pauses_grow_and_end() -> None:
    service = Service().on("GET /v1/health", error(503, "waking"))
    with pytest.raises(errors.Unavailable, match="because"):
        service.http().call("GET", "/v1/health")
    assert len(service.asked) == TRIES
    assert service.slept == [0.25, 0.5, 1.0, 2.0, 4.0]


def test_the_service_says_how_long_to_wait() -> None:
    asks = httpx.Response(429, headers={"retry-after": "3"})
    service = Service().on("GET /v1/health", asks, OK)
    service.http().call("GET", "/v1/health")
    assert service.slept == [3.0]


def test_no_model_is_no_passing_trouble() -> None:
    service = Service().on("POST /v1/tasks/ner/predict", error(503, "no_model"))
    with pytest.raises(errors.Unavailable) as raised:
        service.http().call("POST", "/v1/tasks/ner/predict")
    assert raised.value.code == "no_model"
    assert len(service.asked) == 1


@pytest.mark.parametrize(
    ("first", "tries"),
    [
        (httpx.ConnectError("refused"), 2),
        (httpx.ConnectTimeout("late"), 2),
        (error(429, "throttled"), 2),
        (httpx.ReadTimeout("perhaps done"), 1),
        (httpx.RemoteProtocolError("cut off"), 1),
        (error(503, "waking"), 1),
        (httpx.Response(504), 1),
    ],
)
def test_what_may_have_had_an_effect_is_not_sent_again(first: httpx.Response | Exception, tries: int) -> None:
    service = Service().on("POST /v1/tasks/ner/rollback", first, OK)
    with suppress(errors.ChartloopError):
        service.http().call("POST", "/v1/tasks/ner/rollback", repeatable=False)
    assert len(service.asked) == tries


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
def test_an_error_body_becomes_that_error(status: int, kind: type[errors.ChartloopError]) -> None:
    service = Service().on("GET /v1/runs", error(status, "some_code", "the rule", field="limit", details={"n": 1}))
    with pytest.raises(errors.ChartloopError) as raised:
        service.http().call("GET", "/v1/runs")
    found = raised.value
    assert type(found) is kind
    assert (found.code, found.message, found.field, found.details) == ("some_code", "the rule", "limit", {"n": 1})


@pytest.mark.parametrize("body", ["<html>", "[]", '{"message": "Unauthorized"}', '{"error": "no"}'])
def test_a_stranger_in_between_is_still_an_error(body: str) -> None:
    service = Service().on("GET /v1/runs", httpx.Response(401, text=body))
    with pytest.raises(errors.Unauthorized) as raised:
        service.http().call("GET", "/v1/runs")
    assert raised.value.code == "unauthorized"


def test_a_page_that_is_no_json_is_said_so() -> None:
    service = Service().on("GET /v1/runs", httpx.Response(200, text="<html>"))
    with pytest.raises(errors.ChartloopError) as raised:
        service.http().call("GET", "/v1/runs")
    assert raised.value.code == "unexpected_answer"


def test_nobody_answers() -> None:
    service = Service().on("GET /v1/runs", httpx.ConnectError("refused"))
    with pytest.raises(errors.Unavailable) as raised:
        service.http().call("GET", "/v1/runs")
    assert raised.value.code == "unreachable"


def test_the_token_goes_to_the_service_and_not_to_a_presigned_address() -> None:
    service = Service().on("GET /v1/runs", OK).on("PUT /file", httpx.Response(503), httpx.Response(200))
    http = service.http()
    http.call("GET", "/v1/runs")
    http.put_file("http://bucket.example/file", {"x-amz-meta-batch-id": "b"}, lambda: [b"one ", b"two"])
    assert service.asked[0].headers["authorization"] == "Bearer a-token"
    assert "authorization" not in service.asked[-1].headers
    assert service.asked[-1].headers["x-amz-meta-batch-id"] == "b"
    assert [request.content for request in service.asked[1:]] == [b"one two", b"one two"]


def test_a_refused_upload_is_an_error() -> None:
    service = Service().on("PUT /file", httpx.Response(403))
    with pytest.raises(errors.ChartloopError) as raised:
        service.http().put_file("http://bucket.example/file", {}, lambda: b"")
    assert raised.value.code == "upload_failed"
