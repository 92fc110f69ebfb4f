"""Taking files in: the verdicts against what is stored, and the same end whatever crashes, comes twice or comes at once."""

from __future__ import annotations

import gzip
import json
from typing import Any

import pytest

from chartloop import keys, snapshots, splits
from chartloop.errors import NotFound
from chartloop.withdrawals import withdraw
from tests import contracts
from tests.chartloop.intakes import NOW, TASK, WORDS, Desk, check, note


def verdicts(receipt: dict[str, Any]) -> list[str]:
    contracts.validate("batch_receipt", receipt)
    return [entry["verdict"] for entry in receipt["records"]]


def test_new_records_are_accepted_and_reach_the_shards_of_their_sides() -> None:
    desk = Desk()
    receipt = desk.post([note(f"n{i}") for i in range(40)])
    assert verdicts(receipt) == ["accepted"] * 40 and receipt["status"] == "processed" and receipt["new_labels"] == ["drug"]
    sides = [side for side, _ in desk.live().values()]
    assert 0 < sides.count("holdout") < 20 and len(sides) == 40
    assert (desk.task()["records"], desk.task()["arrivals"], desk.task()["sequence"]) == (40, 40, 1)
    check(desk)


def test_the_same_record_again_is_a_duplicate_and_another_body_a_conflict() -> None:
    desk = Desk()
    desk.post([note("a"), note("b")])
    receipt = desk.post([note("a"), note("b", "quite another text than before here")])
    assert verdicts(receipt) == ["duplicate", "conflict"]
    assert receipt["records"][1]["code"] == "record_conflict"
    assert desk.task()["records"] == 2


def test_replace_puts_the_new_body_in_the_place_of_the_old() -> None:
    desk = Desk()
    desk.post([note("a", patient_id="p")])
    before = desk.live()
    receipt = desk.post([note("a", "quite another text than before here", patient_id="p")], replace=True)
    assert verdicts(receipt) == ["replaced"]
    assert desk.live().keys() == before.keys() and desk.live() != before
    assert (desk.task()["records"], desk.task()["arrivals"]) == (1, 2)
    check(desk)


def on(side: str, name: str = "p") -> str:
    """A patient on this side."""
    return next(
        p for p in (f"{name}{i}" for i in range(1000)) if splits.side(TASK, splits.group_of({"patient_id": p}, "", None)) == side
    )


def test_a_replacement_that_would_change_sides_is_set_aside() -> None:
    desk = Desk()
    desk.post([note("a", patient_id=on("training"))])
    receipt = desk.post([note("a", patient_id=on("holdout"))], replace=True)
    assert verdicts(receipt) == ["set_aside"] and receipt["records"][0]["code"] == "would_leak"
    kept = desk.objects.get(keys.quarantine(TASK, receipt["batch_id"], "set_aside.jsonl")).body
    assert json.loads(kept)["record_id"] == "a"
    check(desk)


@pytest.mark.parametrize("together", [True, False])
def test_near_copies_stand_on_one_side_in_one_batch_or_in_two(together: bool) -> None:
    desk = Desk()
    first, second = note("a", WORDS), note("b", WORDS + " again")
    if together:
        desk.post([first, second])
    else:
        desk.post([first])
        desk.post([second])
    assert len({side for side, _ in desk.live().values()}) == 1
    groups = {
        record.group
        for batch in desk.batches()
        for shard in (batch["train"], batch["holdout"])
        if shard
        for record in snapshots.read_shard(desk.objects.get(shard["key"]).body)
    }
    assert len(groups) == 1


def test_a_note_of_one_patient_that_copies_one_of_the_other_side_is_set_aside() -> None:
    desk = Desk()
    desk.post([note("a", WORDS, patient_id=on("training"))])
    receipt = desk.post([note("b", WORDS, patient_id=on("holdout"))])
    assert verdicts(receipt) == ["set_aside"]
    assert desk.task()["records"] == 1


def test_the_same_text_with_other_labels_is_accepted_and_flagged() -> None:
    desk = Desk()
    desk.post([note("a", WORDS)])
    receipt = desk.post([{**note("b", WORDS), "entities": []}, note("c", WORDS)])
    notes = [[said["code"] for said in entry.get("notes", [])] for entry in receipt["records"]]
    assert verdicts(receipt) == ["accepted", "accepted"] and notes[0] == ["conflicting_labels"] and notes[1] == []


@pytest.mark.parametrize(
    ("replace", "expected"), [(False, ["accepted", "duplicate", "conflict"]), (True, ["conflict", "conflict", "accepted"])]
)
def test_of_one_id_in_one_batch_one_line_stands(replace: bool, expected: list[str]) -> None:
    desk = Desk()
    assert verdicts(desk.post([note("a"), note("a"), note("a", "some other words")], replace=replace)) == expected
    check(desk)


def test_declared_labels_are_those_of_the_moment_the_batch_came() -> None:
    desk = Desk()
    task = desk.task()
    task["settings"] = {"labels": ["dose"]}
    desk.ledger.save(task)
    assert verdicts(desk.post([note("a")])) == ["rejected"]
    assert desk.task()["records"] == 0


