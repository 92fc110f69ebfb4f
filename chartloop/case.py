"""What the gate judges: two score reports, the task's measures and its terms, and how figures are put into words."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from chartloop.bootstrap import Interval, compare, paired
from chartloop.measures import Metric, Terms
from chartloop.scores import GroupCounts, ScoreReport
from chartloop.statistics import expected_cost
from chartloop.task import Task

COST = "cost_per_1000"


@dataclass(frozen=True)
class Looks:
    """How often the settled holdout has been looked at, this time included: each look weakens what the next one proves."""

    looks: int = 1
    runs: int = 1


@dataclass(frozen=True)
class Case:
    """A missing report is None; `champion_version` is None where nothing is in service yet."""

    task: Task
    run_id: str
    candidate: ScoreReport | None
    champion: ScoreReport | None
    champion_version: str | None
    terms: Terms = field(default_factory=Terms)
    looks: Looks = field(default_factory=Looks)

    def ours(self, metric: str) -> float | None:
        return self.candidate.settled.metrics.get(metric) if self.candidate else None

    def theirs(self, metric: str) -> float | None:
        return self.champion.settled.metrics.get(metric) if self.champion else None

    def gain(self, metric: Metric) -> float | None:
        """How much better the candidate is, whichever way is better; None where a figure is missing."""
        ours, theirs = self.ours(metric.name), self.theirs(metric.name)
        return None if ours is None or theirs is None else metric.gain(ours, theirs)

    def groups(self) -> tuple[tuple[GroupCounts, ...], tuple[GroupCounts, ...]] | None:
        """The counts of both models; None where one of the reports is missing."""
        if self.candidate is None or self.champion is None:
            return None
        return self.candidate.settled.per_group, self.champion.settled.per_group


def intervals(case: Case) -> dict[str, Interval]:
    """By primary metric, and of the cost where there is a price; one without its evidence is left out."""
    if (groups := case.groups()) is None:
        return {}
    found = {metric.name: paired(metric.name, *groups) for metric in case.task.measures.primary}
    if case.terms.price:
        found[COST] = compare(COST, expected_cost(case.terms.price), *groups)
    return {name: interval for name, interval in found.items() if interval}


def mcnemar(case: Case) -> dict[str, Any] | None:
    """Exact McNemar over the records: how many the candidate fixed and broke, and how likely that is of two equal models.

    Two-sided binomial test of one half (McNemar 1947). None where the reports do not say of each record whether it is right.
    """
    if (groups := case.groups()) is None:
        return None
    ours, theirs = ({group.group: group.right for group in side} for side in groups)
    pairs = [(right, theirs.get(name)) for name, right in ours.items()]
    digits = [(a, b) for a, b in pairs if a is not None and b is not None and len(a) == len(b)]
    if not digits or len(digits) != len(groups[0]) or len(digits) != len(groups[1]):
        return None
    flips = [one + other for a, b in digits for one, other in zip(a, b, strict=True)]
    fixed, broken = flips.count("10"), flips.count("01")
    return {"fixed": fixed, "broken": broken, "p": exact_p(fixed, broken)}


def exact_p(fixed: int, broken: int) -> float:
    """Two-sided: as many flips, as uneven or more, of a fair coin."""
    flips, ways, tail = fixed + broken, 1, 0
    for fewer in range(min(fixed, broken) + 1):
        tail += ways
        ways = ways * (flips - fewer) // (fewer + 1)
    return min(1.0, 2 * tail / (1 << flips))


def words(metric: str) -> str:
    """`mae` and `loss` are sayable as they are."""
    return metric.replace("_per_", " per ").replace("_", " ").replace(" f1", " F1").replace("mae", "mean absolute error")


def figure(value: float | None) -> str:
    return "unknown" if value is None else f"{value:.3f}"


def difference(interval: Interval) -> str:
    bounds = f"between {interval.low:+.3f} and {interval.high:+.3f}"
    return f"the difference of {interval.difference:+.3f} in {words(interval.metric)} lies {bounds}"
