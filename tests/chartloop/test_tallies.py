"""What a transform's tally counts is what the score job counts."""

from __future__ import annotations

import pytest

from chartloop.tallies import EntityTally
from training import reports
from training.dataset import Document
from training.measure import measure

TEXT = "Aspirin 100 mg and metformin for the old knee."
GOLD = [{"start": 0, "end": 7, "label": "drug"}, {"start": 19, "end": 28, "label": "drug"}]
FOUND = [
    {"start": 0, "end": 7, "label": "drug", "confidence": 0.9},
    {"start": 41, "end": 45, "label": "site", "confidence": 0.4},
]


def test_the_figures_are_those_of_the_score_job() -> None:
    tally = EntityTally()
    for gold in (GOLD, []):
        assert tally.add({"text": TEXT, "entities": gold}, {"entities": FOUND}) is None
    part = reports.part([measure(Document(TEXT, gold, "g"), FOUND) for gold in (GOLD, [])])
    score = tally.score()
    assert score is not None and score["records"] == 2
    assert score["metrics"] == part.metrics
    assert score["labels"] == {name: label.model_dump() for name, label in part.labels.items()}


def test_the_truth_is_widened_to_whole_tokens_as_a_record_is() -> None:
    tally = EntityTally()
    tally.add({"text": TEXT, "entities": [{"start": 0, "end": 5, "label": "drug"}]}, {"entities": FOUND[:1]})
    score = tally.score()
    assert score is not None and score["metrics"]["entity_f1"] == 1.0


@pytest.mark.parametrize("entities", [[{"start": 0, "end": 999, "label": "drug"}], "drug", [7]])
def test_truth_that_is_no_good_is_told_and_not_counted(entities: object) -> None:
    tally = EntityTally()
    problem = tally.add({"text": TEXT, "entities": entities}, {"entities": FOUND})
    assert problem is not None and problem.code
    assert tally.score() is None


def test_a_line_without_truth_is_not_scored() -> None:
    tally = EntityTally()
    assert tally.add({"text": TEXT}, {"entities": FOUND}) is None
    assert tally.score() is None
