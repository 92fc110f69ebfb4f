"""Batches: the answer to a post, again after a crash, and how they are listed."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from chartloop import batches, keys, receipts
from chartloop.errors import Conflict, InvalidRequest, NotFound, TooLarge
from chartloop.records import BatchOptions, Line
from tests import contracts
from tests.chartloop.intakes import NOW, TASK, Crashed, Desk, note


def test_a_post_is_answered_with_a_verdict_per_record() -> None:
    desk = Desk()
    receipt = desk.receive([note("a"), {"record_id": "b", "text": "", "entities": []}])
    contracts.validate("batch_receipt", receipt)
    assert [entry["verdict"] for entry in receipt["records"]] == ["accepted", "rejected"]
    assert receipt["status"] == "received" and receipt["counts"]["accepted"] == 1
    assert desk.show(receipt["batch_id"]) == receipt


def test_line_n_of_the_file_is_record_n_of_the_post_and_rejected_ones_are_empty() -> None:
    desk = Desk()
    line_separators = note("c", "one\u2028two\u0085three\rfour\nfive")
    receipt = desk.receive([note("a"), 5, line_separators])
    stored = desk.objects.get(keys.incoming(TASK, receipt["batch_id"]))
    lines = stored.body.decode().split("\n")
    assert lines[1] == "" and json.loads(lines[2]) == line_separators and lines[3:] == [""]
    assert stored.metadata["batch-id"] == receipt["batch_id"]


def test_the_same_post_is_the_same_batch_with_the_same_answer_before_and_after_it_is_processed() -> None:
    desk = Desk()
    first = desk.receive([note("a")])
    again = desk.receive([note("a")])
    desk.process(keys.incoming(TASK, first["batch_id"]))
    assert first == again == desk.receive([note("a")])
    assert len(desk.batches()) == 1 and desk.show(first["batch_id"])["status"] == "processed"


def test_other_options_or_another_key_make_another_batch() -> None:
    desk = Desk()
    ids = {desk.receive([note("a")], **more)["batch_id"] for more in ({}, {"replace": True}, {"key": "k1"}, {"key": "k2"})}
    assert len(ids) == 4


def test_a_key_with_another_body_is_refused() -> None:
    desk = Desk()
    desk.receive([note("a")], key="k")
    with pytest.raises(Conflict):
        desk.receive([note("b")], key="k")


@pytest.mark.parametrize("after", [False, True])
def test_a_crash_at_any_call_of_a_post_leaves_it_to_be_sent_again(after: bool) -> None:
    calm = Desk()
    expected = calm.receive([note("a"), 5])
    for at in range(1, 20):
        desk = Desk()
        with_crash = desk.interrupted(at, after=after)
        try:
            assert with_crash.receive([note("a"), 5]) == expected
            return  # there are fewer calls than this
        except Crashed:
            assert desk.receive([note("a"), 5]) == expected
            assert desk.objects.stored == calm.objects.stored
    raise AssertionError("a post makes more calls than were tried")


def test_two_posts_at_once_are_one_batch() -> None:
    for at in range(1, 8):
        desk = Desk()
        answers: list[Any] = []
        twin = desk.interrupted(at, lambda desk=desk, answers=answers: answers.append(desk.receive([note("a")])))  # type: ignore[misc]
        answers.append(twin.receive([note("a")]))
        assert all(answer == answers[0] for answer in answers) and len(desk.batches()) == 1


@pytest.mark.parametrize("records", [[], [5, 6], [{"a": float("nan")}]])
def test_a_post_of_which_nothing_can_be_read_is_refused(records: list[Any]) -> None:
    desk = Desk()
    readable = [isinstance(record, int) for record in records]
    if any(readable):  # they are JSON, though no records: each has its verdict
        assert desk.receive(records)["counts"]["rejected"] == len(records)
        return
    with pytest.raises(InvalidRequest) as refused:
        desk.receive(records)
    assert refused.value.code == "nothing_parsed" and not desk.objects.stored


def test_batches_are_listed_newest_first_in_pages() -> None:
    desk = Desk()
    ids = []
    for number in range(5):
        post = batches.Post(TASK, [Line(1, note(f"n{number}"))], BatchOptions(), "me", f"f{number}")
        receipt = batches.receive(post, ledger=desk.ledger, objects=desk.objects, now=NOW + timedelta(seconds=number))
        ids.append(receipt["batch_id"])
    found, before = [], None
    while True:
        page = batches.recent(TASK, ledger=desk.ledger, limit=2, before=before)
        found += [batch["batch_id"] for batch in page["batches"]]
        before = page["next"]
        if before is None:
            break
    assert found == ids[::-1]
    assert page["batches"][0]["counts"]["total"] == 1 and "records" not in page["batches"][0]


def test_batches_are_found_by_sender_and_day() -> None:
    desk = Desk()
    for day in (19, 20, 21):
        for poster in ("ann", "bob"):
            received = f"2026-11-{day}T08:00:00.000Z"
            batch = batches.new_batch(TASK, f"{poster}-{day}", options=BatchOptions(), rules={}, poster=poster, now=NOW)
            batch["received_at"] = received
            desk.ledger.save(batch, batches.arrival(batch))

    def found(**wanted: str) -> list[str]:
        names, before = list[str](), None
        for _ in range(9):
            page = batches.recent(TASK, ledger=desk.ledger, limit=1, before=before, **wanted)
            names += [batch["batch_id"] for batch in page["batches"]]
            if (before := page["next"]) is None:
                return names
        raise AssertionError("the pages have no end")

    assert found(poster="ann") == ["ann-21", "ann-20", "ann-19"]
    assert found(since="2026-11-20", until="2026-11-20") == ["bob-20", "ann-20"]
    assert found(poster="bob", until="2026-11-20") == ["bob-20", "bob-19"]
    assert found(poster="nobody") == []


def test_an_upload_has_its_batch_id_in_key_and_headers() -> None:
    place = batches.presign(TASK, "Big File.v2.JSONL.gz", BatchOptions(replace=True), "me", objects=Desk().objects)
    assert place["key"] == f"incoming/ner/{place['batch_id']}.jsonl.gz"
    assert place["headers"]["x-amz-meta-batch-id"] == place["batch_id"] and place["headers"]["x-amz-meta-replace"] == "true"


@pytest.mark.parametrize("name", ["notes", "notes.pdf", ".gz", ".jsonl", "a.jsonl.zip"])
def test_an_upload_of_another_format_is_refused(name: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        batches.presign(TASK, name, BatchOptions(), "me", objects=Desk().objects)
    assert refused.value.code == "unsupported_format"


def test_a_batch_that_is_not_there() -> None:
    with pytest.raises(NotFound):
        Desk().show("b-0")


def test_a_post_with_more_verdicts_than_an_answer_holds_is_refused_and_not_stored() -> None:
    desk = Desk()
    with pytest.raises(TooLarge):
        desk.receive([{"record_id": "a" * 150}] * 20_000 + [note("a")])
    assert not desk.objects.stored and not desk.ledger.items


def test_a_long_receipt_is_read_in_parts() -> None:
    receipt = {"records": [{"line": line, "message": "x" * 1000} for line in range(1, 12_001)]}
    lines, after = [], 0
    while shown := receipts.part(receipt, after)["records"]:
        lines += [entry["line"] for entry in shown]
        after = lines[-1]
    assert lines == list(range(1, 12_001)) and len(receipts.part(receipt)["records"]) < 6_000
