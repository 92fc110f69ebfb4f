"""The gate's clauses on quality, each with what it lets pass and what it holds back."""

from __future__ import annotations

from typing import Any

import pytest

from chartloop.measures import Terms
from chartloop.scores import GroupCounts, ScoreReport
from tests.reports import PRICE, candidate, champion, even, group, labelled, only, part, report
from tests.verdicts import clause_of, judged


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


@pytest.mark.parametrize(
    ("tp", "wrong", "passed", "decision"),
    [(40, 10, True, "promote"), (20, 30, False, "keep"), (25, 25, False, "keep"), (9, 20, None, "promote")],
)
def test_a_new_label_gets_the_floor(tp: int, wrong: int, passed: bool | None, decision: str) -> None:
    part_of_new = part(even(8), labels=only("device", tp, wrong))
    ours = candidate(8).model_copy(update={"labels": ("device", "drug"), "fresh": part_of_new})
    theirs = champion(7).model_copy(update={"labels": ("drug",)})
    verdict = judged(ours, theirs)
    clause = clause_of(verdict, "new label device")
    assert (clause.clause, clause.passed, verdict.verdict) == (1, passed, decision)


def test_a_new_label_without_records_is_shown_and_binds_nothing() -> None:
    ours = candidate(8).model_copy(update={"labels": ("device", "drug")})
    verdict = judged(ours, champion(7).model_copy(update={"labels": ("drug",)}))
    clause = clause_of(verdict, "new label device")
    assert (clause.passed, clause.measured, verdict.verdict) == (None, None, "promote")
    assert "insufficient evidence" in clause.message


def test_a_label_that_the_candidate_lost_is_a_persons_decision() -> None:
    theirs = champion(7).model_copy(update={"labels": ("device", "drug")})
    verdict = judged(candidate(8).model_copy(update={"labels": ("drug",)}), theirs)
    clause = clause_of(verdict, "lost label device")
    assert (clause.passed, clause.policies, verdict.policies["spec"]) == (False, ("strict",), "promote")
    assert verdict.message.endswith("+0.100. The model in service knows the label device, and the candidate does not.")
    assert verdict.verdict == "needs-review"


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
    clause = clause_of(verdict, "labels hold")
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
    clause = clause_of(verdict, "labels hold")
    assert (clause.passed, clause.measured, verdict.verdict) == (None, None, "promote")
    assert clause.message == (
        "The F1 of 0 labels fell by no more than 0.05. Insufficient evidence for drug: fewer than 30 in the holdout."
    )


def test_a_label_that_one_report_leaves_out_counts_as_never_found() -> None:
    verdict = judged(labelled("candidate", 8), labelled("champion", 7, drug=(60, 30)))
    assert (verdict.labels[0].evidence, verdict.verdict) == ("fell", "needs-review")


def test_the_first_model_has_no_labels_that_could_fall() -> None:
    verdict = judged(labelled("candidate", 8, drug=(60, 30)), None)
    clause = clause_of(verdict, "labels hold")
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


def test_labels_stand_side_by_side_and_a_new_one_has_no_difference() -> None:
    ours = candidate(8)
    both = {**ours.settled.labels, "dose": ours.settled.labels["drug"]}
    verdict = judged(candidate(settled=part(even(8), labels=both)), champion(7))
    assert [(row.label, row.support) for row in verdict.labels] == [("dose", 300), ("drug", 300)]
    assert [row.difference for row in verdict.labels] == [None, pytest.approx(0.1)]


@pytest.mark.parametrize(
    ("fp", "fn", "passed"),
    [(2, 3, True), (3, 3, True), (0, 4, True), (1, 4, False), (7, 1, True), (0, 2, True)],
)
def test_where_there_is_a_price_errors_may_not_cost_more(fp: int, fn: int, passed: bool) -> None:
    """The champion misses 3 and invents 3 in each record: 120 USD."""
    ours = report("candidate", [group(f"g{n}", 8, fp, fn, 90) for n in range(30)])
    verdict = judged(ours, champion(7), terms=Terms(price=PRICE))
    clause = clause_of(verdict, "cost of errors")
    assert (clause.clause, clause.passed, clause.policies) == (4, passed, ("strict",))
    assert (clause.measured, clause.required) == (1000 * (10 * fp + 30 * fn), 120_000)
    (cost,) = verdict.further_intervals
    assert (cost["metric"], cost["higher_is_better"]) == ("cost_per_1000", False)
    assert cost["difference"] == pytest.approx(1000 * (10 * fp + 30 * fn) - 120_000)


def test_the_cost_is_told_in_its_currency_with_its_interval() -> None:
    verdict = judged(candidate(6), champion(7), "spec", terms=Terms(price=PRICE))
    clause = clause_of(verdict, "cost of errors")
    assert clause.message == (
        "What the candidate misses and gets wrong costs 160,000 against 120,000 USD for 1,000 records; "
        "the difference lies between +40,000 and +40,000."
    )


def test_a_cost_that_cannot_be_counted_is_not_passed_and_the_first_model_has_none_to_beat() -> None:
    uncounted = [GroupCounts(group=f"g{n}", records=1, tokens=100) for n in range(30)]
    lacking = candidate(settled=part(even(8), per_group=tuple(uncounted)))
    clause = clause_of(judged(lacking, champion(7), terms=Terms(price=PRICE)), "cost of errors")
    assert (clause.passed, clause.measured) == (False, None)
    assert clause.message.startswith("What the candidate misses and gets wrong costs an unknown sum against 120,000 USD")
    clause = clause_of(judged(candidate(8), None, terms=Terms(price=PRICE)), "cost of errors")
    assert (clause.passed, clause.required) == (None, None)


def test_without_a_price_there_is_no_clause_on_cost() -> None:
    assert "cost of errors" not in {clause.name for clause in judged(candidate(8), champion(7)).clauses}


@pytest.mark.parametrize("changed", [{"records": 2}, {"tokens": 99}])
def test_other_records_or_tokens_in_a_group_are_another_holdout(changed: dict[str, int]) -> None:
    rows = [even(8)[0].model_copy(update=changed), *even(8)[1:]]
    verdict = judged(report("candidate", rows), champion(7))
    assert verdict.verdict == "keep" and "different holdouts" in verdict.message