def test_what_the_api_rejected_is_in_the_final_receipt_with_its_line() -> None:
    desk = Desk()
    receipt = desk.post([note("a"), {"record_id": "b", "text": "", "entities": []}, 7, note("c")])
    assert verdicts(receipt) == ["accepted", "rejected", "rejected", "accepted"]
    assert [entry["line"] for entry in receipt["records"]] == [1, 2, 3, 4]


@pytest.mark.parametrize("name", ["notes.jsonl", "plus+and space é.jsonl", "deep/er/notes.jsonl", "notes.jsonl.gz"])
def test_a_dropped_file_is_a_batch_with_a_receipt_under_its_name(name: str) -> None:
    desk = Desk()
    body = "\n".join(json.dumps(note(f"n{i}")) for i in range(3)).encode()
    batch_id = desk.process(desk.drop(name, gzip.compress(body) if name.endswith(".gz") else body))
    receipt = json.loads(desk.objects.get(keys.receipt(TASK, name)).body)
    assert verdicts(receipt) == ["accepted"] * 3 and receipt["batch_id"] == batch_id and receipt["poster"] == "s3"


def test_the_same_content_under_two_names_is_one_batch() -> None:
    desk = Desk()
    body = json.dumps(note("a")).encode()
    first, second = (desk.process(desk.drop(name, body)) for name in ("one.jsonl", "two.jsonl"))
    assert first == second and desk.task()["arrivals"] == 1
    assert verdicts(json.loads(desk.objects.get(keys.receipt(TASK, "two.jsonl")).body)) == ["accepted"]


def test_a_name_that_belongs_to_other_content_is_not_believed() -> None:
    desk = Desk()
    receipt = desk.post([note("a")])
    other = desk.process(desk.drop("x.jsonl", json.dumps(note("b")).encode(), **{"batch-id": receipt["batch_id"]}))
    assert other != receipt["batch_id"] and desk.task()["records"] == 2


def test_an_upload_keeps_the_batch_and_the_options_that_it_was_promised() -> None:
    desk = Desk()
    desk.post([note("a", patient_id="p")])
    batch_id = "u-" + "0" * 32
    key = desk.drop(
        f"{batch_id}.jsonl",
        json.dumps(note("a", "new words", patient_id="p")).encode(),
        **{"batch-id": batch_id, "replace": "true"},
    )
    assert desk.process(key) == batch_id and verdicts(desk.show(batch_id)) == ["replaced"]


@pytest.mark.parametrize(
    ("name", "body", "code"),
    [
        ("a.jsonl", b"\xff\xfe\x00", "not_utf8"),
        ("a.json.gz", gzip.compress(b"[" * 10)[:-4], "truncated"),
        ("a.xlsx", b"no spreadsheet", "not_the_format"),
        ("a.pdf", b"%PDF", "unsupported_format"),
        ("big.jsonl", b"x" * 2000, "too_large"),
    ],
)
def test_a_file_that_cannot_be_read_is_quarantined_with_its_reason(name: str, body: bytes, code: str) -> None:
    desk = Desk()
    batch_id = desk.process(desk.drop(name, body), limit=1000)
    assert batch_id
    receipt = desk.show(batch_id)
    assert verdicts(receipt) == [] and (receipt["status"], receipt["code"]) == ("quarantined", code)
    assert json.loads(desk.objects.get(keys.quarantine(TASK, batch_id, "verdict.json")).body)["code"] == code
    assert desk.objects.exists(keys.quarantine(TASK, batch_id, "file")) == (code != "too_large")
    assert desk.task()["records"] == 0 and desk.process(f"incoming/{TASK}/{name}", limit=1000) is None


def test_options_that_are_none_quarantine_the_file() -> None:
    desk = Desk()
    batch_id = desk.process(desk.drop("a.jsonl", json.dumps(note("a")).encode(), **{"offset-unit": "bytes"}))
    assert batch_id and desk.show(batch_id)["status"] == "quarantined"


def test_a_deleted_object_is_nothing_to_do() -> None:
    assert Desk().process(f"incoming/{TASK}/gone.jsonl") is None


def test_a_withdrawn_record_counts_as_absent_and_its_replaced_body_comes_back() -> None:
    desk = Desk()
    first = desk.post([note("a", patient_id="p"), note("b")])
    before = desk.live()
    second = desk.post([note("a", "new words for it", patient_id="p")], replace=True)
    withdraw(TASK, second["batch_id"], reason="wrong", by="me", ledger=desk.ledger, objects=desk.objects, now=NOW)
    assert desk.live() == before and desk.task()["records"] == 2
    withdraw(TASK, first["batch_id"], reason="wrong", by="me", ledger=desk.ledger, objects=desk.objects, now=NOW)
    assert desk.live() == {} and desk.task()["records"] == 0
    assert verdicts(desk.post([note("b"), note("new")])) == ["accepted", "accepted"]
    check(desk)


def test_no_such_batch() -> None:
    with pytest.raises(NotFound):
        Desk().show("none")
