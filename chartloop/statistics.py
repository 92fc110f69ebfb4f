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
Block = tuple[npt.NDArray[np.int64] | slice, Array]
"""Some columns of counts: which groups have something of them, and their counts (groups, columns)."""


@dataclass(frozen=True)
class Counts:
    """Counts of `groups` groups, by blocks of columns: of most labels most groups have nothing, and of that nothing is kept."""

    groups: int
    blocks: list[Block]

    def weighted(self, weights: Array) -> Array:
        """The sums (draws, columns) where `weights` (draws, groups) says how often each group was drawn."""
        return np.concatenate([weights[:, :0], *(weights[:, rows] @ counts for rows, counts in self.blocks)], axis=1)

    def total(self) -> Array:
        """The sums (columns,) of each group once."""
        return np.concatenate([np.empty(0), *(counts.sum(axis=0) for _, counts in self.blocks)])


@dataclass(frozen=True)
class Statistic:
    """A metric that is a function of sums: the counts of a group that it needs, and `value` of sums (..., counts) of them.

    `value` is NaN where there was nothing to count. `per_label` takes tp, fp and fn of each label instead of named counts, label
    by label in sorted order.
    """

    names: tuple[str, ...]
    value: Callable[[Array], Array]
    per_label: bool = False

    def counts(self, *sides: Sequence[GroupCounts]) -> Counts | None:
        """The columns of one model's groups, or of several models' side by side, in the order of the groups.

        None where a count is missing, a group is named twice, or the sides have others, or the same in another order.
        """
        names = [[group.group for group in side] for side in sides]
        if any(its != names[0] or len(set(its)) < len(its) for its in names):
            return None
        if not self.per_label:
            return self._named(sides)
        labels = labels_of(*sides)
        blocks = [_by_label(side, labels) for side in sides]
        return None if None in blocks else Counts(len(names[0]), [block for its in blocks for block in its or ()])

    def _named(self, sides: Sequence[Sequence[GroupCounts]]) -> Counts | None:
        rows = [[getattr(group, name) for group in its for name in self.names] for its in zip(*sides, strict=True)]
        if any(None in row for row in rows):
            return None
        shape = (len(rows), len(sides) * len(self.names))
        return Counts(len(rows), [(slice(None), np.array(rows, dtype=np.float64).reshape(shape))])


def _by_label(groups: Sequence[GroupCounts], labels: Sequence[str]) -> list[Block] | None:
    """One block a label; `labels` names every one that a group counts."""
    found: dict[str, list[tuple[int, int, int, int]]] = {label: [] for label in labels}
    for place, group in enumerate(groups):
        if group.labels is None:
            return None
        for label, its in group.labels.items():
            found[label].append((place, its.tp, its.fp, its.fn))
    rows = (np.array(each, dtype=np.int64).reshape(-1, 4) for each in found.values())
    return [(each[:, 0], each[:, 1:].astype(np.float64)) for each in rows]


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
    counts = statistic.counts(groups)
    if counts is None:
        return None
    value = float(statistic.value(counts.total()))
    return None if math.isnan(value) else value


def label_scores(groups: Sequence[GroupCounts]) -> dict[str, LabelScore]:
    """Precision, recall and F1 of each label that a group counts, over all groups; 0 where there was nothing to divide by."""
    labels, counts = labels_of(groups), STATISTICS["macro_f1"].counts(groups)
    if counts is None:
        return {}
    sums = counts.total().astype(np.int64).reshape(len(labels), 3).tolist()
    return {label: label_score(*its) for label, its in zip(labels, sums, strict=True)}


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
