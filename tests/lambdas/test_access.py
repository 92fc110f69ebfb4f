"""Who may call which route, and what a request that is wrong is told."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from lambdas import api, predict
from lambdas.http import MODELS_PROMOTE, MODELS_READ, PUBLIC, RECORDS_WRITE, Edge, Routes
from tests.lambdas.gateway import ALL, Caller
from tests.worlds import FakeWorld

ROUTES = sorted((*key, scope) for edge in (api.edge(), predict.edge()) for key, scope in edge.scopes.items())
PLACES = {"<task>": "ner", "<batch_id>": "b-1", "<version>": "v-1", "<run_id>": "ner-1"}


def path_of(rule: str) -> str:
    for name, value in PLACES.items():
        rule = rule.replace(name, value)
    return rule


def caller_of(rule: str, world: FakeWorld) -> Caller:
    return Caller(predict.handle if rule.endswith("/predict") else api.handle, world)


@pytest.mark.parametrize(("method", "rule", "scope"), ROUTES)
def test_each_route_wants_its_scope_and_no_other_will_do(method: str, rule: str, scope: str, world: FakeWorld) -> None:
    call = caller_of(rule, world)
    if scope == PUBLIC:
        assert rule == "/v1/health"
        return
    others = tuple(known for known in ALL if known != scope)
    assert call(method, path_of(rule), "{", scopes=others).code == "forbidden"
    assert call(method, path_of(rule), "{", scopes=()).code == "forbidden"
    assert call(method, path_of(rule), "{", scopes=None).code == "unauthorized"
    assert call(method, path_of(rule), "{", scopes=(scope,)).status not in (401, 403)
    assert not world.stores["ledger"].query("TASK#ner", "BATCH#")


def test_writing_is_not_a_readers_business() -> None:
    by_scope = {scope: {(method, rule) for method, rule, own in ROUTES if own == scope} for _, _, scope in ROUTES}
    assert {rule for method, rule in by_scope[MODELS_READ] if method != "GET"} == {"/v1/tasks/<task>/similar"}  # its text is long
    assert all(method != "GET" for scope in (RECORDS_WRITE, MODELS_PROMOTE) for method, _ in by_scope[scope])


def test_a_route_that_declares_no_scope_cannot_be_reached(world: FakeWorld) -> None:
    routes = Routes()

    @routes.get("/v1/secret")
    def secret() -> dict[str, str]:
        return {"secret": "told"}

    edge = Edge(routes, loads=json.loads)
    assert Caller(edge, world)("GET", "/v1/secret").code == "unknown_route"


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/v1/nothing"), ("DELETE", "/v1/tasks/ner"), ("GET", "/"), ("OPTIONS", "/v1/runs")]
)
def test_other_routes_are_unknown(call: Caller, method: str, path: str) -> None:
    assert call(method, path).code == "unknown_route"


@pytest.mark.parametrize("path", ["", "/settings", "/batches", "/batches/b-1", "/models", "/audit"])
def test_other_tasks_are_unknown(call: Caller, path: str) -> None:
    answer = call("GET", f"/v1/tasks/radiology{path}")
    assert (answer.status, answer.code) == (404, "unknown_task")


@pytest.mark.parametrize(
    "path",
    ["/v1/tasks/ner/batches/b-1", "/v1/tasks/ner/batches/%2e%2e", "/v1/tasks/ner/batches/a b", "/v1/runs/ner-1", "/v1/runs/zzz"],
)
def test_what_is_not_there_is_not_found(call: Caller, path: str) -> None:
    assert (call("GET", path).status, call("GET", path).code) == (404, "not_found")


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/v1/tasks/ner/batches/b-1/withdraw", {}),
        ("POST", "/v1/tasks/ner/batches/b-1/withdraw", {"reason": ""}),
        ("POST", "/v1/tasks/ner/batches/b-1/withdraw", {"reason": "x", "canary-field": 1}),
        ("POST", "/v1/tasks/ner/batches/b-1/withdraw", "{canary"),
        ("POST", "/v1/tasks/ner/batches/b-1/withdraw", '{"reason": NaN}'),
        ("POST", "/v1/tasks/ner/uploads", {"name": 5}),
        ("POST", "/v1/tasks/ner/uploads", {"name": "a.jsonl", "span_policy": "canary"}),
        ("PATCH", "/v1/tasks/ner/settings", ["canary"]),
        ("PATCH", "/v1/tasks/ner/settings", "null"),
        ("POST", "/v1/tasks/ner/rollback", {"reason": ["canary"]}),
    ],
)
def test_a_bad_body_is_told_its_field_and_never_its_value(call: Caller, method: str, path: str, body: Any) -> None:
    answer = call(method, path, body)
    assert answer.status == 400 and "canary" not in answer.text


@pytest.mark.parametrize("query", [{"limit": "0"}, {"limit": "many"}, {"limit": "1000"}])
def test_a_bad_query_is_refused(call: Caller, query: dict[str, str]) -> None:
    answer = call("GET", "/v1/tasks/ner/batches", query=query)
    assert answer.status == 400 and answer.json["error"]["field"] == "limit"


ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(("reason", "name", "texts", "text", "records", "x")), inner),
)
PARTS = st.sampled_from(("limit", "before", "after", "task", "replace", "span_policy"))


@settings(max_examples=300)
@example(
    route=("PATCH", "/v1/tasks/<task>/settings", MODELS_PROMOTE), body=b"\x80", query=None, place="0", kind="application/json"
)
@given(
    route=st.sampled_from(ROUTES), body=ANY | st.text() | st.binary(), query=st.none() | st.dictionaries(PARTS, st.text()),
    place=st.text(min_size=1), kind=st.sampled_from(("application/json", "text/csv", "application/x-ndjson", "x", "")),
)  # fmt: skip
def test_no_request_breaks_a_route(route: tuple[str, str, str], body: Any, query: Any, place: str, kind: str) -> None:
    method, rule, _ = route
    for name in PLACES:
        rule = rule.replace(name, "ner" if name == "<task>" else place)
    answer = caller_of(rule, FakeWorld())(method, rule, body, query=query, headers={"content-type": kind})
    assert answer.status < 500 or answer.code == "no_model"
