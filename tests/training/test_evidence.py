"""The sentences that spoke for a label: the planted one is found in a text of any length, and its weight is what it brought."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.training.test_classifier import Telling, classifier_of
from training import evidence
from training.classifier import Classifier
from training.evidence import Sentence

DULL = "The patient takes the mg daily. No 10 mg since Monday. "


def found(classifier: Classifier, text: str, most: int = 3) -> list[Sentence]:
    [cut] = classifier.cutter.split([text])
    [scored] = classifier.probabilities([text], [cut])
    return evidence.speaking(classifier, text, cut, scored, most)


@pytest.mark.parametrize("before", [0, 3, 12])
def test_the_planted_sentence_is_found(base: Path, before: int) -> None:
    text = DULL * before + "Zoë 🤒 denies fever. " + DULL * 4
    [sentence] = found(classifier_of(base, 16, 4), text)
    assert text[sentence.start : sentence.end] == "Zoë 🤒 denies fever."


def test_the_weight_is_what_the_log_odds_lose_without_it(base: Path) -> None:
    classifier = classifier_of(base, 64)
    text = "No plan. Fever fever. Daily."
    [only] = found(classifier, text)
    pieces = len(classifier.cutter.split([text])[0])
    without = len(classifier.cutter.split(["No plan. Daily."])[0])
    assert only.weight == pytest.approx((2 * np.log(9) - np.log(4)) / pieces + np.log(4) / without, abs=1e-5)


def test_the_weightiest_come_first_and_no_more_than_asked(base: Path) -> None:
    text = "Cough since Monday. Fever since Monday. Plan the plan. " + DULL
    surfaces = [text[each.start : each.end] for each in found(classifier_of(base, 16, 4), text)]
    assert surfaces[:2] == ["Fever since Monday.", "Cough since Monday."] and "Plan the plan." not in surfaces
    assert len(found(classifier_of(base, 16, 4), text, most=1)) == 1


def test_a_text_that_is_one_sentence_speaks_for_itself(base: Path) -> None:
    [only] = found(classifier_of(base), "fever")
    assert only.weight == pytest.approx(np.log(9), abs=1e-5)
    assert found(classifier_of(base), "") == []


def test_the_passes_are_bounded_whatever_the_length(base: Path) -> None:
    classifier = classifier_of(base, 32, 8)
    text = "Fever and cough. " * 400
    [cut] = classifier.cutter.split([text])
    [scored] = classifier.probabilities([text], [cut])
    assert isinstance(classifier.engine, Telling)
    before = classifier.engine.rows
    evidence.speaking(classifier, text, cut, scored, 3)
    assert classifier.engine.rows - before <= 2 * evidence.TRIED
