"""Clauses 1 to 5 of the gate, by their numbers in docs/gate.md; `passed` is None for one that does not apply."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from chartloop.bootstrap import MINIMUM_GROUPS, Interval
from chartloop.case import COST, Case, difference, figure, words
from chartloop.measures import Metric
from chartloop.scores import LabelScore, ScoreReport
from chartloop.statistics import expected_cost, total
from chartloop.verdicts import Clause, LabelRow, PolicyName

STRICT: tuple[PolicyName, ...] = ("strict",)
ROUNDING = 1e-9
"""A label that falls by the margin exactly has not fallen by more; figures are no more exact than this."""


def on_quality(case: Case, found: Mapping[str, Interval], rows: tuple[LabelRow, ...]) -> tuple[Clause, ...]:
    """On `case`, with the intervals and the label rows that were made of it."""
    proven = (_proven(case, metric, found.get(metric.name)) for metric in case.task.measures.primary)
    return (
        _same_holdout(case), *_changed_labels(case), _complete(case), *_floors(case), _ahead(case), *proven,
        *_labels_hold(case, rows), *_cheaper(case, found.get(COST)),
    )  # fmt: skip


def _same_holdout(case: Case) -> Clause:
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


def _doubts(case: Case) -> Iterator[str]:
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


def _doubts_of(report: ScoreReport, role: str, case: Case) -> Iterator[str]:
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


def _changed_labels(case: Case) -> Iterator[Clause]:
    """The common labels are compared. A new one must reach the floor on fresh records; to lose one is a person's decision."""
    if case.candidate is None or case.champion is None:
        return
    ours, theirs = set(case.candidate.labels), set(case.champion.labels)
    for label in sorted(ours - theirs):
        yield _new_label(case, label, case.candidate.fresh.labels.get(label) if case.candidate.fresh else None)
    for label in sorted(theirs - ours):
        yield Clause(
            clause=1,
            name=f"lost label {label}",
            passed=False,
            measured="unknown to the candidate",
            required="known",
            message=f"The model in service knows the label {label}, and the candidate does not.",
            policies=STRICT,
        )


def _new_label(case: Case, label: str, score: LabelScore | None) -> Clause:
    bound = next((floor.bound for floor in case.task.measures.floors if floor.bound is not None), 0.0)
    enough = score is not None and score.support >= case.terms.label_support
    told = f"an F1 of {score.f1:.3f} against {bound:.2f}" if score and enough else "insufficient evidence in the holdout"
    return Clause(
        clause=1,
        name=f"new label {label}",
        passed=score.f1 > bound if score and enough else None,
        measured=score.f1 if score else None,
        required=bound,
        message=f"The label {label} is new and has {told}.",
    )


def _floors(case: Case) -> Iterator[Clause]:
    baseline = case.candidate.settled.baseline if case.candidate else {}
    for floor in case.task.measures.floors:
        name = floor.metric.name
        value, trivial = case.ours(name), baseline.get(name)
        required = None if trivial is None else floor.required(trivial)
        passed = value is not None and required is not None and floor.metric.gain(value, required) > 0
        bound = "" if floor.bound is None else f"{floor.bound:.2f} and "
        yield Clause(
            clause=2,
            name=f"floor of {words(name)}",
            passed=passed,
            measured=value,
            required=required,
            message=f"The {words(name)} of the candidate, {figure(value)}, is {'' if passed else 'not '}better than "
            f"{bound}what {case.task.measures.trivial} gets, {figure(trivial)}.",
        )


def _ahead(case: Case) -> Clause:
    metric = case.task.measures.mission
    gain = case.gain(metric)
    ours, theirs = case.ours(metric.name), case.theirs(metric.name)
    if case.champion_version is None:
        passed, message = None, "There is no model in service yet: the floor alone decides."
    else:
        passed = gain is not None and gain > 0
        compared = f"its {words(metric.name)} is {figure(ours)} against {figure(theirs)}"
        message = f"The candidate is {'' if passed else 'not '}ahead of the model in service: {compared}."
    return Clause(clause=3, name="ahead of the champion", passed=passed, measured=ours, required=theirs, message=message)


