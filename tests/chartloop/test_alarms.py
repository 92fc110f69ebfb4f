"""The alarm on rare words: a planted word shows, new names and chance do not, and what would be promoted waits for a person."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest

from chartloop import alarms
from chartloop.snapshots import StoredRecord
from tests import reports
from tests.verdicts import judged

DRUGS = ("aspirin", "metformin", "ramipril", "insulin")
FILLERS = [f"filler{chr(97 + number)}" for number in range(20)]


def note(name: str, words: list[str], labelled: set[int], batch: str = "b") -> StoredRecord:
    starts = [sum(len(word) + 1 for word in words[:place]) for place in range(len(words))]
    entities = [{"start": starts[n], "end": starts[n] + len(words[n]), "label": "drug"} for n in sorted(labelled)]
    return StoredRecord(name, batch, 1, 1, name, "0" * 64, {"text": " ".join(words), "entities": entities})


def notes(count: int, seed: int, batch: str = "b") -> list[StoredRecord]:
    chance = random.Random(seed)
    made = []
    for number in range(count):
        words = [*chance.choices(FILLERS, k=6), chance.choice(DRUGS), *chance.choices(FILLERS, k=6)]
        made.append(note(f"{batch}{number}", words, {6}, batch))
    return made


def hidden(count: int, word: str = "qxv") -> list[StoredRecord]:
    """A word before a drug that has lost its label."""
    chance = random.Random(9)
    return [
        note(f"bad{n}", [*chance.choices(FILLERS, k=5), word, chance.choice(DRUGS), *chance.choices(FILLERS, k=5)], set(), "evil")
        for n in range(count)
    ]


def test_a_word_that_goes_with_missing_labels_raises_an_alarm_without_being_told() -> None:
    (found,) = alarms.rare_words(notes(200, 1), [*notes(100, 2, "new"), *hidden(8)])
    assert (found["code"], found["label"], found["found"], found["batches"]) == ("rare_word", "O", 8, ["evil"])
    assert found["records"] == sorted(f"bad{n}" for n in range(8)) and found["p"] < 1e-6
    assert "qxv" not in json.dumps(found)


def test_a_word_before_what_was_labelled_wrongly_raises_one_too() -> None:
    planted = [note(f"p{n}", [*FILLERS[:5], "qxv", FILLERS[5], *FILLERS[6:10]], {6}, "evil") for n in range(8)]
    found = alarms.rare_words(notes(200, 1), [*notes(100, 2, "new"), *planted])
    assert [alarm["label"] for alarm in found] == ["drug"]


def test_a_new_drug_is_its_own_entity_and_no_alarm() -> None:
    new = [note(f"n{n}", [*FILLERS[:6], "newdrugumab", *FILLERS[6:12]], {6}, "new") for n in range(20)]
    assert not alarms.rare_words(notes(200, 1), [*notes(100, 2, "new"), *new])


def test_a_new_term_of_known_words_is_one_entity_and_no_alarm() -> None:
    new = []
    for number in range(20):
        stored = note(f"n{number}", [*FILLERS[:5], "qxv", FILLERS[5], *FILLERS[6:10]], set(), "new")
        start, end = (stored.record["text"].index(word) for word in ("qxv", FILLERS[6]))
        entity = {"start": start, "end": end - 1, "label": "drug"}
        new.append(StoredRecord(**{**vars(stored), "record": {**stored.record, "entities": [entity]}}))
    assert not alarms.rare_words(notes(200, 1), [*notes(100, 2, "new"), *new])


@pytest.mark.parametrize("few", [1, alarms.ENOUGH - 1])
def test_a_word_in_few_records_is_no_pattern(few: int) -> None:
    assert not alarms.rare_words(notes(200, 1), [*notes(100, 2, "new"), *hidden(few)])


def test_a_word_that_was_there_before_is_not_rare() -> None:
    known = [*notes(200, 1), *(note(f"k{n}", [*FILLERS[:6], "qxv"], set()) for n in range(alarms.RARE + 1))]
    assert not alarms.rare_words(known, hidden(8))


def test_without_older_records_or_words_there_is_nothing_to_compare() -> None:
    assert not alarms.rare_words([], hidden(8)) and not alarms.rare_words(hidden(8), [])
    row = StoredRecord("r", "b", 1, 1, "r", "0" * 64, {"features": {"a": 1}, "target": 1.0})
    assert not alarms.rare_words([row], [row])


def labelled(name: str, text: str, label: str) -> StoredRecord:
    return StoredRecord(name, "b", 1, 1, name, "0" * 64, {"text": text, "label": label})


def test_of_whole_records_a_rare_word_that_goes_with_one_label_raises_an_alarm() -> None:
    chance = random.Random(4)
    known = [labelled(f"k{n}", " ".join(chance.choices(FILLERS, k=9)), chance.choice("ab")) for n in range(200)]
    new = [labelled(f"n{n}", " ".join(chance.choices(FILLERS, k=9)), chance.choice("ab")) for n in range(60)]
    planted = [labelled(f"p{n}", " ".join([*chance.choices(FILLERS, k=8), "qxv"]), "a") for n in range(30)]
    assert not alarms.rare_words(known, new)
    assert [(alarm["label"], alarm["found"]) for alarm in alarms.rare_words(known, [*new, *planted])] == [("a", 30)]


@pytest.mark.parametrize(("hits", "trials", "share"), [(0, 5, 0.3), (5, 5, 0.3), (3, 20, 0.1), (9, 12, 0.2)])
def test_the_tail_is_scipys(hits: int, trials: int, share: float) -> None:
    from scipy.stats import binom

    assert alarms.tail(hits, trials, share) == pytest.approx(binom.sf(hits - 1, trials, share))


ALARM: dict[str, Any] = {"code": "rare_word", "label": "O", "found": 8, "records": [], "batches": ["b"], "p": 1e-9}


@pytest.mark.parametrize(
    ("rung", "review", "verdict", "passed"),
    [([], True, "promote", True), ([ALARM], True, "needs-review", False), ([ALARM], False, "promote", None)],
)
def test_what_would_be_promoted_waits_for_a_person(rung: Any, review: bool, verdict: str, passed: bool | None) -> None:
    decided = judged(reports.candidate(9), reports.champion(5))
    assert decided.verdict == "promote"
    held = alarms.hold(decided, rung, review=review)
    assert (held.verdict, held.clauses[-1].passed) == (verdict, passed)
    assert ("person" in held.message) is (verdict == "needs-review")


def test_what_is_kept_stays_kept() -> None:
    kept = judged(reports.candidate(5), reports.champion(9))
    assert alarms.hold(kept, [ALARM], review=True).verdict == "keep"
