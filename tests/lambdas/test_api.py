"""Every route of the API but predict: what it answers, who may call it, and what bad requests are told."""

from __future__ import annotations

import json
from typing import Any

import pytest

from chartloop import keys
from lambdas import api, on_upload, openapi
from tests import contracts
from tests.chartloop.intakes import note
from tests.lambdas.gateway import Caller
from tests.lambdas.test_on_upload import created, queued
from tests.worlds import FakeWorld


@pytest.fixture
def world() -> FakeWorld:
    return FakeWorld()


@pytest.fixture
def call(world: FakeWorld) -> Caller:
    return Caller(api.handle, world)


def taken_in(world: FakeWorld, batch_id: str) -> None:
    on_upload.handle(queued(created(keys.incoming("ner", batch_id))), None, world)


def post(call: Caller, records: Any, **options: Any) -> str:
    answer = call("POST", "/v1/tasks/ner/records", records, **options)
    assert answer.status == 202
    taken_in(call.world, answer.json["batch_id"])
    return str(answer.json["batch_id"])


def promoted(world: FakeWorld) -> str:
    """A first model in service; its version."""
    world.add_batch()
    world.consider()
    world.to_end()
    return str(world.owner()["champion"]["version"])


# Records


def test_posted_records_have_a_receipt(call: Caller) -> None:
    answer = call("POST", "/v1/tasks/ner/records", [note("a"), {"record_id": "b"}])
    contracts.validate("batch_receipt", answer.json)
    assert answer.status == 202 and answer.json["counts"] == {
        "total": 2, "accepted": 1, "duplicate": 0, "replaced": 0, "conflict": 0, "set_aside": 0, "rejected": 1,
    }  # fmt: skip
    assert answer.json["poster"] == "alice"


def test_a_check_gives_the_verdicts_and_stores_nothing(call: Caller, world: FakeWorld) -> None:
    answer = call("POST", "/v1/tasks/ner/records", [{"record_id": "b"}, note("a")], query={"check": "true"})
    contracts.validate("batch_receipt", answer.json)
    assert (answer.json["status"], [entry["verdict"] for entry in answer.json["records"]]) == (
        "checked",
        ["rejected", "accepted"],
    )
    assert call("GET", "/v1/tasks/ner/batches").json["batches"] == []
    assert call("GET", f"/v1/tasks/ner/batches/{answer.json['batch_id']}").status == 404


def test_a_check_of_nothing_but_mistakes_still_names_each(call: Caller) -> None:
    answer = call("POST", "/v1/tasks/ner/records", [5, {"record_id": "b"}], query={"check": "true"})
    assert [entry["verdict"] for entry in answer.json["records"]] == ["rejected", "rejected"]


def test_the_final_receipt_has_the_final_verdicts(call: Caller) -> None:
    post(call, [note("a")])
    batch_id = post(call, [note("a"), note("b")])
    answer = call("GET", f"/v1/tasks/ner/batches/{batch_id}")
    contracts.validate("batch_receipt", answer.json)
    assert [entry["verdict"] for entry in answer.json["records"]] == ["duplicate", "accepted"]


JSON_LINES = {"content-type": "application/x-ndjson"}
CSV = {"content-type": "text/csv; charset=utf-8"}
XLSX = {"content-type": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"}


def workbook() -> bytes:
    import io

    from openpyxl import Workbook

    book = Workbook()
    book.active.append(["record_id", "text", "entities"])
    book.active.append(["a", "aspirin daily", json.dumps([{"start": 0, "end": 7, "label": "drug"}])])
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        ([note("a")], {}),
        (note("a"), {}),
        ({"records": [note("a")], "replace": True}, {}),
        (json.dumps(note("a")) + "\n", JSON_LINES),
        ('record_id,text,entities\na,aspirin daily,"[{""start"":0,""end"":7,""label"":""drug""}]"\n', CSV),
        (workbook(), XLSX),
        (json.dumps([note("a")]).encode(), {}),
    ],
    ids=["array", "one", "envelope", "jsonl", "csv", "xlsx", "binary"],
)
def test_each_format_is_taken(call: Caller, body: Any, headers: dict[str, str]) -> None:
    answer = call("POST", "/v1/tasks/ner/records", body, headers=headers)
    assert answer.status == 202 and answer.json["counts"]["accepted"] == 1


