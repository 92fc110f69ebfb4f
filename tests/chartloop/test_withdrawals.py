"""Withdrawal: what leaves the counts, what does not, and who is remembered for it."""

from __future__ import annotations

from typing import Any

import pytest

from chartloop.errors import Conflict, NotFound
from chartloop.items import new, run_key
from chartloop.withdrawals import withdraw
from tests import contracts
from tests.chartloop.intakes import NOW, TASK, Crashed, Desk, check, note


def leave(desk: Desk, batch_id: str) -> dict[str, Any]:
    return withdraw(TASK, batch_id, reason="wrong ward", by="me", ledger=desk.ledger, objects=desk.objects, now=NOW)


def ran(desk: Desk, sequence: int, status: str) -> None:
    run_id = f"ner-20261121-080000-000{sequence}"
    desk.ledger.save(new(run_key(TASK, run_id), run_id=run_id, kind="retrain", status=status, sequence=sequence))


def test_a_withdrawn_batch_leaves_the_counts_and_says_why() -> None:
    desk = Desk()
    desk.post([note("a")])
    receipt = leave(desk, desk.post([note("b"), note("c")])["batch_id"])
    contracts.validate("batch_receipt", receipt)
    assert (receipt["status"], receipt["reason"]) == ("withdrawn", "wrong ward")
    assert (desk.task()["records"], desk.task()["arrivals"]) == (1, 1)
    audit = desk.ledger.query("TASK#ner", "AUDIT#")
    assert [(item["action"], item["by"], item["reason"]) for item in audit] == [("withdraw", "me", "wrong ward")]
    check(desk)


def test_again_is_no_second_effect() -> None:
    desk = Desk()
    batch_id = desk.post([note("a")])["batch_id"]
    assert leave(desk, batch_id) == leave(desk, batch_id)
    assert (desk.task()["records"], desk.task()["arrivals"]) == (0, 0)


@pytest.mark.parametrize(("status", "arrivals"), [("running", 1), ("succeeded", 1), ("failed", 0)])
def test_records_that_a_run_has_learned_from_stay_among_the_arrivals(status: str, arrivals: int) -> None:
    desk = Desk()
    batch_id = desk.post([note("a")])["batch_id"]
    ran(desk, 1, status)
    leave(desk, batch_id)
    assert (desk.task()["records"], desk.task()["arrivals"]) == (0, arrivals)


def test_a_run_before_the_batch_has_not_learned_from_it() -> None:
    desk = Desk()
    desk.post([note("a")])
    ran(desk, 1, "succeeded")
    leave(desk, desk.post([note("b")])["batch_id"])
    assert desk.task()["arrivals"] == 1


def test_only_a_processed_batch_can_be_withdrawn() -> None:
    desk = Desk()
    with pytest.raises(Conflict):
        leave(desk, desk.receive([note("a")])["batch_id"])
    with pytest.raises(NotFound):
        leave(desk, "b-0")


@pytest.mark.parametrize("after", [False, True])
def test_a_crash_at_any_call_is_mended_by_the_next_try(after: bool) -> None:
    for at in range(1, 20):
        desk = Desk()
        batch_id = desk.post([note("a"), note("b")])["batch_id"]
        try:
            leave(desk.interrupted(at, after=after), batch_id)
        except Crashed:
            leave(desk, batch_id)
        assert desk.task()["records"] == 0 and desk.show(batch_id)["status"] == "withdrawn"
        assert len(desk.ledger.query("TASK#ner", "AUDIT#")) == 1


def test_the_same_post_after_a_withdrawal_is_a_new_batch() -> None:
    desk = Desk()
    first = desk.post([note("a")])
    leave(desk, first["batch_id"])
    again = desk.post([note("a")])
    assert again["batch_id"] != first["batch_id"] and again["counts"]["accepted"] == 1
    assert desk.receive([note("a")])["batch_id"] == again["batch_id"]
    check(desk)
