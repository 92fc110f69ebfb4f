"""Suggestions: exact neighbours, both parts of the score, and evidence that is really there."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from chartloop.codebook import Code, Codebook
from chartloop.suggesting import Coded, Note, nearest, suggest, to_json

CODES = (Code("icd10cm", "I10", "Essential hypertension"), Code("icd10cm", "J18.9", "Pneumonia"), Code("icd10cm", "R05", "Cough"))
IDS = ("r-1", "r-2", "r-3")
VECTORS = np.array([[1, 0, 0], [0.8, 0.6, 0], [0, 0, 1]], dtype=np.float32)
PAIRS = np.array([[0, 0], [1, 0], [1, 1], [2, 2]], dtype=np.int32)


def stem(word: str) -> str:
    return word


def stored() -> Coded:
    return Coded(VECTORS, IDS, Codebook(CODES, stem), PAIRS)


def asked(text: str, *vector: float, most: int = 5) -> list[str]:
    (found,) = suggest(stored(), [Note(text, np.array(vector, dtype=np.float32))], stem=stem, most=most)
    return [CODES[each.number].code for each in found]


def test_neighbours_speak_for_their_codes() -> None:
    assert asked("nothing that a description says", 1, 0, 0) == ["I10", "J18.9"]


def test_the_words_of_the_note_speak_for_a_description() -> None:
    assert asked("productive cough", 0, 0, 0) == ["R05"]
    assert asked("lobar pneumonia", 1, 0, 0) == ["J18.9", "I10"]


def test_no_more_are_suggested_than_asked_for() -> None:
    assert asked("cough, pneumonia", 1, 0, 0, most=1) == ["J18.9"]


def test_evidence_names_records_by_id_and_words_by_place() -> None:
    note = "essential hypertension"
    ((first, *_),) = suggest(stored(), [Note(note, VECTORS[0])], stem=stem, most=3)
    answer = to_json(stored(), first)
    assert (answer["system"], answer["code"], answer["description"]) == ("icd10cm", "I10", "Essential hypertension")
    assert answer["evidence"]["records"] == [{"record_id": "r-1", "similarity": 1.0}, {"record_id": "r-2", "similarity": 0.8}]
    assert [note[word["start"] : word["end"]] for word in answer["evidence"]["words"]] == ["essential", "hypertension"]
    assert answer["score"] == 2.0


def test_without_coded_records_nothing_is_suggested() -> None:
    none = Coded(VECTORS, IDS, Codebook((), stem), np.zeros((0, 2), dtype=np.int32))
    assert suggest(none, [Note("cough", VECTORS[0])], stem=stem, most=5) == [[]]


def test_several_notes_are_answered_in_their_order() -> None:
    notes = [Note("", VECTORS[2]), Note("", VECTORS[0])]
    assert [CODES[its[0].number].code for its in suggest(stored(), notes, stem=stem, most=1)] == ["R05", "I10"]
    assert suggest(stored(), [], stem=stem, most=1) == []


def test_a_code_that_no_record_carries_is_found_by_its_words() -> None:
    more = Coded(VECTORS, IDS, Codebook((*CODES, Code("icd10cm", "J45.909", "Unspecified asthma")), stem), PAIRS)
    (found,) = suggest(more, [Note("asthma", VECTORS[2])], stem=stem, most=2)
    assert [each.number for each in found] == [2, 3] and found[1].records == ()
    assert found[1].score < 0.5  # less than the same words would count for a code that a record carries


@given(st.integers(0, 40), st.integers(0, 45), st.integers(0, 1000))
def test_the_nearest_are_those_of_a_full_sort(rows: int, most: int, seed: int) -> None:
    generator = np.random.default_rng(seed)
    vectors = generator.integers(-2, 3, size=(rows, 3)).astype(np.float32)
    queries = generator.integers(-2, 3, size=(2, 3)).astype(np.float32)
    for query, found in zip(queries, nearest(vectors, queries, most, block=7), strict=True):
        similarities = vectors @ query
        expected = sorted(range(rows), key=lambda row: (-similarities[row], row))[:most]
        assert [each.row for each in found] == expected
