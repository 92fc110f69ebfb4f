"""The gate: one pure decision over two score reports and a policy, clause by clause, and it fails closed.

Policies: `spec` is the mission's letter (over the floor, and over the champion on the mission metric); `strict` asks besides that
the paired interval of the primary metric lies over zero. Both are always computed. `needs-review` is a candidate that is ahead on
points (mission and primary metric) without an interval that proves it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from chartloop.bootstrap import MINIMUM_GROUPS, Interval, paired
from chartloop.items import stamp
from chartloop.measures import Metric
from chartloop.scores import ScoreReport
from chartloop.tasks import Task
from chartloop.verdicts import BOTH, Clause, Decision, LabelRow, Policies, PolicyName, Verdict

ENOUGH_SUPPORT = 30
"""Annotated entities from which a label's own figure is evidence."""


@dataclass(frozen=True)
class _Case:
    """What is judged: a missing report is None; `champion_version` is None where nothing is in service yet."""

    task: Task
    run_id: str
    candidate: ScoreReport | None
    champion: ScoreReport | None
    champion_version: str | None

    def ours(self, metric: str) -> float | None:
        return self.candidate.settled.metrics.get(metric) if self.candidate else None

    def theirs(self, metric: str) -> float | None:
        return self.champion.settled.metrics.get(metric) if self.champion else None

    def gain(self, metric: Metric) -> float | None:
        """How much better the candidate is, whichever way is better; None where a figure is missing."""
        ours, theirs = self.ours(metric.name), self.theirs(metric.name)
        if ours is None or theirs is None:
            return None
        return metric.gain(ours, theirs)


def decide(
    candidate: ScoreReport | None,
    champion: ScoreReport | None,
    policy: PolicyName,
    *,
    task: Task,
    run_id: str,
    now: datetime,
    champion_version: str | None = None,
) -> Verdict:
    """The verdict on `candidate`. A report that should be there and is None keeps the champion, as does all that is doubtful.

    `champion_version` names the model in service; where it is None, a champion's report names it itself.
    """
    case = _Case(task, run_id, candidate, champion, champion_version or (champion.version if champion else None))
    intervals = _intervals(case)
    names = [metric.name for metric in task.measures.primary]
    first = intervals.get(names[0])
    proven = (_proven(case, metric, intervals.get(metric.name)) for metric in task.measures.primary)
    clauses = (_same_holdout(case), *_new_labels(case), _complete(case), *_floors(case), _ahead(case), *proven)
    failed = {name for clause in clauses if clause.passed is False for name in clause.policies}
    policies: Policies = {name: "keep" if name in failed else "promote" for name in BOTH}
    decision = _decision(case, policy, policies)
    return Verdict(
        run_id=run_id,
        task=task.name,
        verdict=decision,
        policy=policy,
        policies=policies,
        candidate=candidate.version if candidate else run_id,
        champion=case.champion_version,
        holdout=candidate.holdout if candidate else None,
        clauses=clauses,
        metrics={
            "candidate": candidate.settled.metrics if candidate else {},
            "champion": champion.settled.metrics if champion else None,
        },
        interval=first.to_json() if first else None,
        further_intervals=tuple(interval.to_json() for name, interval in intervals.items() if name != names[0]),
        labels=tuple(_labels(case)),
        message=_message(case, decision, clauses, intervals),
        created_at=stamp(now),
    )


def _decision(case: _Case, policy: PolicyName, policies: Policies) -> Decision:
    if policies[policy] == "promote":
        return "promote"
    gains = [case.gain(metric) for metric in case.task.measures.primary]
    if policy == "strict" and policies["spec"] == "promote" and all(gain is not None and gain > 0 for gain in gains):
        return "needs-review"
    return "keep"


