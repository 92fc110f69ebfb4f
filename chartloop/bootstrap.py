"""The paired bootstrap: how sure the difference of two models on the same split groups is.

Groups, not records, are drawn: notes of one patient are not independent. Both models are evaluated on each draw, so what is hard
for both cancels out (Efron and Tibshirani, An Introduction to the Bootstrap, 1993, chapters 13 and 16).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from chartloop.scores import GroupCounts

Array = npt.NDArray[np.float64]

LEVEL = 0.95
RESAMPLES = 4000
SEED = 20
MINIMUM_GROUPS = 6
"""With fewer, even a gain in every group could be chance at the 2.5 % that the lower bound leaves (0.5 ** 5 = 3.1 %)."""
DRAWS_AT_ONCE = 1 << 21
"""Bounds the memory of one chunk: 16 MiB of indices."""


def _f1(sums: Array) -> Array:
    tp, fp, fn = sums[..., 0], sums[..., 1], sums[..., 2]
    return np.divide(2 * tp, 2 * tp + fp + fn, out=np.zeros_like(tp), where=tp > 0)


def _share(sums: Array) -> Array:
    return np.divide(sums[..., 0], sums[..., 1], out=np.zeros_like(sums[..., 0]), where=sums[..., 1] > 0)


STATISTICS: dict[str, tuple[tuple[str, ...], Callable[[Array], Array]]] = {
    "entity_f1": (("tp", "fp", "fn"), _f1),
    "token_accuracy": (("correct", "tokens"), _share),
}
"""By metric: the counts of a group that it needs, and the metric from sums (..., counts) of them."""


@dataclass(frozen=True)
class Interval:
    """The difference candidate - champion of `metric`, with the bounds of its two-sided `level` interval."""

    metric: str
    difference: float
    low: float
    high: float
    level: float = LEVEL
    resamples: int = RESAMPLES
    seed: int = SEED

    def to_json(self) -> dict[str, Any]:
        return dict(self.__dict__)


def paired(metric: str, candidate: Sequence[GroupCounts], champion: Sequence[GroupCounts]) -> Interval | None:
    """None where there is no such evidence: an unknown metric, other or too few groups, or counts that are missing."""
    if metric not in STATISTICS:
        return None
    names, statistic = STATISTICS[metric]
    ours, theirs = _table(candidate, names), _table(champion, names)
    if ours is None or theirs is None or ours.keys() != theirs.keys() or len(ours) < MINIMUM_GROUPS:
        return None
    order = sorted(ours)
    counts = np.array([ours[group] + theirs[group] for group in order], dtype=np.float64)

    def difference(sums: Array) -> Array:
        return statistic(sums[..., : len(names)]) - statistic(sums[..., len(names) :])

    drawn = np.concatenate([difference(weights @ counts) for weights in _draws(len(order))])
    low, high = np.quantile(drawn, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return Interval(metric, float(difference(counts.sum(axis=0))), float(low), float(high))


def _table(groups: Sequence[GroupCounts], names: tuple[str, ...]) -> dict[str, list[int]] | None:
    """Counts by group, or None where one is missing or a group is named twice."""
    rows = {group.group: [getattr(group, name) for name in names] for group in groups}
    return None if len(rows) != len(groups) or any(None in row for row in rows.values()) else rows


def _draws(groups: int) -> Iterator[Array]:
    """Chunks (draws, groups) of how often each group was drawn, RESAMPLES draws in all, always the same ones."""
    generator = np.random.default_rng(SEED)
    rows = max(1, DRAWS_AT_ONCE // groups)
    for start in range(0, RESAMPLES, rows):
        some = min(rows, RESAMPLES - start)
        drawn = generator.integers(0, groups, size=(some, groups)) + np.arange(some)[:, None] * groups
        yield np.bincount(drawn.ravel(), minlength=some * groups).reshape(some, groups).astype(np.float64)
