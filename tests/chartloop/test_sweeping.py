"""The sweep's list of lost objects: what nothing was heard of, a few times each."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from chartloop import keys, sweeping
from chartloop.intake import source_key
from chartloop.items import new
from tests.fakes import FakeLedger, FakeObjects


def lost(ledger: FakeLedger, objects: FakeObjects) -> list[str]:
    return [item.key for item in sweeping.lost("ner", ledger=ledger, objects=objects)]


@given(st.sets(st.integers(0, 250)), st.sets(st.integers(0, 250)))
def test_what_was_taken_in_is_not_lost(stored: set[int], taken: set[int]) -> None:
    ledger, objects = FakeLedger(), FakeObjects()
    for number in stored:
        key = keys.incoming("ner", f"b-{number:03d}")
        objects.put(key, str(number).encode())
        if number in taken:
            ledger.save(new(source_key("ner", key, objects.get(key).etag)))
    assert lost(ledger, objects) == [keys.incoming("ner", f"b-{number:03d}") for number in sorted(stored - taken)]


def test_other_content_under_a_known_name_is_new_and_other_tasks_are_not_ours() -> None:
    ledger, objects = FakeLedger(), FakeObjects()
    key = keys.incoming("ner", "b-1")
    objects.put(key, b"first")
    ledger.save(new(source_key("ner", key, objects.get(key).etag)))
    objects.put(keys.incoming("nerd", "b-1"), b"elsewhere")
    assert lost(ledger, objects) == []
    objects.put(key, b"second")
    assert lost(ledger, objects) == [key]


def test_what_always_fails_is_left_to_the_dead_letters() -> None:
    ledger, objects = FakeLedger(), FakeObjects()
    objects.put(keys.incoming("ner", "b-1"), b"poison")
    sweeps = [lost(ledger, objects) for _ in range(sweeping.RESENDS + 2)]
    assert [len(found) for found in sweeps] == [1] * sweeping.RESENDS + [0, 0]
