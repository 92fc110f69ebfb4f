"""Score reports: figures from counts, groups for the bootstrap, and null, never NaN, where there is nothing to count."""

from __future__ import annotations

import pytest

from chartloop.spans import Counts
from training import reports
from training.dataset import Document
from training.measure import Measured, all_labels, f1, measure, precision, recall

TEXT = "Aspirin for chest pain"
DRUG = {"start": 0, "end": 7, "label": "drug"}
SIGN = {"start": 12, "end": 22, "label": "sign"}


def measured(group: str, found: list[dict[str, object]]) -> Measured:
    return measure(Document(TEXT, [DRUG, SIGN], group), found)


def test_a_document_is_measured_strictly() -> None:
    short = {"start": 12, "end": 17, "label": "sign"}
    each = measured("g", [DRUG, short])
    assert each.labels == {"drug": Counts(1, 0, 0), "sign": Counts(0, 1, 1)}
    assert (each.correct, each.baseline, each.tokens) == (3, 1, 4)


def test_figures_of_a_part() -> None:
    part = reports.part([measured("a", [DRUG, SIGN]), measured("a", []), measured("b", [DRUG])])
    assert (part.records, part.groups) == (3, 2)
    assert part.metrics["entity_precision"] == 1
    assert part.metrics["entity_recall"] == 0.5
    assert part.metrics["entity_f1"] == 2 * 3 / (2 * 3 + 3)
    assert part.metrics["token_accuracy"] == (4 + 1 + 2) / 12
    assert part.baseline["token_accuracy"] == 3 / 12
    assert part.labels["sign"].model_dump() == {
        "tp": 1, "fp": 0, "fn": 2, "support": 3, "precision": 1.0, "recall": 1 / 3, "f1": 0.5,
    }  # fmt: skip
    a, b = part.per_group
    assert (a.group, a.tp, a.fp, a.fn, a.correct, a.tokens, a.records) == ("a", 2, 0, 2, 5, 8, 2)
    assert (b.group, b.tp, b.records) == ("b", 1, 1)


def test_nothing_has_no_figures() -> None:
    part = reports.part([])
    assert set(part.metrics.values()) == {None}
    assert part.baseline["token_accuracy"] is None
    assert (part.labels, part.per_group) == ({}, ())


def test_nothing_found_counts_as_nothing() -> None:
    none = all_labels([])
    assert (precision(none), recall(none), f1(none)) == (0, 0, 0)


def judged(confidence: float, *, right: bool, **more: float) -> tuple[dict[str, float], bool]:
    return {"confidence": confidence, **more}, right


def test_calibration_compares_confidence_with_what_is_right_bin_by_bin() -> None:
    found = [judged(0.95, right=True), judged(0.97, right=False), judged(0.30, right=True), judged(1.0, right=True)]
    found = [({**entity, "uncalibrated": 1.0}, right) for entity, right in found]
    calibration = reports.calibration(found, 1.5)
    assert calibration is not None
    assert [(each.count, each.accuracy) for each in calibration.bins] == [(1, 1.0), (3, pytest.approx(2 / 3))]
    assert [(each.low, each.high) for each in calibration.bins] == [(4 / 15, 5 / 15), (14 / 15, 1.0)]
    assert calibration.bins[1].confidence == pytest.approx((0.95 + 0.97 + 1.0) / 3)
    assert calibration.ece == pytest.approx((1 * 0.7 + 3 * abs(2.92 / 3 - 2 / 3)) / 4)
    assert calibration.ece_uncalibrated == pytest.approx(0.25)
    assert (calibration.entities, calibration.temperature) == (4, 1.5)


def test_confidences_that_are_right_as_often_as_they_say_have_no_error() -> None:
    calibration = reports.calibration([judged(0.5, right=place % 2 == 0) for place in range(10)], 1.0)
    assert calibration is not None and calibration.ece == calibration.ece_uncalibrated == 0


def test_nothing_found_has_no_calibration() -> None:
    assert reports.calibration([], 1.0) is None


def test_the_holdouts_hash_is_of_its_records_whatever_their_order() -> None:
    assert reports.holdout_hash(["b" * 64, "a" * 64]) == reports.holdout_hash(["a" * 64, "b" * 64])
    assert reports.holdout_hash(["a" * 64]) != reports.holdout_hash([])
