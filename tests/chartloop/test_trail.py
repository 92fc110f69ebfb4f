"""The audit trail's chain: what is changed, taken out, put in or cut off shows, and two writers cannot take one place."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from chartloop import trail
from chartloop.errors import Stale
from chartloop.items import task_item
from tests.fakes import FakeLedger

NOW = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)


def ledger(entries: int) -> FakeLedger:
    made = FakeLedger()
    for number in range(entries):
        owner = task_item(made, "ner")
        details = {"changes": {"learning_rate": 3e-4, "seed": number}, "reason": "µ"}
        made.save(owner, trail.enter(owner, NOW + timedelta(seconds=number), action="settings", by="alice", **details))
    return made


def exported(made: FakeLedger) -> list[Any]:
    entries, following = trail.page("ner", ledger=made, limit=100)
    assert following is None
    return [dict(entry) for entry in entries]


def test_a_whole_trail_has_no_fault() -> None:
    made = ledger(5)
    entries = exported(made)
    assert [entry["number"] for entry in entries] == [5, 4, 3, 2, 1]
    assert not list(trail.faults(entries, trail.head(task_item(made, "ner"))))
    assert not list(trail.faults([], trail.START))


@pytest.mark.parametrize("gone", range(5))
def test_an_entry_that_is_gone_shows(gone: int) -> None:
    made = ledger(5)
    entries = exported(made)
    del entries[gone]
    assert list(trail.faults(entries, trail.head(task_item(made, "ner"))))


@pytest.mark.parametrize(("name", "value"), [("by", "bob"), ("at", "2020-01-01T00:00:00.000Z"), ("changes", {}), ("extra", 1)])
def test_an_entry_that_was_changed_shows(name: str, value: Any) -> None:
    entries = exported(ledger(3))
    entries[1][name] = value
    assert list(trail.faults(entries)) == ["entry 2 was changed"]


def test_an_entry_that_was_put_in_or_made_anew_shows() -> None:
    entries, others = exported(ledger(3)), exported(ledger(4))
    assert list(trail.faults([*entries, entries[0]])) == ["entry 4 is missing: after 3 comes 3"]
    others[1]["by"] = "bob"
    others[1]["sha256"] = trail.digest({name: value for name, value in others[1].items() if name != "sha256"})
    assert list(trail.faults(others)) == ["entry 4 does not follow the one before it"]


def test_what_is_older_than_the_chain_comes_first_and_is_no_fault() -> None:
    old = {"action": "settings", "by": "alice", "at": "2026-01-01T00:00:00.000Z"}
    entries = [*exported(ledger(2)), old]
    assert trail.in_order(entries)[0] == old and not list(trail.faults(entries))


def test_two_writers_cannot_take_one_place() -> None:
    made = ledger(1)
    one, other = task_item(made, "ner"), task_item(made, "ner")
    made.save(one, trail.enter(one, NOW, action="a", by="alice"))
    with pytest.raises(Stale):
        made.save(other, trail.enter(other, NOW, action="b", by="bob"))


def test_pages_follow_each_other() -> None:
    made = ledger(5)
    first, following = trail.page("ner", ledger=made, limit=3)
    second, end = trail.page("ner", ledger=made, limit=3, before=following)
    assert [entry["number"] for entry in (*first, *second)] == [5, 4, 3, 2, 1] and end is None