def _intervals(case: _Case) -> dict[str, Interval]:
    """By primary metric; one without its evidence is left out."""
    if case.candidate is None or case.champion is None:
        return {}
    ours, theirs = case.candidate.settled.per_group, case.champion.settled.per_group
    found = {metric.name: paired(metric.name, ours, theirs) for metric in case.task.measures.primary}
    return {name: interval for name, interval in found.items() if interval}


def _same_holdout(case: _Case) -> Clause:
    doubt = next(_doubts(case), None)
    scored = "Both models were" if case.champion_version else "The candidate was"
    return Clause(
        clause=1,
        name="same holdout",
        passed=doubt is None,
        measured=case.candidate.settled.records if case.candidate else 0,
        required="settled records, the same for both models, scored in this run",
        message=doubt or f"{scored} scored now, on the settled holdout.",
    )


def _doubts(case: _Case) -> Iterator[str]:
    """Why the reports are no evidence, one sentence each."""
    if case.candidate is None:
        yield "There is no score report of the candidate."
    if case.champion_version and case.champion is None:
        yield "There is no score report of the model in service."
    for report, role in ((case.candidate, "candidate"), (case.champion, "champion")):
        if report is not None:
            yield from _doubts_of(report, role, case)
    if case.candidate and case.champion and not _comparable(case.candidate, case.champion):
        yield "The two models were scored on different holdouts."


def _doubts_of(report: ScoreReport, role: str, case: _Case) -> Iterator[str]:
    if (report.role, report.task, report.run_id) != (role, case.task.name, case.run_id):
        yield f"The score report of the {role} belongs to another run, task or role."
    if role == "champion" and report.version != case.champion_version:
        yield "The model that was scored is not the one in service."
    if not report.settled.records or not report.settled.groups or not report.settled.per_group:
        yield "The settled holdout is empty."


def _comparable(candidate: ScoreReport, champion: ScoreReport) -> bool:
    """The same holdout, record by record and token by token: a loss per token of other tokens is another figure."""
    ours, theirs = ({(g.group, g.records, g.tokens) for g in report.settled.per_group} for report in (candidate, champion))
    return candidate.holdout == champion.holdout and candidate.settled.records == champion.settled.records and ours == theirs


def _new_labels(case: _Case) -> Iterator[Clause]:
    """A label that the champion does not know is not compared: it must reach the floor on the records that are not settled."""
    if case.candidate is None or case.champion is None:
        return
    floor = next((floor.bound for floor in case.task.measures.floors if floor.bound is not None), 0.0)
    scores = case.candidate.fresh.labels if case.candidate.fresh else {}
    for label in sorted(set(case.candidate.labels) - set(case.champion.labels)):
        score = scores.get(label)
        enough = score is not None and score.support >= ENOUGH_SUPPORT
        told = f"an F1 of {score.f1:.3f} against {floor:.2f}" if score and enough else "insufficient evidence in the holdout"
        yield Clause(
            clause=1,
            name=f"new label {label}",
            passed=score.f1 > floor if score and enough else None,
            measured=score.f1 if score else None,
            required=floor,
            message=f"The label {label} is new and has {told}.",
        )


def _complete(case: _Case) -> Clause:
    """Every metric that a clause reads must be a number, for both models."""
    names = case.task.measures.names
    missing = [f"{_words(name)} of the candidate" for name in names if case.ours(name) is None]
    if case.champion_version:
        missing += [f"{_words(name)} of the model in service" for name in names if case.theirs(name) is None]
    return Clause(
        clause=5,
        name="figures complete",
        passed=not missing,
        measured=", ".join(missing) or "all there",
        required=", ".join(map(_words, names)),
        message=f"Missing: {', '.join(missing)}." if missing else "Every figure that the gate reads is there.",
    )


