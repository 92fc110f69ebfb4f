"""The client's methods: which route each asks, with what, and that its types are the contracts."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from client.api import Api, AsyncApi
from tests.client import examples
from tests.client.service import Service
from tests.contracts import validate

CALLS: list[tuple[str, Callable[[Api], Any]]] = [
    ("GET /v1/health", lambda api: api.health()),
    ("POST /v1/tasks/ner/records", lambda api: api.post_records("ner", [{"record_id": "n"}])),
    ("GET /v1/tasks/ner/batches", lambda api: api.batches("ner")),
    ("GET /v1/tasks/ner/batches/b-1", lambda api: api.batch("ner", "b-1")),
    ("POST /v1/tasks/ner/batches/b-1/withdraw", lambda api: api.withdraw("ner", "b-1", "wrong file")),
    ("GET /v1/tasks/ner/quarantine", lambda api: api.quarantine("ner")),
    ("POST /v1/tasks/ner/batches/b-1/discard", lambda api: api.discard("ner", "b-1", "test file")),
    ("GET /v1/tasks", lambda api: api.tasks()),
    ("GET /v1/tasks/ner", lambda api: api.task("ner")),
    ("GET /v1/tasks/ner/settings", lambda api: api.settings("ner")),
    ("PATCH /v1/tasks/ner/settings", lambda api: api.change_settings("ner", {"minimum_records": 100})),
    ("POST /v1/tasks/ner/runs", lambda api: api.start_run("ner")),
    ("GET /v1/runs", lambda api: api.runs("ner")),
    ("GET /v1/runs/r-1", lambda api: api.run("r-1")),
    ("POST /v1/runs/r-1/cancel", lambda api: api.cancel_run("r-1", "wrong file")),
    ("GET /v1/tasks/ner/models", lambda api: api.models("ner")),
    ("POST /v1/tasks/ner/models/r-1/promote", lambda api: api.promote("ner", "r-1", "looked at it")),
    ("POST /v1/tasks/ner/models/r-1/reject", lambda api: api.reject("ner", "r-1", "looked at it")),
    ("POST /v1/tasks/ner/rollback", lambda api: api.rollback("ner", "worse")),
    ("POST /v1/tasks/ner/predict", lambda api: api.predict("ner", ["a note"], keep=True)),
    ("POST /v1/tasks/ner/feedback", lambda api: api.feedback("ner", "p-1", entities=[])),
    ("GET /v1/tasks/ner/review", lambda api: api.review("ner", text=True)),
    ("GET /v1/tasks/ner/drift", lambda api: api.drift("ner", days=7)),
    ("GET /v1/tasks/regression/schema", lambda api: api.schema("regression")),
    ("GET /v1/tasks/ner/batches/b-1/changes", lambda api: api.changes("ner", "b-1")),
    ("GET /v1/tasks/ner/records", lambda api: api.records("ner", poster="alice", verdict="rejected")),
    ("GET /v1/tasks/ner/posters", lambda api: api.posters("ner")),
    ("GET /v1/tasks/ner/provenance", lambda api: api.provenance("ner", "n-1")),
    ("POST /v1/tasks/ner/gold", lambda api: api.add_gold("ner", b"{}", "application/json")),
    ("GET /v1/tasks/ner/quality", lambda api: api.quality("ner")),
    ("POST /v1/tasks/ner/similar", lambda api: api.similar("ner", "a note")),
]


@pytest.mark.parametrize(("route", "call"), CALLS, ids=[route for route, _ in CALLS])
def test_a_method_asks_its_route_once(route: str, call: Callable[[Api], Any]) -> None:
    service = Service().on(route, {"models": [], "tasks": []})
    with Api(service.http()) as api:
        call(api)
    assert service.routes == [route]


@pytest.mark.parametrize(("route", "call"), CALLS, ids=[route for route, _ in CALLS])
def test_awaited_it_is_the_same_request(route: str, call: Callable[[Any], Any]) -> None:
    async def awaited(service: Service) -> Any:
        async with AsyncApi(service.async_http()) as api:
            return await call(api)

    blocking, other = (
        Service().on(route, {"models": [route], "tasks": [route]}),
        Service().on(route, {"models": [route], "tasks": [route]}),
    )
    assert asyncio.run(awaited(other)) == call(Api(blocking.http()))
    assert [_plain(request) for request in other.asked] == [_plain(request) for request in blocking.asked]


def _plain(request: httpx.Request) -> tuple[Any, ...]:
    headers = {name: value for name, value in request.headers.items() if name != "idempotency-key"}
    return request.method, request.url, headers, request.content, "idempotency-key" in request.headers


def test_ids_cannot_leave_their_place_in_the_address() -> None:
    service = Service().on("GET /v1/runs/a/../b?c#d", {})
    Api(service.http()).run("a/../b?c#d")
    assert service.asked[0].url.raw_path == b"/v1/runs/a%2F..%2Fb%3Fc%23d"


def test_records_go_as_json_lines_with_options_and_key() -> None:
    service = Service().on("POST /v1/tasks/ner/records", examples.receipt())
    records = [{"record_id": "n-1", "text": "µg\n½"}, {"record_id": "n-2", "text": "é"}]
    Api(service.http()).post_records("ner", records, idempotency_key="k", replace=True, offset_unit="utf16")
    request = service.asked[0]
    assert [json.loads(line) for line in request.content.decode().split("\n")] == records
    assert request.headers["content-type"] == "application/x-ndjson"
    assert request.headers["idempotency-key"] == "k"
    assert dict(request.url.params) == {"replace": "true", "offset_unit": "utf16"}


def test_a_batch_without_a_key_leaves_it_to_its_content() -> None:
    service = Service().on("POST /v1/tasks/ner/records", httpx.Response(502), examples.receipt())
    Api(service.http()).post_body("ner", b"{}", "application/json")
    assert len({request.content for request in service.asked}) == 1
    assert "idempotency-key" not in service.asked[0].headers


def test_a_large_file_goes_to_the_presigned_address(tmp_path: Path) -> None:
    file = tmp_path / "notes.jsonl.gz"
    file.write_bytes(b"x" * 3_000_000)
    place = {
        "batch_id": "u-1",
        "url": "http://bucket.example/incoming",
        "headers": {"x-amz-meta-batch-id": "u-1"},
        "key": "k",
        "expires_in": 60,
    }
    service = Service().on("POST /v1/tasks/ner/uploads", place).on("PUT /incoming", httpx.Response(200))
    sizes: list[int] = []
    assert Api(service.http()).upload("ner", file, progress=sizes.append, replace=True) == "u-1"
    assert service.sent(0) == {"name": "notes.jsonl.gz", "replace": True}
    assert service.asked[1].headers["content-length"] == "3000000"
    assert "transfer-encoding" not in service.asked[1].headers
    assert service.asked[1].content == file.read_bytes()
    assert sum(sizes) == 3_000_000


def test_an_awaited_upload_is_the_same(tmp_path: Path) -> None:
    file = tmp_path / "notes.jsonl"
    file.write_bytes(b"x" * 3_000_000)
    place = {"batch_id": "u-1", "url": "http://bucket.example/incoming", "headers": {"x-amz-meta-batch-id": "u-1"}}
    service = Service().on("POST /v1/tasks/ner/uploads", place).on("PUT /incoming", httpx.Response(503), httpx.Response(200))
    assert asyncio.run(AsyncApi(service.async_http()).upload("ner", file)) == "u-1"
    assert [request.content == file.read_bytes() for request in service.asked[1:]] == [True, True]
    assert "transfer-encoding" not in service.asked[1].headers


STARTS: list[tuple[str, Callable[..., Any]]] = [
    ("POST /v1/tasks/ner/runs", lambda api, **key: api.start_run("ner", **key)),
    ("POST /v1/tasks/ner/models/r-1/promote", lambda api, **key: api.promote("ner", "r-1", "looked at it", **key)),
    ("POST /v1/tasks/ner/rollback", lambda api, **key: api.rollback("ner", "worse", **key)),
]


@pytest.mark.parametrize(("route", "call"), STARTS, ids=[route for route, _ in STARTS])
def test_what_starts_a_run_keeps_its_key_while_it_is_tried_and_has_another_the_next_time(
    route: str, call: Callable[..., Any]
) -> None:
    service = Service().on(route, httpx.ReadTimeout("perhaps done"), httpx.Response(504), examples.run())
    api = Api(service.http())
    call(api)
    call(api)
    call(api, idempotency_key="mine")
    keys = [request.headers["idempotency-key"] for request in service.asked]
    assert keys[0] == keys[1] == keys[2] != keys[3]
    assert keys[4:] == ["mine"]


def test_a_rollback_names_a_version_only_where_one_is_given() -> None:
    service = Service().on("POST /v1/tasks/ner/rollback", examples.run(kind="rollback"))
    api = Api(service.http())
    api.rollback("ner", "worse")
    api.rollback("ner", "worse", "r-0")
    assert [service.sent(0), service.sent(1)] == [{"reason": "worse"}, {"reason": "worse", "version": "r-0"}]


def test_the_examples_of_these_tests_are_of_the_contracts() -> None:
    validate("batch_receipt", examples.receipt())
    validate("run", examples.run())
    validate("run", examples.training(40.0, 0.3))
    validate("model", examples.model())
    validate("prediction", examples.prediction(examples.found("two pills", drug="pills")))
