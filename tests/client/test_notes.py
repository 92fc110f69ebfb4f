"""The demo's notes: exact spans, many labels, no copies, the same for the same seed."""

from __future__ import annotations

import json
from collections import Counter
from itertools import combinations
from statistics import mean

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chartloop import records
from client import note_codes, notes
from client.note_forms import ANY_NOTE, FORMS
from client.note_slots import LABELS, MIXED, SLOTS
from client.notes import SLOT, LabelledNote
from tests.contracts import validate


@pytest.fixture(scope="module")
def written() -> list[LabelledNote]:
    return notes.write(900, seed=7)


@settings(max_examples=30)
@given(st.integers(0, 2**32), st.integers(1, 12))
def test_every_note_is_a_record_as_it_should_be(seed: int, count: int) -> None:
    for note in notes.write(count, seed):
        validate("record", note)
        checked = records.check("ner", dict(note), records.BatchOptions(), {})
        assert checked.problem is None
        assert checked.notes == ()
        for entity in note["entities"]:
            surface = note["text"][entity["start"] : entity["end"]]
            assert surface == surface.strip() != ""


def test_the_same_seed_writes_the_same_and_a_prefix_of_more(written: list[LabelledNote]) -> None:
    assert notes.write(50, seed=7) == written[:50]
    assert notes.write(5, seed=8) != written[:5]


def test_they_are_as_the_demo_says(written: list[LabelledNote]) -> None:
    text = "\n".join(note["text"] for note in written)
    assert 55 <= mean(len(note["text"].split()) for note in written) <= 70
    assert {entity["label"] for note in written for entity in note["entities"]} == set(LABELS)
    assert len(LABELS) >= 6
    assert all(
        mark in text
        for mark in ("µg", "°C", "½", "é", "→", "🙂", "c/o", "s/p", "w/o", "BID", "PRN", "q6h", "SOB", "Denies", "No evidence of")
    )


def test_ids_are_opaque_and_some_patients_come_again(written: list[LabelledNote]) -> None:
    assert len({note["record_id"] for note in written}) == len(written)
    visits = Counter(note.get("patient_id") for note in written)
    assert visits[None] > 0
    assert sum(number > 1 for patient, number in visits.items() if patient) > 50
    assert not any(name.lower() in json.dumps(list(visits)).lower() for name in ("alvarez", "mr.", "núñez"))


def test_no_two_notes_are_near_copies() -> None:
    """By word 5-grams; the split would otherwise put them into one group."""
    shingles = []
    for note in notes.write(400, seed=3):
        words = note["text"].lower().split()
        shingles.append({tuple(words[at : at + 5]) for at in range(len(words) - 4)})
    assert max(len(a & b) / len(a | b) for a, b in combinations(shingles, 2)) < 0.4


def test_some_labels_are_wrong_but_few(written: list[LabelledNote], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(notes, "NOISE", 0.0)
    gold = {note["text"]: note for note in notes.write(900, seed=7)}
    told = [(spans_of(note), spans_of(gold[note["text"]])) for note in written if note["text"] in gold]
    wrong = sum(len(right - given) for given, right in told) / sum(len(right) for _, right in told)
    assert len(told) == len(written)
    assert 0.01 < wrong < 0.05


def spans_of(note: LabelledNote) -> set[tuple[int, int, str]]:
    return {(entity["start"], entity["end"], entity["label"]) for entity in note["entities"]}


def test_later_notes_hold_words_that_the_first_do_not(written: list[LabelledNote]) -> None:
    """What a second batch can teach: a good part of its drugs and problems is new."""

    def surfaces(some: list[LabelledNote], label: str) -> set[str]:
        return {note["text"][e["start"] : e["end"]].lower() for note in some for e in note["entities"] if e["label"] == label}

    for label, part in (("drug", 0.1), ("problem", 0.5), ("procedure", 0.4)):
        later = surfaces(written[300:], label)
        assert len(later - surfaces(written[:300], label)) / len(later) > part, label


def test_shuffled_labels_keep_texts_and_spans_and_none_is_right(written: list[LabelledNote]) -> None:
    spoiled = notes.shuffled(written[:150], seed=7)
    assert notes.shuffled(written[:150], seed=7) == spoiled
    for note, before in zip(spoiled, written, strict=False):
        assert note["text"] == before["text"]
        assert [(e["start"], e["end"]) for e in note["entities"]] == [(e["start"], e["end"]) for e in before["entities"]]
        assert not spans_of(note) & spans_of(before)
    labels = [{e["label"] for note in some for e in note["entities"]} for some in (spoiled, written[:150])]
    assert labels[0] == labels[1]


def test_notes_of_one_form_are_others_than_those_of_all(written: list[LabelledNote]) -> None:
    of_one = notes.write(150, 7, "medication reconciliation")
    assert not {note["text"] for note in of_one} & {note["text"] for note in written}
    assert not {note["record_id"] for note in of_one} & {note["record_id"] for note in written}
    openings = FORMS["medication reconciliation"].opening
    assert all(any(note["text"].startswith(opening.partition("{")[0]) for opening in openings) for note in of_one)


def test_every_slot_of_a_form_can_be_filled() -> None:
    sentences = [sentence for form in FORMS.values() for sentence in (*form.opening, *form.sentences)]
    used = {slot for sentence in (*sentences, *ANY_NOTE) for slot in SLOT.findall(sentence)}
    assert used <= set(SLOTS) | set(MIXED)
    assert set(SLOTS) | set(MIXED) <= used | {slot for slots in MIXED.values() for slot in slots}
    assert len(set(sentences)) == len(sentences)


def test_notes_carry_codes_of_what_they_affirm(written: list[LabelledNote]) -> None:
    coded = [note for note in written if note["codes"]]
    assert len(coded) > len(written) / 2
    assert all(code["code"] in note_codes.CODES.values() for note in coded for code in note["codes"])
    carried = Counter(code["code"] for note in coded for code in note["codes"])
    assert carried["I10"] > 20 and len(carried) > 30


def test_every_code_is_described_once_by_the_notes_own_words() -> None:
    described = {each.code: each.description for each in note_codes.table()}
    assert len(described) == len(note_codes.table()) and described.keys() == set(note_codes.CODES.values())
    assert all(words in described[code].split(" or ") for words, code in note_codes.CODES.items())


def test_what_a_note_denies_is_not_coded() -> None:
    text = "Denies cough, fever or nausea. Seen for worsening type 2 diabetes mellitus; no edema. Hx of T2DM."
    words = ("cough", "fever", "nausea", "worsening type 2 diabetes mellitus", "edema", "T2DM")
    places = [(text.index(word), text.index(word) + len(word)) for word in words]
    assert note_codes.of_note(text, places) == [{"system": "icd10cm", "code": "E11.9"}]
