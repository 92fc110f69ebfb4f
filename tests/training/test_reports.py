"""Score reports: figures from counts, groups for the bootstrap, and null, never NaN, where there is nothing to count."""

from __future__ import annotations

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


def test_the_holdouts_hash_is_of_its_records_whatever_their_order() -> None:
    assert reports.holdout_hash(["b" * 64, "a" * 64]) == reports.holdout_hash(["a" * 64, "b" * 64])
    assert reports.holdout_hash(["a" * 64]) != reports.holdout_hash([])