@pytest.mark.parametrize("where", ["query", "body"])
def test_options_are_taken_from_the_query_or_the_body(call: Caller, where: str) -> None:
    post(call, [note("a", patient_id="p")])
    changed = [note("a", "😀 aspirin is what he takes", patient_id="p", entities=[{"start": 3, "end": 10, "label": "drug"}])]
    options = {"replace": "true", "offset_unit": "utf16"}
    if where == "query":
        batch_id = post(call, changed, query=options)
    else:
        batch_id = post(call, {"records": changed, "replace": True, "offset_unit": "utf16"})
    assert call("GET", f"/v1/tasks/ner/batches/{batch_id}").json["counts"]["replaced"] == 1


def test_a_tasks_span_policy_stands_where_the_post_says_none(call: Caller) -> None:
    call("PATCH", "/v1/tasks/ner/settings", {"span_policy": "reject"})
    overlapping = note(
        "a", "aspirin daily", entities=[{"start": 0, "end": 7, "label": "x"}, {"start": 0, "end": 13, "label": "y"}]
    )
    assert call("POST", "/v1/tasks/ner/records", [overlapping]).json["counts"]["rejected"] == 1
    assert call("POST", "/v1/tasks/ner/records", [overlapping], query={"span_policy": "longest"}).json["counts"]["accepted"] == 1


@pytest.mark.parametrize("header", ["idempotency-key", "Idempotency-Key"])
def test_an_idempotency_key_names_the_batch(call: Caller, header: str) -> None:
    key = {header: "k-1"}
    first, second = (call("POST", "/v1/tasks/ner/records", [note("a")], headers=key) for _ in range(2))
    assert first.json == second.json
    assert call("POST", "/v1/tasks/ner/records", [note("b")], headers=key).code == "conflict"


@pytest.mark.parametrize(
    ("body", "headers", "code"),
    [
        ("", {}, "nothing_parsed"),
        ("{", {}, "nothing_parsed"),
        ("[]", {}, "nothing_parsed"),
        ("not json", {}, "nothing_parsed"),
        ("[NaN]", {}, "nothing_parsed"),
        ("[" * 100_000, {}, "nothing_parsed"),
        (b"\xff\xfe", {}, "nothing_parsed"),
        (b"PK no workbook", XLSX, "nothing_parsed"),
        ("a", {"content-type": "application/x-www-form-urlencoded"}, "unsupported_format"),
        ({"records": [note("a")], "replaces": True}, {}, "invalid_request"),
        ({"records": [note("a")], "replace": "yes"}, {}, "invalid_request"),
    ],
)
def test_a_body_of_which_nothing_can_be_read_is_refused(call: Caller, body: Any, headers: dict[str, str], code: str) -> None:
    answer = call("POST", "/v1/tasks/ner/records", body, headers=headers)
    assert (answer.status, answer.code) == (400, code)
    assert not call.world.stores["ledger"].query("TASK#ner", "BATCH#")


def test_good_records_of_a_bad_body_go_on(call: Caller) -> None:
    deep = '{"record_id": "b", "text": "x", "entities": ' + "[" * 100_000 + "]" * 100_000 + "}"
    body = "[" + ",".join([json.dumps(note("a")), deep, '{"a": NaN}', '{"a": 1, "a": 1}', '{"record_id": "\\ud800"}']) + "]"
    answer = call("POST", "/v1/tasks/ner/records", body)
    codes = [entry.get("code") for entry in answer.json["records"]]
    assert codes == [None, "too_deep", "not_finite", "duplicate_key", "lone_surrogate"]


def test_a_body_over_the_limit_names_the_uploads_route(call: Caller) -> None:
    answer = call("POST", "/v1/tasks/ner/records", "x" * 5_000_001, headers=JSON_LINES)
    assert (answer.status, answer.code) == (413, "payload_too_large") and "/uploads" in answer.text


def test_an_upload_has_an_address(call: Caller) -> None:
    answer = call("POST", "/v1/tasks/ner/uploads", {"name": "notes.csv", "replace": True})
    assert answer.status == 201 and answer.json["headers"]["x-amz-meta-poster"] == "alice"
    assert answer.json.keys() == {"batch_id", "url", "headers", "key", "expires_in"}


