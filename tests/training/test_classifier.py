"""A text's label from its pieces: each counts once however windows fall, and a text that says nothing could be anything."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from training import pieces
from training.classification_fit import spread
from training.classifier import Classifier
from training.passes import Rows
from training.pieces import WordPieces
from training.tagging import Floats
from training.windows import Window

TELLS = {"fever": (0.1, 0.9), "cough": (0.3, 0.7), "plan": (0.8, 0.2)}
"""What a piece says of the labels `well` and `ill`; any other says nothing."""


class Telling:
    """Scores each piece by itself, as TELLS says."""

    wide = False

    def __init__(self, cutter: WordPieces) -> None:
        self.known = {cutter.tokenizer.token_to_id(word): shares for word, shares in TELLS.items()}
        self.rows = 0

    def probabilities(self, rows: Rows) -> list[Floats]:
        self.rows += len(rows)
        return [np.array([self.known.get(each, (0.5, 0.5)) for each in row], dtype=np.float32) for row in rows]


def classifier_of(base: Path, length: int = 8, stride: int = 2, temperature: float = 1.0) -> Classifier:
    cutter = pieces.load_base(str(base))
    return Classifier(Telling(cutter), cutter, ["well", "ill"], length, stride, temperature)


def shares(classifier: Classifier, text: str) -> Floats:
    [cut] = classifier.cutter.split([text])
    [scored] = classifier.probabilities([text], [cut])
    return classifier.shares(scored)


def test_a_text_is_the_mean_of_its_pieces_logits(base: Path) -> None:
    odds = (np.log(9) + np.log(7 / 3) - np.log(4)) / 4
    assert shares(classifier_of(base), "fever no cough plan")[1] == pytest.approx(1 / (1 + np.exp(-odds)), abs=1e-6)


@pytest.mark.parametrize(("length", "stride"), [(4, 0), (6, 3), (8, 2), (40, 8)])
def test_each_piece_counts_once_however_windows_fall(base: Path, length: int, stride: int) -> None:
    text = "the patient takes no plan " * 9 + "fever cough"
    whole = shares(classifier_of(base, 128), text)
    assert shares(classifier_of(base, length, stride), text) == pytest.approx(whole, abs=1e-6)


def test_a_temperature_makes_it_less_sure_and_changes_no_label(base: Path) -> None:
    plain, tempered = (shares(classifier_of(base, temperature=each), "fever fever no")[1] for each in (1.0, 3.0))
    assert 0.5 < tempered < plain


def test_a_text_without_a_piece_could_be_anything(base: Path) -> None:
    assert shares(classifier_of(base), " \n").tolist() == [0.5, 0.5]


def test_labels_come_the_likeliest_first_and_in_order_of_names_where_even(base: Path) -> None:
    classifier = classifier_of(base)
    assert list(classifier.by_label(np.array([0.2, 0.8], dtype=np.float32))) == ["ill", "well"]
    assert list(classifier.by_label(np.array([0.5, 0.5], dtype=np.float32))) == ["ill", "well"]


def test_training_reads_windows_from_all_over_a_text() -> None:
    windows = [Window(start, start + 1, start, start + 1) for start in range(9)]
    assert [window.start for window in spread(windows, 3)] == [0, 4, 8]
    assert spread(windows, 20) == windows and spread([], 3) == []
    assert spread(windows, 1) == windows[:1]
