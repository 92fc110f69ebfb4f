"""What a transform's tally counts is what the score job counts."""

from __future__ import annotations

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
        tally.add({"text": TEXT, "entities": gold}, {"entities": FOUND})
    part = reports.part([measure(Document(TEXT, gold, "g"), FOUND) for gold in (GOLD, [])])
    score = tally.score()
    assert score is not None and score["records"] == 2
    assert score["metrics"] == part.metrics
    assert score["labels"] == {name: label.model_dump() for name, label in part.labels.items()}


def test_without_truth_there_is_no_score() -> None:
    assert EntityTally().score() is None
