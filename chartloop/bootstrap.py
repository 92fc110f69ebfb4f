"""The paired bootstrap: how sure the difference of two models on the same split groups is.

Groups, not records, are drawn: notes of one patient are not independent. Both models are evaluated on each draw, so what is hard
for both cancels out (Efron and Tibshirani, An Introduction to the Bootstrap, 1993, chapters 13 and 16).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from chartloop.scores import GroupCounts
from chartloop.statistics import STATISTICS, Array, Counts, Statistic

LEVEL = 0.95
RESAMPLES = 4000
SEED = 20
MINIMUM_GROUPS = 6
"""With fewer, even a gain in every group could be chance at the 2.5 % that the lower bound leaves (0.5 ** 5 = 3.1 %)."""
DRAWS_AT_ONCE = 1 << 21
"""Bounds the memory of one chunk: 16 MiB of indices."""


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
    return compare(metric, STATISTICS[metric], candidate, champion)


def compare(
    name: str, statistic: Statistic, candidate: Sequence[GroupCounts], champion: Sequence[GroupCounts]
) -> Interval | None:
    """As `paired`, of a statistic that is no metric of a report."""
    counts = _counts(statistic, candidate, champion)
    if counts is None:
        return None

    def difference(sums: Array) -> Array:
        """A draw in which there was nothing to count speaks for neither side."""
        half = sums.shape[-1] // 2
        return np.nan_to_num(statistic.value(sums[..., :half])) - np.nan_to_num(statistic.value(sums[..., half:]))

    low, high = _bounds([difference(counts.weighted(weights)) for weights in _draws(counts.groups)])
    return Interval(name, float(difference(counts.total())), low, high)


def _counts(statistic: Statistic, *sides: Sequence[GroupCounts]) -> Counts | None:
    """In the order of the groups' names, which the draws follow; None where they are no evidence."""
    counts = statistic.counts(*(sorted(side, key=lambda group: group.group) for side in sides))
    return counts if counts and counts.groups >= MINIMUM_GROUPS else None


def _bounds(drawn: Sequence[Array]) -> tuple[float, float]:
    low, high = np.quantile(np.concatenate(drawn), [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return float(low), float(high)


def alone(metric: str, groups: Sequence[GroupCounts]) -> tuple[float, float] | None:
    """The bounds of one model's own figure over the same draws; None where `paired` has none."""
    counts = _counts(STATISTICS[metric], groups) if metric in STATISTICS else None
    if counts is None:
        return None
    value = STATISTICS[metric].value
    return _bounds([np.nan_to_num(value(counts.weighted(weights))) for weights in _draws(counts.groups)])


def _draws(groups: int) -> Iterator[Array]:
    """Chunks (draws, groups) of how often each group was drawn, RESAMPLES draws in all, always the same ones."""
    generator = np.random.default_rng(SEED)
    rows = max(1, DRAWS_AT_ONCE // groups)
    for start in range(0, RESAMPLES, rows):
        some = min(rows, RESAMPLES - start)
        drawn = generator.integers(0, groups, size=(some, groups)) + np.arange(some)[:, None] * groups
        yield np.bincount(drawn.ravel(), minlength=some * groups).reshape(some, groups).astype(np.float64)