def _floors(case: _Case) -> Iterator[Clause]:
    baseline = case.candidate.settled.baseline if case.candidate else {}
    for floor in case.task.measures.floors:
        name = floor.metric.name
        value, trivial = case.ours(name), baseline.get(name)
        required = None if trivial is None else floor.required(trivial)
        passed = value is not None and required is not None and floor.metric.gain(value, required) > 0
        bound = "" if floor.bound is None else f"{floor.bound:.2f} and "
        yield Clause(
            clause=2,
            name=f"floor of {_words(name)}",
            passed=passed,
            measured=value,
            required=required,
            message=f"The {_words(name)} of the candidate, {_figure(value)}, is {'' if passed else 'not '}better than "
            f"{bound}what {case.task.measures.trivial} gets, {_figure(trivial)}.",
        )


def _ahead(case: _Case) -> Clause:
    metric = case.task.measures.mission
    gain = case.gain(metric)
    ours, theirs = case.ours(metric.name), case.theirs(metric.name)
    if case.champion_version is None:
        passed, message = None, "There is no model in service yet: the floor alone decides."
    else:
        passed = gain is not None and gain > 0
        compared = f"its {_words(metric.name)} is {_figure(ours)} against {_figure(theirs)}"
        message = f"The candidate is {'' if passed else 'not '}ahead of the model in service: {compared}."
    return Clause(clause=3, name="ahead of the champion", passed=passed, measured=ours, required=theirs, message=message)


def _proven(case: _Case, metric: Metric, interval: Interval | None) -> Clause:
    if case.champion_version is None:
        passed, measured, message = None, None, "There is no model in service to be compared with."
    elif interval is None:
        passed, measured = False, None
        message = f"No interval of the {_words(metric.name)}: at least {MINIMUM_GROUPS} patients or notes with counts are needed."
    else:
        measured = interval.low if metric.higher_is_better else -interval.high
        passed = measured > 0
        message = f"The gain is {'' if passed else 'not '}beyond chance: {_difference(interval)}."
    return Clause(
        clause=3,
        name=f"{_words(metric.name)} beyond chance",
        passed=passed,
        measured=measured,
        required=0.0,
        message=message,
        policies=("strict",),
    )


def _labels(case: _Case) -> Iterator[LabelRow]:
    ours, theirs = (report.settled.labels if report else {} for report in (case.candidate, case.champion))
    for label in sorted({*ours, *theirs}):
        new, old = ours.get(label), theirs.get(label)
        yield LabelRow(
            label=label,
            support=max(score.support for score in (new, old) if score),
            candidate=new.f1 if new else None,
            champion=old.f1 if old else None,
            difference=new.f1 - old.f1 if new and old else None,
        )


def _message(case: _Case, decision: Decision, clauses: Iterable[Clause], intervals: Mapping[str, Interval]) -> str:
    """The decision in one sentence that a biller understands."""
    failed = [clause for clause in clauses if clause.passed is False]
    grave = next((clause for clause in failed if clause.clause != 3), None)
    if grave:
        kept = "Kept the model in service" if case.champion_version else "No model goes into service"
        return f"{kept}: {grave.message[0].lower()}{grave.message[1:]}"
    start = {"promote": "Better", "keep": "Kept", "needs-review": "Needs review"}[decision]
    measures = case.task.measures
    names = dict.fromkeys((*(metric.name for metric in measures.primary), measures.mission.name))
    if case.champion_version is None:
        return f"First model: {' and '.join(f'{_words(name)} {_figure(case.ours(name))}' for name in names)}, over the floor."
    compared = [f"{_words(name)} {_figure(case.ours(name))} against {_figure(case.theirs(name))}" for name in names]
    bounds = " and ".join(map(_difference, intervals.values())) or "too few groups for an interval"
    return f"{start}: {' and '.join(compared)}; {bounds}."


def _difference(interval: Interval) -> str:
    bounds = f"between {interval.low:+.3f} and {interval.high:+.3f}"
    return f"the difference of {interval.difference:+.3f} in {_words(interval.metric)} lies {bounds}"


def _words(metric: str) -> str:
    return metric.replace("_", " ").replace(" f1", " F1")


def _figure(value: float | None) -> str:
    return "unknown" if value is None else f"{value:.3f}"