def test_batches_are_listed(call: Caller) -> None:
    ids = [post(call, [note(f"n{number}")]) for number in range(3)]
    page = call("GET", "/v1/tasks/ner/batches", query={"limit": "2"}).json
    rest = call("GET", "/v1/tasks/ner/batches", query={"before": page["next"]}).json
    assert [batch["batch_id"] for batch in page["batches"] + rest["batches"]] == ids[::-1] and rest["next"] is None


def test_a_batch_can_be_withdrawn_with_a_reason(call: Caller) -> None:
    batch_id = post(call, [note("a")])
    answer = call("POST", f"/v1/tasks/ner/batches/{batch_id}/withdraw", {"reason": "wrong ward"})
    contracts.validate("batch_receipt", answer.json)
    assert answer.json["status"] == "withdrawn"
    audit = call("GET", "/v1/tasks/ner/audit").json["audit"]
    assert [(entry["action"], entry["by"], entry["reason"]) for entry in audit] == [("withdraw", "alice", "wrong ward")]


# Task and runs


def test_the_task_says_how_far_it_is(call: Caller) -> None:
    post(call, [note("a")])
    assert call("GET", "/v1/tasks/ner").json["progress"] == "1 of 100"


def test_settings_are_shown_and_changed(call: Caller) -> None:
    assert call("PATCH", "/v1/tasks/ner/settings", {"minimum_records": 5}).json["minimum_records"] == 5
    assert call("GET", "/v1/tasks/ner/settings").json["minimum_records"] == 5
    answer = call("PATCH", "/v1/tasks/ner/settings", {"minimum_records": 0})
    assert answer.status == 400 and answer.json["error"]["field"] == "minimum_records"
    assert call("PATCH", "/v1/tasks/ner/settings", {"minimum": 1}).code == "unknown_setting"


def test_a_run_can_be_started_now(call: Caller, world: FakeWorld) -> None:
    assert call("POST", "/v1/tasks/ner/runs").status == 409
    world.add_batch()
    world.change(minimum_new_records=1000)
    answer = call("POST", "/v1/tasks/ner/runs")
    contracts.validate("run", answer.json)
    assert answer.status == 202 and answer.json["by"] == "alice"
    assert call("POST", "/v1/tasks/ner/runs").code == "run_active"


def test_runs_are_listed_and_shown(call: Caller, world: FakeWorld) -> None:
    promoted(world)
    world.add_batch()
    world.consider()
    world.to_end()
    first = call("GET", "/v1/runs", query={"task": "ner", "limit": "1"}).json
    second = call("GET", "/v1/runs", query={"before": first["next"]}).json
    shown = [*first["runs"], *second["runs"]]
    assert [run["run_id"] for run in shown] == sorted((run["run_id"] for run in world.runs()), reverse=True)
    assert second["next"] is None and shown[0]["scores"]["candidate"] is None
    for run in shown:
        contracts.validate("run", run)
    full = call("GET", f"/v1/runs/{shown[0]['run_id']}").json
    contracts.validate("run", full)
    assert full["scores"]["candidate"]["version"] == full["version"]


# Models


def test_models_are_listed_promoted_rejected_and_rolled_back(call: Caller, world: FakeWorld) -> None:
    first = promoted(world)
    world.right = 9
    world.add_batch()
    world.consider()
    world.to_end()
    models = call("GET", "/v1/tasks/ner/models").json["models"]
    for model in models:
        contracts.validate("model", model)
    assert {model["version"] for model in models} >= {first}
    answer = call("POST", "/v1/tasks/ner/rollback", {"reason": "worse in the ward"})
    contracts.validate("run", answer.json)
    assert (answer.status, answer.json["kind"], answer.json["version"]) == (202, "rollback", first)
    other = models[0]["version"]
    assert call("POST", f"/v1/tasks/ner/models/{other}/promote", {"reason": "again"}).code in (
        "promotion_active",
        "not_promotable",
    )
    world.to_end()
    rejected = call("POST", f"/v1/tasks/ner/models/{other}/reject", {"reason": "wrong"})
    contracts.validate("model", rejected.json)
    assert rejected.json["status"] == "rejected"
    back = call("POST", f"/v1/tasks/ner/models/{other}/promote", {"reason": "it was right"})
    contracts.validate("run", back.json)
    assert back.status == 202 and back.json["kind"] == "promote"


