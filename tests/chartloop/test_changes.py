"""What a batch changed beside what was there, and who posted which record."""

from __future__ import annotations

from typing import Any

import pytest

from chartloop import changes, provenance
from chartloop.errors import Conflict, NotFound
from chartloop.items import new
from chartloop.withdrawals import withdraw
from tests import contracts
from tests.chartloop.intakes import NOW, TASK, WORDS, Desk, note


def other(record_id: str, label: str) -> dict[str, Any]:
    record = note(record_id)
    return {**record, "entities": [{**record["entities"][0], "label": label}]}


def test_a_batch_is_shown_beside_all_that_was_there_before_it() -> None:
    desk = Desk()
    desk.post([note(f"a{n}") for n in range(6)])
    gone = desk.post([other("gone", "sign")])
    withdraw(TASK, gone["batch_id"], reason="x", by="me", ledger=desk.ledger, objects=desk.objects, now=NOW)
    receipt = desk.post([other("b1", "sign"), note("b2"), note("b2b", WORDS)])
    later = desk.post([note("c")])
    found = changes.show(TASK, receipt["batch_id"], ledger=desk.ledger)
    contracts.validate("changes", found)
    assert (found["batch"]["records"], found["batch"]["labels"], found["new_labels"]) == (3, {"drug": 2, "sign": 1}, ["sign"])
    assert (found["before"]["records"], found["before"]["labels"], found["posters"]) == (6, {"drug": 6}, {"poster": 6})
    assert found["distance"] == pytest.approx(1 / 3)
    assert found["batch"]["training"] + found["batch"]["holdout"] == 3 and found["batch"]["characters"] > 0
    assert changes.show(TASK, later["batch_id"], ledger=desk.ledger)["before"]["records"] == 9


def test_what_was_not_taken_in_has_changed_nothing() -> None:
    desk = Desk()
    waiting = desk.receive([note("a")])
    with pytest.raises(Conflict, match="received"):
        changes.show(TASK, waiting["batch_id"], ledger=desk.ledger)
    with pytest.raises(NotFound):
        changes.show(TASK, "b-nothing", ledger=desk.ledger)


@pytest.mark.parametrize(("one", "two", "apart"), [({"a": 1}, {"a": 9}, 0.0), ({"a": 1}, {"b": 1}, 1.0), ({}, {"a": 1}, None)])
def test_the_distance_of_labels_is_of_their_shares(one: dict[str, int], two: dict[str, int], apart: float | None) -> None:
    assert changes.distance(one, two) == apart


def test_every_version_of_a_record_says_who_posted_it() -> None:
    desk = Desk()
    first = desk.post([note("a", patient_id="p")])
    second = desk.post([note("a", WORDS, patient_id="p")], replace=True)
    found = provenance.versions(TASK, "a", ledger=desk.ledger)
    contracts.validate("provenance", found)
    assert [version["batch_id"] for version in found["versions"]] == [first["batch_id"], second["batch_id"]]
    assert [version["verdict"] for version in found["versions"]] == ["accepted", "replaced"]
    assert {version["poster"] for version in found["versions"]} == {"poster"}
    with pytest.raises(NotFound):
        provenance.versions(TASK, "nothing", ledger=desk.ledger)


def batch(number: int, poster: str, size: int) -> dict[str, Any]:
    shard = {"records": size}
    return new(
        (f"TASK#{TASK}", f"BATCH#b{number}"), batch_id=f"b{number}", sequence=number, poster=poster, train=shard, holdout=None
    )


def taken(percent: int, known: set[str], *found: dict[str, Any]) -> tuple[list[str], list[str]]:
    some, waiting = provenance.admitted(found, known, percent)
    return [one["batch_id"] for one in some], [one["batch_id"] for one in waiting]


def test_one_poster_brings_no_more_than_his_share_and_the_rest_waits() -> None:
    sent = (("old", 900), ("ann", 60), ("eve", 40), ("eve", 60), ("eve", 10), ("ben", 30))
    found = [batch(number, *one) for number, one in enumerate(sent, start=1)]
    assert taken(100, {"b1"}, *found) == (["b1", "b2", "b3", "b4", "b5", "b6"], [])
    assert taken(40, {"b1"}, *found) == (["b1", "b2", "b3", "b6"], ["b4", "b5"])  # 80 of 200: nothing of eve's goes before b4


def test_a_batch_over_the_cap_comes_in_when_others_have_brought_enough() -> None:
    eve, ann = batch(1, "eve", 50), batch(2, "ann", 30)
    assert taken(50, set(), eve, ann) == (["b2"], ["b1"])
    assert taken(50, set(), eve, ann, batch(3, "ben", 20)) == (["b1", "b2", "b3"], [])