def _proven(case: Case, metric: Metric, interval: Interval | None) -> Clause:
    if case.champion_version is None:
        passed, measured, message = None, None, "There is no model in service to be compared with."
    elif interval is None:
        passed, measured = False, None
        message = f"No interval of the {words(metric.name)}: at least {MINIMUM_GROUPS} patients or notes with counts are needed."
    else:
        measured = interval.low if metric.higher_is_better else -interval.high
        passed = measured > 0
        message = f"The gain is {'' if passed else 'not '}beyond chance: {difference(interval)}."
    name = f"{words(metric.name)} beyond chance"
    return Clause(clause=3, name=name, passed=passed, measured=measured, required=0.0, message=message, policies=STRICT)


def label_rows(case: Case) -> Iterator[LabelRow]:
    """A row for each label of the settled part; what it says of the label follows from the support and the margin."""
    ours, theirs = (report.settled.labels if report else {} for report in (case.candidate, case.champion))
    for label in sorted({*ours, *theirs}):
        new, old = ours.get(label), theirs.get(label)
        support = max(score.support for score in (new, old) if score)
        fall = (old.f1 if old else 0.0) - (new.f1 if new else 0.0)
        held = "fell" if fall > case.terms.label_margin + ROUNDING else "held"
        yield LabelRow(
            label=label,
            support=support,
            candidate=new.f1 if new else None,
            champion=old.f1 if old else None,
            difference=new.f1 - old.f1 if new and old else None,
            evidence=None if case.champion is None else held if support >= case.terms.label_support else "insufficient evidence",
        )


def _labels_hold(case: Case, rows: tuple[LabelRow, ...]) -> Iterator[Clause]:
    """No label with enough support falls by more than the margin; one with less is told of, never passed in silence."""
    if not rows:
        return
    fallen = [row.label for row in rows if row.evidence == "fell"]
    thin = [row.label for row in rows if row.evidence == "insufficient evidence"]
    known = [row for row in rows if row.evidence in ("held", "fell")]
    if case.champion is None:
        message = "There is no model in service whose labels could fall."
    elif fallen:
        message = f"The F1 of {', '.join(fallen)} fell by more than {case.terms.label_margin:.2f}."
    else:
        message = (
            f"The F1 of {len(known)} label{'' if len(known) == 1 else 's'} fell by no more than {case.terms.label_margin:.2f}."
        )
    if thin:
        message += f" Insufficient evidence for {', '.join(thin)}: fewer than {case.terms.label_support} in the holdout."
    yield Clause(
        clause=4,
        name="labels hold",
        passed=not fallen if known else None,
        measured=min((row.difference for row in known if row.difference is not None), default=None),
        required=-case.terms.label_margin,
        message=message,
        policies=STRICT,
    )


def _cheaper(case: Case, interval: Interval | None) -> Iterator[Clause]:
    """Where there is a price: what is missed and what is wrong may not cost more than before."""
    price = case.terms.price
    if price is None:
        return
    statistic = expected_cost(price)
    ours = total(statistic, case.candidate.settled.per_group) if case.candidate else None
    theirs = total(statistic, case.champion.settled.per_group) if case.champion else None
    first = case.champion_version is None
    passed = None if first else ours is not None and theirs is not None and ours <= theirs
    against = "" if first else f" against {_money(theirs)}"
    told = f"{_money(ours)}{against} {price.currency} for 1,000 records"
    bounds = f"; the difference lies between {interval.low:+,.0f} and {interval.high:+,.0f}" if interval else ""
    yield Clause(
        clause=4,
        name="cost of errors",
        passed=passed,
        measured=ours,
        required=theirs,
        message=f"What the candidate misses and gets wrong costs {told}{bounds}.",
        policies=STRICT,
    )


def _money(value: float | None) -> str:
    return "an unknown sum" if value is None else f"{value:,.0f}"


def _complete(case: Case) -> Clause:
    """Every metric that a clause reads must be a number, for both models."""
    names = case.task.measures.names
    missing = [f"{words(name)} of the candidate" for name in names if case.ours(name) is None]
    if case.champion_version:
        missing += [f"{words(name)} of the model in service" for name in names if case.theirs(name) is None]
    return Clause(
        clause=5,
        name="figures complete",
        passed=not missing,
        measured=", ".join(missing) or "all there",
        required=", ".join(map(words, names)),
        message=f"Missing: {', '.join(missing)}." if missing else "Every figure that the gate reads is there.",
    )
