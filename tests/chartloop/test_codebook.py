"""Descriptions against a note: how much of each stands in it, and where."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from chartloop.codebook import Code, Codebook, terms

CODES = (
    Code("icd10cm", "I10", "Essential hypertension"),
    Code("icd10cm", "I15.9", "Secondary hypertension, unspecified"),
    Code("icd10cm", "J18.9", "Pneumonia, unspecified organism"),
    Code("local", "X1"),
)


def stem(word: str) -> str:
    return word.removesuffix("s")


def book() -> Codebook:
    return Codebook(CODES, stem)


def test_terms_are_stemmed_words_with_their_places() -> None:
    assert terms("Two coughs; a COUGH, 40 mg", stem) == {"two": [(0, 3)], "cough": [(4, 10), (14, 19)], "mg": [(24, 26)]}


def test_a_whole_description_is_covered_whole_and_a_missing_one_not_at_all() -> None:
    covered = book().coverage(terms("Known essential hypertension.", stem))
    assert covered.tolist()[0] == 1.0
    assert covered.tolist()[2:] == [0.0, 0.0]


def test_a_rare_term_weighs_more_than_a_common_one() -> None:
    covered = book().coverage
    assert covered({"pneumonia"})[2] > covered({"unspecified"})[2] > 0


def test_the_evidence_is_the_first_place_of_each_shared_term() -> None:
    note = "Hypertension for years: essential hypertension."
    assert book().shared(0, terms(note, stem)) == [(0, 12), (24, 33)]
    assert book().shared(3, terms(note, stem)) == []


def test_a_book_without_codes_covers_nothing() -> None:
    assert Codebook((), stem).coverage({"fever"}).shape == (0,)


@given(st.lists(st.text(alphabet="ab ", max_size=12), max_size=6), st.sets(st.text(alphabet="ab", min_size=2, max_size=4)))
def test_coverage_lies_between_nothing_and_all_and_grows_with_what_is_held(described: list[str], held: set[str]) -> None:
    made = Codebook([Code("s", str(place), text) for place, text in enumerate(described)], stem)
    some, every = made.coverage(held), made.coverage({term for text in described for term in terms(text, stem)} | held)
    assert np.all(some >= 0)
    assert np.all(some <= every + 1e-6)
    assert np.all(every <= 1 + 1e-6)
