"""Scores of a batch transform whose input carries the truth: what is counted of each line, by task, and what it comes to.

Counted as the score job counts (training/measure.py): the truth is widened to whole tokens first, as a stored record's is.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import Any

from chartloop import spans
from chartloop.scores import LabelScore
from chartloop.spans import Counts
from chartloop.task import Answer, Record


class EntityTally:
    """Task `ner`: strict entities by label, and tokens whose BIO tag is right."""

    def __init__(self) -> None:
        self._records = 0
        self._labels: dict[str, Counts] = defaultdict(lambda: Counts(0, 0, 0))
        self._tokens = Counter[str]()

    def add(self, record: Record, answer: Answer) -> None:
        gold, found = record["entities"], answer["entities"]
        tokens = spans.tokens(record["text"])
        tags = zip(spans.tags(tokens, gold), spans.tags(tokens, found), strict=True)
        self._records += 1
        self._tokens.update({"all": len(tokens), "right": sum(one == other for one, other in tags)})
        for label, counts in spans.entity_counts(gold, found).items():
            self._labels[label] = Counts(*map(sum, zip(self._labels[label], counts, strict=True)))

    def score(self) -> dict[str, Any] | None:
        if not self._records:
            return None
        whole = Counts(*map(sum, zip(Counts(0, 0, 0), *self._labels.values(), strict=True)))
        return {
            "records": self._records,
            "metrics": {
                "token_accuracy": _ratio(self._tokens["right"], self._tokens["all"]),
                "entity_f1": _ratio(2 * whole.tp, 2 * whole.tp + whole.fp + whole.fn),
                "entity_precision": _ratio(whole.tp, whole.tp + whole.fp),
                "entity_recall": _ratio(whole.tp, whole.tp + whole.fn),
            },
            "labels": {label: _label(counts) for label, counts in sorted(self._labels.items())},
        }


def _ratio(numerator: int, denominator: int) -> float | None:
    return numerator / denominator if denominator else None


def _label(counts: Counts) -> dict[str, Any]:
    tp, fp, fn = counts
    score = LabelScore(
        tp=tp, fp=fp, fn=fn, support=tp + fn, precision=tp / max(1, tp + fp), recall=tp / max(1, tp + fn),
        f1=2 * tp / max(1, 2 * tp + fp + fn),
    )  # fmt: skip
    return score.model_dump()
