"""Drift figures: counts of texts, their sum over processes and days, shares of it, and saves that are seldom."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chartloop import drift
from chartloop.drift import SAVE_SECONDS, Tally
from chartloop.items import Item
from chartloop.spans import Counts
from tests import contracts
from tests.chartloop.intakes import NOW, TASK
from tests.fakes import FakeLedger

DRUG = {"label": "drug", "start": 0, "end": 7, "surface": "aspirin", "confidence": 0.95}
SIGN = {"label": "sign", "start": 8, "end": 12, "surface": "pain", "confidence": 0.25}


def shown(ledger: FakeLedger, days: int = 30, later: int = 0) -> Any:
    found = drift.show(TASK, ledger=ledger, now=NOW + timedelta(days=later), days=days)
    contracts.validate("drift", found)
    return found


def test_a_text_counts_its_tokens_labels_confidences_and_length() -> None:
    counts = drift.of_text("aspirin pain, daily", [DRUG, SIGN])
    figures = drift.figures(drift.added(counts, drift.of_text("nothing", [])))
    assert figures["texts"] == 2 and figures["tokens"] == 5 and figures["without_entities"] == 0.5
    assert figures["labels"] == [
        {"label": "drug", "entities": 1, "per_1000_tokens": 200.0}, {"label": "sign", "entities": 1, "per_1000_tokens": 200.0},
    ]  # fmt: skip
    assert figures["confidence"]["mean"] == 0.6
    assert [n for n, count in enumerate(figures["confidence"]["bins"]) if count] == [2, 9]
    assert figures["characters"]["mean"] == 13.0 and figures["characters"]["classes"][0] == {"up_to": 100, "texts": 2}


@pytest.mark.parametrize(("confidence", "place"), [(0.0, 0), (0.0999, 0), (0.1, 1), (0.999, 9), (1.0, 9)])
def test_every_confidence_is_of_one_bin(confidence: float, place: int) -> None:
    assert drift.of_text("a", [{**DRUG, "confidence": confidence}])["bins"][place] == 1


@pytest.mark.parametrize(("length", "place"), [(1, 0), (100, 0), (101, 1), (10_000, 4), (10_001, 5)])
def test_every_length_is_of_one_class(length: int, place: int) -> None:
    assert drift.of_text("x" * length, [])["lengths"][place] == 1


def test_nothing_counted_divides_by_nothing() -> None:
    figures = drift.figures(drift.nothing())
    assert (figures["without_entities"], figures["confidence"]["mean"], figures["characters"]["mean"]) == (None, None, None)


TEXTS = st.lists(st.tuples(st.text(max_size=30), st.lists(st.sampled_from([DRUG, SIGN]), max_size=3)), max_size=6)


@given(TEXTS, st.integers(0, 6))
def test_how_the_texts_are_divided_among_processes_makes_no_difference(texts: Any, cut: int) -> None:
    def counted(some: Any) -> drift.Counts:
        whole = drift.nothing()
        for text, entities in some:
            whole = drift.added(whole, drift.of_text(text, entities))
        return whole

    parts, whole = drift.added(counted(texts[:cut]), counted(texts[cut:])), counted(texts)
    assert parts.pop("confidence") == pytest.approx(whole.pop("confidence")) and parts == whole


def test_processes_days_and_versions_are_told_apart_and_added_up() -> None:
    ledger = FakeLedger()
    for process in range(2):
        tally = Tally(ledger)
        for day in range(2):
            tally.add(TASK, "v-1", [drift.of_text("aspirin pain", [DRUG])], NOW + timedelta(days=day))
        assert process or ledger.items
    Tally(ledger).add(TASK, "v-2", [drift.of_text("nothing", [])], NOW + timedelta(days=1))
    found = shown(ledger, later=1)
    versions = {version["model_version"]: version for version in found["versions"]}
    assert (versions["v-1"]["texts"], versions["v-2"]["texts"]) == (4, 1)
    assert [(day["day"], day["texts"]) for day in versions["v-1"]["by_day"]] == [("2026-11-21", 2), ("2026-11-22", 2)]
    assert versions["v-1"]["corrections"] is None


def test_only_the_days_asked_for_are_shown() -> None:
    ledger = FakeLedger()
    Tally(ledger).add(TASK, "v-1", [drift.of_text("a", [])], NOW)
    assert shown(ledger, days=2, later=1)["versions"] and not shown(ledger, days=1, later=1)["versions"]


class Counting(FakeLedger):
    """Remembers how often it saved; `fails` the next saves, before or after they are done."""

    def __init__(self) -> None:
        super().__init__()
        self.saves, self.fails, self.done = 0, 0, False

    def save(self, *items: Item) -> None:
        self.saves += 1
        if self.fails and not self.done:
            self.fails -= 1
            raise TimeoutError
        if self.fails:
            self.fails -= 1
            super().save(*({**item} for item in items))
            raise TimeoutError
        super().save(*items)


def test_it_saves_at_once_and_then_seldom() -> None:
    ledger = Counting()
    tally = Tally(ledger)
    for second in range(3 * SAVE_SECONDS):
        tally.add(TASK, "v-1", [drift.of_text("a", [])], NOW + timedelta(seconds=second))
    assert ledger.saves == 3 and shown(ledger)["versions"][0]["texts"] == 2 * SAVE_SECONDS + 1


@pytest.mark.parametrize("done", [False, True])
def test_a_save_that_fails_is_made_up_for_by_the_next(done: bool) -> None:
    ledger = Counting()
    ledger.fails, ledger.done = 1, done
    tally = Tally(ledger)
    with pytest.raises(TimeoutError):
        tally.add(TASK, "v-1", [drift.of_text("a", [])], NOW)
    for later in (1, 2):
        tally.add(TASK, "v-1", [drift.of_text("a", [])], NOW + timedelta(seconds=later * SAVE_SECONDS))
    tally.add(TASK, "v-1", [drift.of_text("a", [])], NOW + timedelta(seconds=3 * SAVE_SECONDS))
    assert shown(ledger)["versions"][0]["texts"] == 4


def test_a_correction_taken_back_and_made_anew_counts_once() -> None:
    ledger = FakeLedger()
    item, first = drift.correct(TASK, "v-1", {"drug": Counts(1, 1, 0)}, None, ledger)
    ledger.save(item)
    item, _ = drift.correct(TASK, "v-1", {"sign": Counts(0, 0, 2)}, first, ledger)
    ledger.save(item)
    Tally(ledger).add(TASK, "v-1", [], NOW)
    corrections = shown(ledger)["versions"][0]["corrections"]
    assert (corrections["texts"], corrections["unchanged"], corrections["added"]) == (1, 0, 2)
    assert corrections["disagreement"] == 1.0


def test_what_is_counted_expires() -> None:
    ledger = FakeLedger()
    Tally(ledger).add(TASK, "v-1", [drift.of_text("a", [])], NOW)
    [item] = ledger.items.values()
    assert item["expires"] == (NOW + timedelta(days=drift.COUNTED_DAYS)).timestamp()
