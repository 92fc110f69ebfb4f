"""The gate: one pure decision over two score reports and a policy, clause by clause, and it fails closed.

Policies: `spec` is the mission's letter (over the floor, and over the champion on the mission metric); `strict` asks besides
that the paired interval of each primary metric lies on the better side of zero, that no label falls, and that errors cost no
more. Both are always computed. `needs-review` is a candidate that is ahead on points (mission and primary metrics), but not more.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from chartloop import clauses, gold, safeguards
from chartloop.bootstrap import Interval
from chartloop.case import COST, Case, Looks, difference, figure, intervals, mcnemar, words
from chartloop.items import stamp
from chartloop.measures import Terms
from chartloop.scores import ScoreReport
from chartloop.task import Task
from chartloop.verdicts import BOTH, Clause, Decision, Policies, PolicyName, Verdict


def decide(
    candidate: ScoreReport | None,
    champion: ScoreReport | None,
    policy: PolicyName,
    *,
    task: Task,
    run_id: str,
    now: datetime,
    champion_version: str | None = None,
    terms: Terms = Terms(),  # noqa: B008
    looks: Looks = Looks(),  # noqa: B008
) -> Verdict:
    """The verdict on `candidate`. A report that should be there and is None keeps the champion, as does all that is doubtful.

    `champion_version` names the model in service; where it is None, a champion's report names it itself.
    """
    case = Case(task, run_id, candidate, champion, champion_version or (champion.version if champion else None), terms, looks)
    found, rows = intervals(case), tuple(clauses.label_rows(case))
    judged = (*clauses.on_quality(case, found, rows), *gold.clauses(case), *safeguards.besides_quality(case))
    failed = {name for clause in judged if clause.passed is False for name in clause.policies}
    policies: Policies = {name: "keep" if name in failed else "promote" for name in BOTH}
    decision = _decision(case, policy, policies)
    shown = {name: _directed(case, interval) for name, interval in found.items()}
    return Verdict(
        run_id=run_id,
        task=task.name,
        verdict=decision,
        policy=policy,
        policies=policies,
        candidate=candidate.version if candidate else run_id,
        champion=case.champion_version,
        holdout=candidate.holdout if candidate else None,
        clauses=judged,
        metrics={
            "candidate": candidate.settled.metrics if candidate else {},
            "champion": champion.settled.metrics if champion else None,
        },
        interval=shown.pop(task.measures.primary[0].name, None),
        further_intervals=tuple(shown.values()),
        mcnemar=mcnemar(case),
        labels=rows,
        message=_message(case, decision, judged, found),
        created_at=stamp(now),
    )


def _directed(case: Case, interval: Interval) -> dict[str, object]:
    """With which way is better, for those who draw it."""
    direction = {metric.name: metric.higher_is_better for metric in case.task.measures.primary} | {COST: False}
    return {**interval.to_json(), "higher_is_better": direction[interval.metric]}


def _decision(case: Case, policy: PolicyName, policies: Policies) -> Decision:
    if policies[policy] == "promote":
        return "promote"
    gains = [case.gain(metric) for metric in case.task.measures.primary]
    if policy == "strict" and policies["spec"] == "promote" and all(gain is not None and gain > 0 for gain in gains):
        return "needs-review"
    return "keep"


def _message(case: Case, decision: Decision, judged: Iterable[Clause], found: Mapping[str, Interval]) -> str:
    """The decision in one sentence that a biller understands."""
    failed = [clause for clause in judged if clause.passed is False]
    grave = next((clause for clause in failed if clause.clause != 3 and "spec" in clause.policies), None)
    if grave:
        kept = "Kept the model in service" if case.champion_version else "No model goes into service"
        return f"{kept}: {grave.message[0].lower()}{grave.message[1:]}"
    start = {"promote": "Better", "keep": "Kept", "needs-review": "Needs review"}[decision]
    measures = case.task.measures
    names = dict.fromkeys((*(metric.name for metric in measures.primary), measures.mission.name))
    if case.champion_version is None:
        return f"First model: {' and '.join(f'{words(name)} {figure(case.ours(name))}' for name in names)}, over the floor."
    compared = [f"{words(name)} {figure(case.ours(name))} against {figure(case.theirs(name))}" for name in names]
    bounds = " and ".join(difference(found[name]) for name in names if name in found) or "too few groups for an interval"
    besides = "".join(f" {clause.message}" for clause in failed if clause.clause != 3)
    return f"{start}: {' and '.join(compared)}; {bounds}.{besides}"
