"""What is shown of answers, by what they hold."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from chartloop.snapshots import StoredRecord
from training import flipped
from training.flips import MOST, ROOM

NOW = datetime(2026, 11, 21, tzinfo=UTC)


def stored(number: int, **record: Any) -> StoredRecord:
    return StoredRecord(f"n{number}", "b", 1, number, f"g{number}", "0" * 64, record, settled=True)


def entity(start: int, end: int, label: str) -> dict[str, Any]:
    return {"start": start, "end": end, "label": label, "confidence": 0.9}


def cases(record: dict[str, Any], candidate: dict[str, Any], champion: dict[str, Any] | None) -> list[flipped.Case]:
    one = stored(1, **record)
    return flipped.cases([(one, candidate)], None if champion is None else [(one, champion)])


def test_entities_of_labels_that_not_both_know_take_no_part() -> None:
    record = {"text": "takes aspirin for pain", "entities": [entity(6, 13, "drug"), entity(18, 22, "sign")]}
    asked = cases(record, {"entities": [entity(6, 13, "drug"), entity(18, 22, "sign")]}, {"entities": []})
    assert sorted(flip.label for flip in flipped.between(asked, ())) == ["drug", "sign"]
    assert [flip.label for flip in flipped.between(asked, {"sign"})] == ["drug"]


def test_a_label_that_one_model_has_right_is_shown_by_how_the_text_begins() -> None:
    text = "Consult. " + "The patient was seen. " * 40
    record = {"text": text, "label": "Consult"}
    right, wrong = {"label": "Consult", "probability": 0.8}, {"label": "Surgery", "probability": 0.6}
    (flip,) = flipped.between(cases(record, right, wrong), ())
    assert (flip.way, flip.label, flip.telling) == ("fixed", "Consult", 0.8)
    assert text.startswith(flip.text) and len(flip.text) <= 2 * ROOM
    assert flip.answers == {
        "truth": {"value": "Consult"}, "candidate": {"value": "Consult (0.80)"}, "champion": {"value": "Surgery (0.60)"},
    }  # fmt: skip
    (flip,) = flipped.between(cases(record, wrong, right), ())
    assert flip.way == "broken"
    assert flipped.between(cases(record, right, right), ()) == flipped.between(cases(record, wrong, wrong), ()) == []
    assert flipped.between(cases(record, right, wrong), {"Consult"}) == []


def test_the_first_model_has_nobody_to_be_compared_with() -> None:
    asked = cases({"text": "on aspirin", "entities": []}, {"entities": [entity(3, 10, "drug")]}, None)
    assert flipped.between(asked, ()) == [] and flipped.counted([], asked) is None


def test_no_flip_at_all_is_a_count_of_none() -> None:
    asked = cases({"text": "on aspirin", "entities": []}, {"entities": []}, {"entities": []})
    counts = flipped.counted(flipped.between(asked, ()), asked)
    assert counts is not None and (counts.fixed, counts.broken, counts.labels) == (0, 0, {})


def test_answers_in_words_stand_beside_each_other_evenly_chosen() -> None:
    records = [stored(number, prompt=f"question {number}", completion="known " * 400) for number in range(40)]
    ours = [(each, {"completion": "ours", "base": {"completion": "theirs"}}) for each in records]
    asked = flipped.cases(ours, None)
    shown = flipped.beside(asked)
    assert [flip.record_id for flip in shown] == [f"n{number}" for number in range(0, 40, 5)]
    assert set(shown[0].answers) == {"truth", "candidate", "base"} and shown[0].way == "beside"
    assert len(shown[0].answers["truth"]["value"]) <= flipped.MOST_WORDS
    assert flipped.between(asked, ()) == [] and flipped.counted([], asked) is None


def test_numbers_are_neither_flipped_nor_shown() -> None:
    asked = cases({"features": {}, "target": 3}, {"value": 2.0}, {"value": 4.0})
    assert flipped.between(asked, ()) == [] == flipped.beside(asked) and flipped.counted([], asked) is None


def test_the_document_says_until_when_and_shows_no_more_than_it_may() -> None:
    records = [stored(n, text=f"takes drug{n:03d} daily", entities=[entity(6, 13, "drug")]) for n in range(60)]
    asked = flipped.cases(
        [(each, {"entities": [entity(6, 13, "drug")]}) for each in records], [(each, {"entities": []}) for each in records]
    )
    found = flipped.between(asked, ())
    made = flipped.document({"run_id": "ner-1", "task": "ner"}, found, asked, NOW)
    assert (made["created_at"], made["expires_at"]) == ("2026-11-21T00:00:00.000Z", "2026-12-21T00:00:00.000Z")
    assert len(found) == 60 and len(made["shown"]) == MOST
    counts = flipped.counted(found, asked)
    assert counts is not None and counts.fixed == 60
    assert all(set(flip) == {"way", "label", "record_id", "text", "answers"} for flip in made["shown"])
