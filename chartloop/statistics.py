"""Metrics from sums of the sufficient statistics of split groups, the same for a whole holdout and for a draw of its groups.

What each task gives: ner tp, fp, fn, correct, tokens; classification correct, records, labels; regression absolute_error,
records; generation loss, tokens, rouge_l, exact, records. Each may give more (`labels`, `right`), and the gate shows more then.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from chartloop.measures import Price
from chartloop.scores import GroupCounts, LabelScore

Array = npt.NDArray[np.float64]
Table = dict[str, list[float]]
"""By group: its row of counts."""


@dataclass(frozen=True)
class Statistic:
    """A metric that is a function of sums: the counts of a group that it needs, and `value` of sums (..., counts) of them.

    `value` is NaN where there was nothing to count. `per_label` takes tp, fp and fn of each label instead of named counts, label
    by label in sorted order.
    """

    names: tuple[str, ...]
    value: Callable[[Array], Array]
    per_label: bool = False

    def table(self, groups: Sequence[GroupCounts], labels: Sequence[str]) -> Table | None:
        """The rows of `groups`, or None where a count is missing or a group is named twice."""
        rows = {group.group: _by_label(group, labels) if self.per_label else self._named(group) for group in groups}
        known = {name: row for name, row in rows.items() if row is not None}
        return known if len(known) == len(groups) else None

    def _named(self, group: GroupCounts) -> list[float] | None:
        row = [getattr(group, name) for name in self.names]
        return None if None in row else row


def _by_label(group: GroupCounts, labels: Sequence[str]) -> list[float] | None:
    if group.labels is None:
        return None
    found = [group.labels.get(label) for label in labels]
    return [count for each in found for count in ((each.tp, each.fp, each.fn) if each else (0, 0, 0))]


def _ratio(above: Array, below: Array) -> Array:
    """NaN where there was nothing to divide by."""
    return np.divide(above, below, out=np.full_like(above, np.nan), where=below > 0)


def _share(sums: Array) -> Array:
    return _ratio(sums[..., 0], sums[..., 1])


def _f1(sums: Array) -> Array:
    tp, fp, fn = sums[..., 0], sums[..., 1], sums[..., 2]
    return _ratio(2 * tp, 2 * tp + fp + fn)


def _macro_f1(sums: Array) -> Array:
    """Mean over the labels that some record has; what is found of a label that no record has costs its own label."""
    counts = sums.reshape(*sums.shape[:-1], -1, 3)
    supported = (counts[..., 0] + counts[..., 2]) > 0
    return _ratio(np.where(supported, _f1(counts), 0.0).sum(axis=-1), supported.sum(axis=-1, dtype=np.float64))


STATISTICS: dict[str, Statistic] = {
    "entity_f1": Statistic(("tp", "fp", "fn"), _f1),
    "token_accuracy": Statistic(("correct", "tokens"), _share),
    "accuracy": Statistic(("correct", "records"), _share),
    "macro_f1": Statistic((), _macro_f1, per_label=True),
    "mae": Statistic(("absolute_error", "records"), _share),
    "loss": Statistic(("loss", "tokens"), _share),
    "rouge_l": Statistic(("rouge_l", "records"), _share),
    "exact_match": Statistic(("exact", "records"), _share),
}
"""By metric."""


def expected_cost(price: Price) -> Statistic:
    """Money per 1,000 records for what is missed and what is wrong."""

    def value(sums: Array) -> Array:
        return 1000 * _ratio(sums[..., 0] * price.missed + sums[..., 1] * price.wrong, sums[..., 2])

    return Statistic(("missed", "wrong", "records"), value)


def labels_of(*sides: Iterable[GroupCounts]) -> list[str]:
    """Every label that a group of a side counts, sorted."""
    return sorted({label for side in sides for group in side for label in group.labels or ()})


def figure(metric: str, groups: Sequence[GroupCounts]) -> float | None:
    """`metric` of all `groups` together; None where a count is missing or there was nothing to count."""
    return total(STATISTICS[metric], groups)


def total(statistic: Statistic, groups: Sequence[GroupCounts]) -> float | None:
    """As `figure`, of a statistic that is no metric of a report."""
    table = statistic.table(groups, labels_of(groups))
    if not table:
        return None
    value = float(statistic.value(np.array(list(table.values()), dtype=np.float64).sum(axis=0)))
    return None if math.isnan(value) else value


def label_scores(groups: Sequence[GroupCounts]) -> dict[str, LabelScore]:
    """Precision, recall and F1 of each label that a group counts, over all groups; 0 where there was nothing to divide by."""
    labels = labels_of(groups)
    table = STATISTICS["macro_f1"].table(groups, labels) or {}
    sums = np.array(list(table.values()), dtype=np.int64).reshape(len(table), len(labels), 3).sum(axis=0).tolist()
    return {label: label_score(*counts) for label, counts in zip(labels, sums, strict=True)} if table else {}


def label_score(tp: int, fp: int, fn: int) -> LabelScore:
    return LabelScore(
        tp=tp,
        fp=fp,
        fn=fn,
        support=tp + fn,
        precision=tp / max(1, tp + fp),
        recall=tp / max(1, tp + fn),
        f1=2 * tp / max(1, 2 * tp + fp + fn),
    )
