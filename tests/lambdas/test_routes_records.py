"""Routes of records and batches: what is taken, what each verdict says, and what waits or goes."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests import contracts
from tests.chartloop.intakes import note
from tests.lambdas.gateway import Caller
from tests.lambdas.posted import post
from tests.worlds import FakeWorld


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


def test_records_are_found_by_label_and_id(call: Caller) -> None:
    post(call, [note("a"), note("b", entities=[{"start": 0, "end": 3, "label": "dose"}])])
    found = call("GET", "/v1/tasks/ner/records", query={"label": "dose", "record_id": "B"}).json
    assert [(record["record_id"], record["labels"]) for record in found["records"]] == [("b", ["dose"])]
    assert call("GET", "/v1/tasks/ner").json["labels"] == ["dose", "drug"]
    assert call("GET", "/v1/tasks/ner/records", query={"label": "x" * 101}).status == 400


def test_a_batch_can_be_withdrawn_with_a_reason(call: Caller) -> None:
    batch_id = post(call, [note("a")])
    answer = call("POST", f"/v1/tasks/ner/batches/{batch_id}/withdraw", {"reason": "wrong ward"})
    contracts.validate("batch_receipt", answer.json)
    assert answer.json["status"] == "withdrawn"
    audit = call("GET", "/v1/tasks/ner/audit").json["audit"]
    assert [(entry["action"], entry["by"], entry["reason"]) for entry in audit] == [("withdraw", "alice", "wrong ward")]


def test_bad_records_wait_by_reason_until_they_are_discarded(call: Caller) -> None:
    batch_id = post(call, [note("a"), {"record_id": "b"}])
    [group] = call("GET", "/v1/tasks/ner/quarantine").json["groups"]
    assert (group["verdict"], group["code"], group["batches"]) == ("rejected", "missing_field", [batch_id])
    said = call("POST", f"/v1/tasks/ner/batches/{batch_id}/discard", {"reason": "a test"})
    contracts.validate("batch_receipt", said.json)
    assert call("GET", "/v1/tasks/ner/quarantine").json["groups"] == []
    assert call("GET", "/v1/tasks/ner/batches", query={"since": "today"}).status == 400
