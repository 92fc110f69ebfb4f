"""The edge: errors become answers once, and neither an answer nor the log holds what a note says."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest

from chartloop import errors, strictjson
from lambdas import logs
from lambdas.http import MODELS_READ, Edge, Routes
from tests.lambdas.gateway import Caller
from tests.worlds import FakeWorld

CANARY = "Mrs Canary has a cough"


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    handler = logs.logger().registered_handler
    assert isinstance(handler, logging.StreamHandler)
    stream = io.StringIO()
    before = handler.setStream(stream)
    yield stream
    handler.setStream(before)


def raising(error: Exception) -> Caller:
    routes = Routes()

    @routes.add(MODELS_READ, "GET", "/v1/trouble", "Trouble", "Trouble")
    def trouble() -> dict[str, Any]:
        """It raises."""
        raise error

    return Caller(Edge(routes, loads=strictjson.loads), FakeWorld())


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (errors.InvalidRequest("x", field="f"), 400, "invalid_request"),
        (errors.NotFound("x"), 404, "not_found"),
        (errors.PromotionActive("x", details={"run_id": "r"}), 409, "promotion_active"),
        (errors.Stale("x"), 409, "conflict"),
        (errors.TooLarge("x"), 413, "payload_too_large"),
        (errors.ModelError("x"), 502, "model_error"),
        (errors.Unavailable("x", code="waking"), 503, "waking"),
        (errors.JobFailed("x"), 500, "job_failed"),
        (ValueError(CANARY), 500, "internal_error"),
        (KeyError(CANARY), 500, "internal_error"),
        (RecursionError(CANARY), 500, "internal_error"),
    ],
)
def test_every_error_has_its_status_and_code(error: Exception, status: int, code: str, log: io.StringIO) -> None:
    answer = raising(error)("GET", "/v1/trouble")
    assert (answer.status, answer.code) == (status, code)
    assert CANARY not in answer.text and CANARY not in log.getvalue()


def test_a_crash_is_logged_by_kind_and_place(log: io.StringIO) -> None:
    raising(ValueError(CANARY))("GET", "/v1/trouble")
    lines = [json.loads(line) for line in log.getvalue().splitlines()]
    crash = next(line for line in lines if line["message"] == "crashed")
    assert crash["error"] == "ValueError" and crash["place"].startswith("test_http.py:")
    request = next(line for line in lines if line["message"] == "request")
    assert (request["route"], request["status"], request["request_id"]) == ("/v1/trouble", 500, "request-1")


def test_the_log_takes_no_other_fields() -> None:
    with pytest.raises(ValueError, match="text"):
        logs.info("x", text=CANARY)


def test_a_post_leaves_nothing_of_its_notes_in_the_log(log: io.StringIO) -> None:
    from lambdas import api

    call = Caller(api.handle, FakeWorld())
    call(
        "POST",
        "/v1/tasks/ner/records",
        [{"record_id": "a", "text": CANARY, "entities": [{"start": 9, "end": 1, "label": CANARY}]}],
    )
    call("POST", "/v1/tasks/ner/records", f'[{{"text": "{CANARY}"')
    call("GET", f"/v1/tasks/ner/batches/{CANARY}")
    assert log.getvalue() and CANARY not in log.getvalue()


@pytest.mark.parametrize(("code", "seconds"), [("waking", "5"), ("no_model", None)])
def test_who_finds_a_model_waking_is_told_when_to_come_again(code: str, seconds: str | None) -> None:
    answer = raising(errors.Unavailable("x", code=code))("GET", "/v1/trouble")
    assert answer.headers.get("retry-after") == seconds