def test_tasks_say_what_they_are_asked_about(call: Caller) -> None:
    tasks = {task["task"]: task for task in call("GET", "/v1/tasks").json["tasks"]}
    assert tasks["ner"]["asked"]["one"] == "text" and "min_confidence" in tasks["ner"]["asked"]["options"]
    assert tasks["ner"]["metrics"][0] == {"name": "entity_f1", "higher_is_better": True}


def test_bad_records_wait_by_reason_until_they_are_discarded(call: Caller) -> None:
    batch_id = post(call, [note("a"), {"record_id": "b"}])
    [group] = call("GET", "/v1/tasks/ner/quarantine").json["groups"]
    assert (group["verdict"], group["code"], group["batches"]) == ("rejected", "missing_field", [batch_id])
    said = call("POST", f"/v1/tasks/ner/batches/{batch_id}/discard", {"reason": "a test"})
    contracts.validate("batch_receipt", said.json)
    assert call("GET", "/v1/tasks/ner/quarantine").json["groups"] == []
    assert call("GET", "/v1/tasks/ner/batches", query={"since": "today"}).status == 400


def test_a_person_cancels_a_run(call: Caller, world: FakeWorld) -> None:
    world.add_batch()
    run_id = world.consider()
    answer = call("POST", f"/v1/runs/{run_id}/cancel", {"reason": "wrong file"})
    contracts.validate("run", answer.json)
    assert (answer.status, answer.json["status"], answer.json["error"]["code"]) == (202, "failed", "cancelled")
    assert call("POST", "/v1/runs/other-1/cancel", {"reason": "x"}).status == 404
    assert call("POST", f"/v1/runs/{run_id}/cancel", {"reason": "x"}, scopes=("chartloop/models:read",)).status == 403


@pytest.mark.parametrize("header", ["idempotency-key", "Idempotency-Key"])
def test_what_starts_a_run_starts_one_for_each_key(call: Caller, world: FakeWorld, header: str) -> None:
    first = promoted(world)
    world.right = 9
    world.add_batch()
    world.consider()
    world.to_end()
    for route, body in (("runs", None), ("rollback", {"reason": "worse"}), (f"models/{first}/promote", {"reason": "better"})):
        key = {header: f"for {route}"}
        once = call("POST", f"/v1/tasks/ner/{route}", body, headers=key)
        again = call("POST", f"/v1/tasks/ner/{route}", body, headers=key)
        assert (once.status, once.json) == (again.status, again.json), route
        assert once.status == (202 if route != f"models/{first}/promote" else 409)
        world.to_end()


def test_a_rejection_said_again_is_told_once(call: Caller, world: FakeWorld) -> None:
    promoted(world)
    world.right = 1
    world.add_batch()
    world.consider()
    world.to_end()
    kept = call("GET", "/v1/tasks/ner/models").json["models"][0]["version"]
    answers = [call("POST", f"/v1/tasks/ner/models/{kept}/reject", {"reason": "wrong"}).json for _ in range(2)]
    assert answers[0] == answers[1] and answers[0]["reason"] == "wrong"
    audit = call("GET", "/v1/tasks/ner/audit").json["audit"]
    assert [entry["action"] for entry in audit].count("reject") == 1


# Documents


def test_health_needs_no_token(call: Caller) -> None:
    assert call("GET", "/v1/health", scopes=None).json["status"] == "ok"


def test_the_document_is_that_of_the_code() -> None:
    assert json.loads(api.OPENAPI.read_text()) == openapi.document(), "run python -m lambdas.openapi"


def test_document_and_page_are_served(call: Caller) -> None:
    document = call("GET", "/v1/openapi.json").json
    assert document["openapi"].startswith("3.1") and "/v1/tasks/{task}/predict" in document["paths"]
    page = call("GET", "/v1/docs")
    assert page.headers["content-type"].startswith("text/html")
    assert "<script" not in page.text and "src=" not in page.text and "chartloop/records:write" in page.text
