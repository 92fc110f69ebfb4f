"""What was not taken in, by reason, until somebody lets it go."""

from __future__ import annotations

from typing import Any

import pytest

from chartloop import quarantine
from chartloop.errors import Conflict
from tests.chartloop.intakes import NOW, TASK, Desk, note


def shown(desk: Desk, before: str | None = None) -> dict[str, Any]:
    return quarantine.show(TASK, ledger=desk.ledger, objects=desk.objects, before=before)


def discard(desk: Desk, batch_id: str) -> Any:
    return quarantine.discard(TASK, batch_id, reason="a test", by="me", ledger=desk.ledger, now=NOW)


def bad(name: str) -> dict[str, Any]:
    return {**note(name), "text": ""}


def test_what_was_not_taken_in_stands_by_its_reason_the_most_frequent_first() -> None:
    desk = Desk()
    desk.post([note("a")])
    other = desk.post([bad("b"), bad("c"), {"record_id": "d"}, note("e")])["batch_id"]
    last = desk.post([{**note("a"), "text": "another text than before, of ten words or so at least"}])["batch_id"]
    found = shown(desk)
    assert [(group["verdict"], group["code"], group["found"]) for group in found["groups"]] == [
        ("rejected", "empty_text", 2), ("conflict", "record_conflict", 1), ("rejected", "missing_field", 1),
    ]  # fmt: skip
    empty, conflict, _ = found["groups"]
    assert [(one["batch_id"], one["line"], one["record_id"]) for one in empty["records"]] == [(other, 1, "b"), (other, 2, "c")]
    assert (conflict["batches"], found["next"]) == ([last], None)
    assert "text" not in empty["records"][0]


def test_a_discarded_batch_waits_no_more_and_keeps_what_was_accepted() -> None:
    desk = Desk()
    batch_id = desk.post([note("a"), bad("b")])["batch_id"]
    assert discard(desk, batch_id) == discard(desk, batch_id)
    assert shown(desk)["groups"] == [] and desk.task()["records"] == 1
    [told] = desk.ledger.query("TASK#ner", "AUDIT#")
    assert (told["action"], told["by"], told["batch_id"], told["reason"]) == ("discard", "me", batch_id, "a test")


def test_where_nothing_waits_there_is_nothing_to_discard() -> None:
    desk = Desk()
    with pytest.raises(Conflict, match="nothing of this batch"):
        discard(desk, desk.post([note("a")])["batch_id"])


def test_many_bad_batches_are_shown_in_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quarantine, "OPENED", 2)
    desk = Desk()
    made = {desk.post([note(f"n{number}"), bad(f"b{number}")])["batch_id"] for number in range(5)}
    seen, before, pages = set[str](), None, 0
    while True:
        found = shown(desk, before)
        seen |= {batch for group in found["groups"] for batch in group["batches"]}
        before, pages = found["next"], pages + 1
        if before is None:
            break
    assert (seen, pages) == (made, 3)
