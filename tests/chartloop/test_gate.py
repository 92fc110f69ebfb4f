"""The gate: each clause holds back what it is there for, and nothing doubtful passes."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chartloop import ner, tasks
from chartloop.case import Looks
from chartloop.gate import decide
from chartloop.measures import Budget, Measures, Metric, Price, Terms
from chartloop.scores import GroupCounts, LabelScore, ScoreReport
from chartloop.verdicts import PolicyName, Verdict
from tests.contracts import validate
from tests.reports import OLD, RUN, candidate, champion, even, f1, group, part, report

NOW = datetime(2026, 11, 21, 8, 30, tzinfo=UTC)


def judged(ours: ScoreReport | None, theirs: ScoreReport | None, policy: PolicyName = "strict", **changes: Any) -> Verdict:
    verdict = decide(ours, theirs, policy, task=tasks.find("ner"), run_id=RUN, now=NOW, **changes)
    validate("verdict", verdict.to_json())
    return verdict


def with_figures(**metrics: float) -> ScoreReport:
    return candidate(settled=part(even(8), metrics=metrics))


def mixed(gains: list[int]) -> tuple[ScoreReport, ScoreReport]:
    """A pair of reports: group n finds `7 + gains[n]` of 10 entities against 7."""
    ours = [group(f"g{n}", 7 + gain, 3 - gain, 3 - gain, 80 + gain) for n, gain in enumerate(gains)]
    return report("candidate", ours), report("champion", [group(f"g{n}", 7, 3, 3, 80) for n in range(len(gains))])


def test_a_better_candidate_is_promoted_under_both_policies() -> None:
    verdict = judged(candidate(8), champion(7))
    assert (verdict.verdict, verdict.policies) == ("promote", {"spec": "promote", "strict": "promote"})
    assert (verdict.candidate, verdict.champion) == (RUN, OLD)
    assert verdict.message == (
        "Better: entity F1 0.800 against 0.700 and token accuracy 0.820 against 0.780; "
        "the difference of +0.100 in entity F1 lies between +0.100 and +0.100."
    )


@pytest.mark.parametrize("policy", ["spec", "strict"])
def test_a_worse_one_and_a_tie_keep_the_champion(policy: PolicyName) -> None:
    for right in (6, 7):
        verdict = judged(candidate(right), champion(7), policy)
        assert (verdict.verdict, verdict.policies) == ("keep", {"spec": "keep", "strict": "keep"})
        assert verdict.message.startswith("Kept: entity F1 0.")


def test_ahead_on_points_alone_needs_a_person_under_strict_and_is_promoted_under_spec() -> None:
    ours, theirs = mixed([3, -2] * 10 + [1])
    verdict = judged(ours, theirs)
    assert verdict.interval is not None and verdict.interval["low"] < 0 < verdict.interval["difference"]
    assert (verdict.verdict, verdict.policies) == ("needs-review", {"spec": "promote", "strict": "keep"})
    assert verdict.message.startswith("Needs review: ")
    assert judged(ours, theirs, "spec").verdict == "promote"


def test_an_interval_that_touches_zero_proves_nothing() -> None:
    ours, theirs = mixed([1] + [0] * 29)
    verdict = judged(ours, theirs)
    assert verdict.interval is not None and verdict.interval["low"] == 0
    assert verdict.verdict == "needs-review"


def test_more_tokens_right_but_fewer_entities_is_kept_under_strict() -> None:
    ours = report("candidate", [group(f"g{n}", 6, 4, 4, 90) for n in range(30)])
    verdict = judged(ours, champion(7))
    assert (verdict.verdict, verdict.policies) == ("keep", {"spec": "promote", "strict": "keep"})


def test_the_first_model_needs_the_floor_alone() -> None:
    verdict = judged(candidate(8), None)
    assert (verdict.verdict, verdict.champion, verdict.interval) == ("promote", None, None)
    assert verdict.message == "First model: entity F1 0.800 and token accuracy 0.820, over the floor."
    assert [clause.passed for clause in verdict.clauses if clause.clause == 3] == [None, None]


@pytest.mark.parametrize("theirs", [None, champion(2)])
def test_the_majority_tag_alone_passes_no_floor(theirs: ScoreReport | None) -> None:
    """A model that finds nothing has a token accuracy far over 50 %: it must not get into service, nor past a poor champion."""
    nothing = report("candidate", [group(f"g{n}", 0, 0, 10, 90) for n in range(30)])
    verdict = judged(nothing, theirs, "spec")
    assert verdict.verdict == "keep"
    assert "floor of entity F1" in [clause.name for clause in verdict.clauses if clause.passed is False]


@pytest.mark.parametrize(
    "settled",
    [
        part([group(f"g{n}", 5, 5, 5, 90) for n in range(30)]),  # F1 at 0.50 exactly
        part([group(f"g{n}", 8, 2, 2, 50) for n in range(30)]),  # accuracy at 0.50 exactly
        part(even(8), baseline={"entity_f1": 0.0, "token_accuracy": 0.82}),  # no better than finding nothing
        part(even(8), baseline={"entity_f1": 0.8, "token_accuracy": 0.4}),
        part(even(8), baseline={}),
        part(even(8), baseline={"entity_f1": None, "token_accuracy": 0.4}),
    ],
)
def test_the_floor_is_to_be_exceeded_and_so_is_the_trivial_baseline(settled: Any) -> None:
    verdict = judged(candidate(settled=settled), None)
    assert verdict.verdict == "keep"
    assert verdict.message.startswith("No model goes into service: the ")


@pytest.mark.parametrize("policy", ["spec", "strict"])
@pytest.mark.parametrize(
    ("ours", "theirs", "why"),
    [
        (None, champion(), "there is no score report of the candidate"),
        (candidate(), None, "there is no score report of the model in service"),
        (candidate(run_id="ner-other"), champion(), "of the candidate belongs to another run"),
        (candidate(), champion(run_id="ner-other"), "of the champion belongs to another run"),
        (candidate(task="classification"), champion(), "belongs to another run, task or role"),
        (report("champion", even(8)), champion(), "belongs to another run, task or role"),
        (candidate(), report("candidate", even(7), version=OLD), "belongs to another run, task or role"),
        (candidate(), champion(version="ner-older"), "not the one in service"),
        (candidate(holdout="cd" * 32), champion(), "different holdouts"),
        (candidate(settled=part(even(8), records=0)), champion(settled=part(even(7), records=0)), "is empty"),
        (candidate(settled=part(even(8), groups=0)), champion(settled=part(even(7), groups=0)), "is empty"),
        (candidate(settled=part(even(8), per_group=())), champion(settled=part(even(7), per_group=())), "is empty"),
        (candidate(settled=part(even(8), records=29)), champion(), "different holdouts"),
        (candidate(settled=part(even(8, groups=31), records=30)), champion(), "different holdouts"),
        (candidate(settled=part(even(8), metrics={})), champion(), "missing: token accuracy of the candidate, entity F1"),
        (candidate(settled=part(even(8), metrics={"entity_f1": 0.9})), champion(), "missing: token accuracy of the candidate."),
        (with_figures(entity_f1=float("nan"), token_accuracy=0.9), champion(), "missing: entity F1 of the candidate."),
        (with_figures(entity_f1=0.9, token_accuracy=float("inf")), champion(), "missing: token accuracy of the candidate."),
        (candidate(), champion(settled=part(even(7), metrics={"entity_f1": 0.7})), "missing: token accuracy of the model in"),
        (candidate(), champion(settled=part(even(7), metrics={"token_accuracy": 0.7})), "missing: entity F1 of the model in"),
    ],
)
def test_what_is_doubtful_keeps_the_champion(
    ours: ScoreReport | None, theirs: ScoreReport | None, why: str, policy: PolicyName
) -> None:
    verdict = judged(ours, theirs, policy, champion_version=OLD)
    assert (verdict.verdict, verdict.policies) == ("keep", {"spec": "keep", "strict": "keep"})
    assert verdict.message.startswith("Kept the model in service: ") and why in verdict.message


def test_too_few_groups_prove_nothing() -> None:
    verdict = judged(report("candidate", even(9, groups=5)), report("champion", even(6, groups=5)))
    assert (verdict.verdict, verdict.interval) == ("needs-review", None)


def test_labels_stand_side_by_side_and_a_new_one_has_no_difference() -> None:
    ours = candidate(8)
    both = {**ours.settled.labels, "dose": ours.settled.labels["drug"]}
    verdict = judged(candidate(settled=part(even(8), labels=both)), champion(7))
    assert [(row.label, row.support) for row in verdict.labels] == [("dose", 300), ("drug", 300)]
    assert [row.difference for row in verdict.labels] == [None, pytest.approx(0.1)]


def test_where_lower_is_better_the_lower_one_is_promoted() -> None:
    mission, primary = Metric("token_accuracy", higher_is_better=False), Metric("entity_f1", higher_is_better=False)
    errors = replace(ner.TASK, measures=Measures(mission, (primary,), (), "nobody"))
    unlabelled = {right: part(even(right), labels={}) for right in (6, 7, 8)}
    for right, expected in ((6, "promote"), (7, "keep"), (8, "keep")):
        ours, theirs = candidate(settled=unlabelled[right]), champion(settled=unlabelled[7])
        verdict = decide(ours, theirs, "strict", task=errors, run_id=RUN, now=NOW)
        assert verdict.verdict == expected


def test_clauses_have_the_numbers_of_the_gates_rules() -> None:
    verdict = judged(candidate(8), champion(7))
    assert [(clause.clause, clause.name) for clause in verdict.clauses] == [
        (1, "same holdout"), (5, "figures complete"), (2, "floor of token accuracy"), (2, "floor of entity F1"),
        (3, "ahead of the champion"), (3, "entity F1 beyond chance"), (4, "labels hold"),
        (6, "answers as recorded"), (6, "time and size"), (7, "looks at the holdout"),
        (8, "judged again where another came first"), (9, "proven in service"), (10, "by hand"),
    ]  # fmt: skip
    strict = {clause.name for clause in verdict.clauses if clause.policies == ("strict",)}
    assert strict == {"entity F1 beyond chance", "labels hold"}


figures = st.one_of(st.none(), st.floats(0, 1), st.sampled_from([float("nan"), float("inf"), 0.5, 0.7]))
rows = st.lists(st.tuples(st.integers(0, 10), st.integers(0, 100)), min_size=0, max_size=12)


@st.composite
def reports(draw: st.DrawFn, role: str) -> ScoreReport | None:
    groups = [group(f"g{n}", right, 10 - right, 10 - right, correct) for n, (right, correct) in enumerate(draw(rows))]
    metrics = {"entity_f1": f1(sum(g.tp or 0 for g in groups), 1, 1), "token_accuracy": 0.8}
    metrics |= draw(st.dictionaries(st.sampled_from(["entity_f1", "token_accuracy"]), figures))
    changes = {"holdout": draw(st.sampled_from(["ab" * 32] * 4 + ["cd" * 32]))}
    return draw(st.sampled_from([report(role, groups, settled=part(groups, metrics=metrics), **changes)] * 5 + [None]))


@settings(max_examples=200, deadline=None)
@given(reports("candidate"), reports("champion"), st.sampled_from(["spec", "strict"]), st.booleans())
def test_a_promotion_always_has_its_evidence(
    ours: ScoreReport | None, theirs: ScoreReport | None, policy: PolicyName, in_service: bool
) -> None:
    verdict = judged(ours, theirs, policy, champion_version=OLD if in_service else None)
    assert verdict == judged(ours, theirs, policy, champion_version=OLD if in_service else None)
    assert not (verdict.policies["strict"] == "promote" and verdict.policies["spec"] == "keep")
    if verdict.verdict == "keep":
        return
    assert ours is not None and ours.settled.per_group
    own = ours.settled.metrics
    assert all(value is not None and value > 0.5 for value in (own["entity_f1"], own["token_accuracy"]))
    if verdict.champion is None:
        return
    assert theirs is not None and theirs.holdout == ours.holdout
    assert own["token_accuracy"] > (theirs.settled.metrics["token_accuracy"] or 0)  # type: ignore[operator]
    if policy == "strict" and verdict.verdict == "promote":
        assert verdict.interval is not None and verdict.interval["low"] > 0


def fresh(label: str, tp: int, wrong: int) -> dict[str, LabelScore]:
    score = LabelScore(tp=tp, fp=wrong, fn=wrong, support=tp + wrong, precision=0.5, recall=0.5, f1=f1(tp, wrong, wrong))
    return {label: score}


@pytest.mark.parametrize(
    ("tp", "wrong", "passed", "decision"),
    [(40, 10, True, "promote"), (20, 30, False, "keep"), (25, 25, False, "keep"), (9, 20, None, "promote")],
)
def test_a_new_label_gets_the_floor(tp: int, wrong: int, passed: bool | None, decision: str) -> None:
    part_of_new = part(even(8), labels=fresh("device", tp, wrong))
    ours = candidate(8).model_copy(update={"labels": ("device", "drug"), "fresh": part_of_new})
    theirs = champion(7).model_copy(update={"labels": ("drug",)})
    verdict = judged(ours, theirs)
    (clause,) = (clause for clause in verdict.clauses if clause.name == "new label device")
    assert (clause.clause, clause.passed, verdict.verdict) == (1, passed, decision)


def test_a_new_label_without_records_is_shown_and_binds_nothing() -> None:
    ours = candidate(8).model_copy(update={"labels": ("device", "drug")})
    verdict = judged(ours, champion(7).model_copy(update={"labels": ("drug",)}))
    (clause,) = (clause for clause in verdict.clauses if clause.name == "new label device")
    assert (clause.passed, clause.measured, verdict.verdict) == (None, None, "promote")
    assert "insufficient evidence" in clause.message


def test_a_label_that_the_candidate_lost_is_a_persons_decision() -> None:
    theirs = champion(7).model_copy(update={"labels": ("device", "drug")})
    verdict = judged(candidate(8).model_copy(update={"labels": ("drug",)}), theirs)
    (clause,) = (clause for clause in verdict.clauses if clause.name == "lost label device")
    assert (clause.passed, clause.policies, verdict.policies["spec"]) == (False, ("strict",), "promote")
    assert verdict.message.endswith("+0.100. The model in service knows the label device, and the candidate does not.")
    assert verdict.verdict == "needs-review"


def labelled(role: str, right: int, **f1s: tuple[int, int]) -> ScoreReport:
    """A report with the F1, in hundredths, and the support of each label."""
    labels = {
        label: LabelScore(tp=1, fp=1, fn=1, support=support, precision=0.5, recall=0.5, f1=value / 100)
        for label, (value, support) in f1s.items()
    }
    return report(role, even(right), settled=part(even(right), labels=labels))


@pytest.mark.parametrize(
    ("ours", "theirs", "passed", "evidence"),
    [
        (80, 85, True, "held"),  # the margin exactly
        (79, 85, False, "fell"),
        (90, 10, True, "held"),
        (0, 90, False, "fell"),
    ],
)
def test_a_label_may_fall_by_the_margin(ours: int, theirs: int, passed: bool, evidence: str) -> None:
    verdict = judged(labelled("candidate", 8, drug=(ours, 30)), labelled("champion", 7, drug=(theirs, 30)))
    (clause,) = (clause for clause in verdict.clauses if clause.name == "labels hold")
    assert (clause.clause, clause.passed, clause.policies) == (4, passed, ("strict",))
    assert clause.measured == pytest.approx((ours - theirs) / 100) and clause.required == -0.05
    assert verdict.labels[0].evidence == evidence
    assert (verdict.verdict, verdict.policies["spec"]) == ("promote" if passed else "needs-review", "promote")


def test_the_message_says_which_labels_fell_and_for_which_there_is_no_evidence() -> None:
    ours = labelled("candidate", 8, dose=(10, 29), drug=(10, 30), route=(50, 99), site=(10, 40))
    theirs = labelled("champion", 7, dose=(90, 29), drug=(90, 30), route=(50, 99), site=(90, 40))
    verdict = judged(ours, theirs)
    told = "The F1 of drug, site fell by more than 0.05. Insufficient evidence for dose: fewer than 30 in the holdout."
    assert verdict.message.startswith("Needs review: ") and verdict.message.endswith(f" {told}")
    assert {row.label: row.evidence for row in verdict.labels} == {
        "dose": "insufficient evidence", "drug": "fell", "route": "held", "site": "fell",
    }  # fmt: skip


def test_too_little_of_every_label_is_told_and_binds_nothing() -> None:
    verdict = judged(labelled("candidate", 8, drug=(10, 29)), labelled("champion", 7, drug=(90, 29)))
    (clause,) = (clause for clause in verdict.clauses if clause.name == "labels hold")
    assert (clause.passed, clause.measured, verdict.verdict) == (None, None, "promote")
    assert clause.message == (
        "The F1 of 0 labels fell by no more than 0.05. Insufficient evidence for drug: fewer than 30 in the holdout."
    )


def test_a_label_that_one_report_leaves_out_counts_as_never_found() -> None:
    verdict = judged(labelled("candidate", 8), labelled("champion", 7, drug=(60, 30)))
    assert (verdict.labels[0].evidence, verdict.verdict) == ("fell", "needs-review")


def test_the_first_model_has_no_labels_that_could_fall() -> None:
    verdict = judged(labelled("candidate", 8, drug=(60, 30)), None)
    (clause,) = (clause for clause in verdict.clauses if clause.name == "labels hold")
    assert (clause.passed, verdict.labels[0].evidence) == (None, None)
    assert clause.message == "There is no model in service whose labels could fall."


def test_margin_and_support_are_terms() -> None:
    ours, theirs = labelled("candidate", 8, drug=(60, 10)), labelled("champion", 7, drug=(80, 10))
    for terms, evidence in (
        (Terms(label_support=10), "fell"),
        (Terms(label_support=11), "insufficient evidence"),
        (Terms(label_support=10, label_margin=0.2), "held"),
    ):
        assert judged(ours, theirs, terms=terms).labels[0].evidence == evidence


PRICE = Price(missed=30, wrong=10, currency="USD")


@pytest.mark.parametrize(
    ("fp", "fn", "passed"),
    [(2, 3, True), (3, 3, True), (0, 4, True), (1, 4, False), (7, 1, True), (0, 2, True)],
)
def test_where_there_is_a_price_errors_may_not_cost_more(fp: int, fn: int, passed: bool) -> None:
    """The champion misses 3 and invents 3 in each record: 120 USD."""
    ours = report("candidate", [group(f"g{n}", 8, fp, fn, 90) for n in range(30)])
    verdict = judged(ours, champion(7), terms=Terms(price=PRICE))
    (clause,) = (clause for clause in verdict.clauses if clause.name == "cost of errors")
    assert (clause.clause, clause.passed, clause.policies) == (4, passed, ("strict",))
    assert (clause.measured, clause.required) == (1000 * (10 * fp + 30 * fn), 120_000)
    (cost,) = verdict.further_intervals
    assert (cost["metric"], cost["higher_is_better"]) == ("cost_per_1000", False)
    assert cost["difference"] == pytest.approx(1000 * (10 * fp + 30 * fn) - 120_000)


def test_the_cost_is_told_in_its_currency_with_its_interval() -> None:
    verdict = judged(candidate(6), champion(7), "spec", terms=Terms(price=PRICE))
    (clause,) = (clause for clause in verdict.clauses if clause.name == "cost of errors")
    assert clause.message == (
        "What the candidate misses and gets wrong costs 160,000 against 120,000 USD for 1,000 records; "
        "the difference lies between +40,000 and +40,000."
    )


def test_a_cost_that_cannot_be_counted_is_not_passed_and_the_first_model_has_none_to_beat() -> None:
    uncounted = [GroupCounts(group=f"g{n}", records=1, tokens=100) for n in range(30)]
    lacking = candidate(settled=part(even(8), per_group=tuple(uncounted)))
    (clause,) = (c for c in judged(lacking, champion(7), terms=Terms(price=PRICE)).clauses if c.name == "cost of errors")
    assert (clause.passed, clause.measured) == (False, None)
    assert clause.message.startswith("What the candidate misses and gets wrong costs an unknown sum against 120,000 USD")
    (clause,) = (c for c in judged(candidate(8), None, terms=Terms(price=PRICE)).clauses if c.name == "cost of errors")
    assert (clause.passed, clause.required) == (None, None)


def test_without_a_price_there_is_no_clause_on_cost() -> None:
    assert "cost of errors" not in {clause.name for clause in judged(candidate(8), champion(7)).clauses}


def test_looks_are_shown_with_what_they_make_of_chance() -> None:
    (clause,) = (clause for clause in judged(candidate(8), champion(7), looks=Looks(12, 5)).clauses if clause.clause == 7)
    assert (clause.passed, clause.measured) == (None, 12)
    assert clause.message == (
        "This holdout was looked at 12 times, by 5 runs. Of so many models that are no better, one would pass by chance with a "
        "probability of up to 26.2 %."
    )
    (clause,) = (clause for clause in judged(candidate(8), champion(7)).clauses if clause.clause == 7)
    assert clause.message.startswith("This holdout was looked at once, by 1 run. ") and "up to 2.5 %" in clause.message


def digits(ours: str, theirs: str) -> tuple[ScoreReport, ScoreReport]:
    sides = (("candidate", 8, ours), ("champion", 7, theirs))
    found = []
    for role, right, answers in sides:
        rows = [g.model_copy(update={"right": answers, "records": len(answers)}) for g in even(right)]
        found.append(report(role, rows, settled=part(rows, records=30)))
    return found[0], found[1]


def test_mcnemar_counts_what_was_fixed_and_broken() -> None:
    verdict = judged(*digits("110", "101"))
    assert verdict.mcnemar == {"fixed": 30, "broken": 30, "p": 1.0}
    verdict = judged(*digits("111", "101"))
    assert verdict.mcnemar == {"fixed": 30, "broken": 0, "p": pytest.approx(2 * 0.5**30)}
    assert judged(candidate(8), champion(7)).mcnemar is None
    assert judged(candidate(8), None).mcnemar is None


def test_mcnemar_needs_every_record_of_both() -> None:
    ours, theirs = digits("11", "01")
    some = [g.model_copy(update={"right": None}) if n == 3 else g for n, g in enumerate(theirs.settled.per_group)]
    assert judged(ours, theirs.model_copy(update={"settled": part(some, records=30)})).mcnemar is None
    short = [g.model_copy(update={"right": "0"}) if n == 3 else g for n, g in enumerate(theirs.settled.per_group)]
    assert judged(ours, theirs.model_copy(update={"settled": part(short, records=30)})).mcnemar is None
    less = theirs.settled.per_group[1:]
    assert judged(ours, theirs.model_copy(update={"settled": part(less, records=30)})).mcnemar is None
    assert judged(ours.model_copy(update={"settled": part(less, records=30)}), theirs).mcnemar is None


@pytest.mark.parametrize("changed", [{"records": 2}, {"tokens": 99}])
def test_other_records_or_tokens_in_a_group_are_another_holdout(changed: dict[str, int]) -> None:
    rows = [even(8)[0].model_copy(update=changed), *even(8)[1:]]
    verdict = judged(report("candidate", rows), champion(7))
    assert verdict.verdict == "keep" and "different holdouts" in verdict.message


def with_service(**changes: Any) -> ScoreReport:
    asked = {"golden": 5, "wrong": 0, "requests": 40, "p50_ms": 8.0, "p95_ms": 12.0, **changes}
    return candidate(8, service=asked)


@pytest.mark.parametrize(
    ("ours", "name", "measured"),
    [
        (candidate(8, service=None), "answers as recorded", None),
        (with_service(wrong=1), "answers as recorded", 1),
        (with_service(golden=0), "answers as recorded", 0),
        (with_service(p95_ms=2000.5), "time and size", "2,000 ms, 0.0 MB"),
        (with_service(p95_ms=None), "time and size", "an unknown time, 0.0 MB"),
        (with_service(p95_ms=float("nan")), "time and size", "an unknown time, 0.0 MB"),
        (candidate(8, bytes=2 * 10**9 + 1), "time and size", "12 ms, 2,000.0 MB"),
    ],
)
@pytest.mark.parametrize("policy", ["spec", "strict"])
def test_an_artifact_that_cannot_be_served_is_kept_out(
    ours: ScoreReport, name: str, measured: object, policy: PolicyName
) -> None:
    verdict = judged(ours, champion(7), policy)
    (clause,) = (clause for clause in verdict.clauses if clause.name == name)
    assert (clause.clause, clause.passed, clause.measured, clause.policies) == (6, False, measured, ("spec", "strict"))
    assert (verdict.verdict, verdict.policies) == ("keep", {"spec": "keep", "strict": "keep"})
    assert judged(ours, None, policy).verdict == "keep"


def test_the_budget_may_be_used_up_and_can_be_set() -> None:
    spent = candidate(8, service=with_service(p95_ms=2000).service, bytes=2 * 10**9)
    assert judged(spent, champion(7)).verdict == "promote"
    assert judged(candidate(8), champion(7), terms=Terms(budget=Budget(11.9, 10**6))).verdict == "keep"
    assert judged(candidate(8), champion(7), terms=Terms(budget=Budget(12.0, 999))).verdict == "keep"
    assert judged(candidate(8), champion(7), terms=Terms(budget=Budget(12.0, 1000))).verdict == "promote"


def test_golden_requests_and_time_are_told() -> None:
    told = [clause.message for clause in judged(with_service(wrong=2), champion(7)).clauses if clause.clause == 6]
    assert told == [
        "Loaded anew the artifact answers golden requests as recorded: 3 of 5.",
        "Of 100 requests 95 take 12 ms or less on the score job's machine, and the artifact has 0.0 MB.",
    ]
