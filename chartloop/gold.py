"""The gate's clause on the gold set: a frozen part of the holdout that posters cannot write."""

from __future__ import annotations

from collections.abc import Iterator

from chartloop.bootstrap import paired
from chartloop.case import Case, words
from chartloop.measures import Metric
from chartloop.scores import Part
from chartloop.verdicts import Clause


def clauses(case: Case) -> Iterator[Clause]:
    """One for each primary metric where there is a gold set; it fails where the candidate is worse there beyond chance."""
    ours, theirs = (report.gold if report else None for report in (case.candidate, case.champion))
    if ours is None and theirs is None:
        return
    for metric in case.task.measures.primary:
        yield _clause(case, metric, ours, theirs)


def _clause(case: Case, metric: Metric, ours: Part | None, theirs: Part | None) -> Clause:
    passed: bool | None = None
    measured: float | None = None
    if case.champion_version is None:
        told = "there is no model in service to compare with"
    elif ours is None or theirs is None:
        passed, told = False, "only one of the models was scored on it"
    elif (interval := paired(metric.name, ours.per_group, theirs.per_group)) is None:
        told = "insufficient evidence: it has too few patients or notes"
    else:
        best = interval.high if metric.higher_is_better else -interval.low
        passed, measured = best >= 0, interval.difference
        told = f"the candidate is {'not ' if passed else ''}worse beyond chance ({interval.low:+.3f} to {interval.high:+.3f})"
    records = ours.records if ours else 0
    message = f"On the gold set of {records:,} records, by {words(metric.name)}, {told}."
    return Clause(
        clause=4, name=f"gold set, {words(metric.name)}", passed=passed, measured=measured, required=0.0, message=message
    )  # fmt: skip
