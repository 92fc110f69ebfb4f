"""The gate: what it decides under either policy, and that nothing doubtful passes."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from chartloop import classification, ner
from chartloop.case import Looks
from chartloop.gate import decide
from chartloop.measures import Measures, Metric, Price, Terms
from chartloop.scores import LabelCounts, ScoreReport
from chartloop.verdicts import PolicyName
from tests.reports import OLD, RUN, candidate, champion, even, f1, group, label, part, report
from tests.verdicts import NOW, judged


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
@pytest.mark.parametrize("right", [6, 7])
def test_a_worse_one_and_a_tie_keep_the_champion(right: int, policy: PolicyName) -> None:
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


@pytest.mark.parametrize(("right", "expected"), [(6, "promote"), (7, "keep"), (8, "keep")])
def test_where_lower_is_better_the_lower_one_is_promoted(right: int, expected: str) -> None:
    mission, primary = Metric("token_accuracy", higher_is_better=False), Metric("entity_f1", higher_is_better=False)
    errors = replace(ner.TASK, measures=Measures(mission, (primary,), (), "nobody"))
    ours, theirs = candidate(settled=part(even(right), labels={})), champion(settled=part(even(7), labels={}))
    assert decide(ours, theirs, "strict", task=errors, run_id=RUN, now=NOW).verdict == expected


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


CLASSES = classification.TASK


def of_classes(role: str, macro: float, accuracy: float, **changes: Any) -> ScoreReport:
    """A classifier's report whose groups hold no counts of labels: the figures are what is said here."""
    rows = [group(f"g{n}", 0, 0, 0, 0).model_copy(update={"correct": None}) for n in range(30)]
    settled = part(rows, metrics={"macro_f1": macro, "accuracy": accuracy}, baseline={"accuracy": 0.4}, labels={})
    return report(role, rows, task="classification", settled=settled, **changes)


def test_the_whole_verdict_but_for_its_clauses() -> None:
    verdict = judged(candidate(8), champion(7), terms=Terms(price=Price(missed=30, wrong=10, currency="USD")))
    drawn = {"level": 0.95, "resamples": 4000, "seed": 20}
    gain, cost = 0.8 - 0.7, pytest.approx(-40_000)
    assert verdict.model_dump(exclude={"clauses"}) == {
        "run_id": RUN,
        "task": "ner",
        "verdict": "promote",
        "policy": "strict",
        "policies": {"spec": "promote", "strict": "promote"},
        "candidate": RUN,
        "champion": OLD,
        "holdout": "ab" * 32,
        "metrics": {
            "candidate": {"entity_f1": 0.8, "token_accuracy": 0.82},
            "champion": {"entity_f1": 0.7, "token_accuracy": 0.78},
        },
        "interval": {
            "metric": "entity_f1", "difference": gain, "low": gain, "high": gain, "higher_is_better": True, **drawn
        },
        "further_intervals": (
            {"metric": "cost_per_1000", "difference": cost, "low": cost, "high": cost, "higher_is_better": False, **drawn},
        ),
        "mcnemar": None,
        "labels": ({
            "label": "drug", "support": 300, "candidate": 0.8, "champion": 0.7, "difference": gain, "evidence": "held",
        },),
        "message": "Better: entity F1 0.800 against 0.700 and token accuracy 0.820 against 0.780; "
        "the difference of +0.100 in entity F1 lies between +0.100 and +0.100.",
        "created_at": "2026-11-21T08:30:00.000Z",
    }  # fmt: skip


def test_the_whole_verdict_on_nothing_but_for_its_clauses() -> None:
    verdict = judged(None, None, "spec", champion_version=OLD)
    assert verdict.model_dump(exclude={"clauses"}) == {
        "run_id": RUN,
        "task": "ner",
        "verdict": "keep",
        "policy": "spec",
        "policies": {"spec": "keep", "strict": "keep"},
        "candidate": RUN,
        "champion": OLD,
        "holdout": None,
        "metrics": {"candidate": {}, "champion": None},
        "interval": None,
        "further_intervals": (),
        "mcnemar": None,
        "labels": (),
        "message": "Kept the model in service: there is no score report of the candidate.",
        "created_at": "2026-11-21T08:30:00.000Z",
    }


@pytest.mark.parametrize(
    ("macro", "expected", "start"), [(0.75, "needs-review", "Needs review"), (0.7, "keep", "Kept"), (0.65, "keep", "Kept")]
)
def test_all_primary_metrics_must_be_ahead_for_a_person_to_decide(macro: float, expected: str, start: str) -> None:
    theirs = of_classes("champion", 0.7, 0.7)
    verdict = decide(of_classes("candidate", macro, 0.75), theirs, "strict", task=CLASSES, run_id=RUN, now=NOW)
    assert (verdict.verdict, verdict.policies["spec"]) == (expected, "promote")
    assert verdict.message == (
        f"{start}: macro F1 {macro:.3f} against 0.700 and accuracy 0.750 against 0.700; too few groups for an interval."
    )


def test_a_model_that_is_not_in_service_is_no_champion() -> None:
    """The version in service is what the ledger says, and a report of another one is doubtful."""
    verdict = judged(candidate(8), champion(7), champion_version="ner-else")
    assert (verdict.verdict, verdict.champion) == ("keep", "ner-else")
    assert verdict.message == "Kept the model in service: the model that was scored is not the one in service."


def test_the_gold_set_binds_both_policies() -> None:
    ours = candidate(8, gold=part(even(5)))
    verdict = judged(ours, champion(7, gold=part(even(6))))
    assert (verdict.verdict, verdict.policies) == ("keep", {"spec": "keep", "strict": "keep"})
    assert verdict.message == (
        "Kept the model in service: on the gold set of 30 records, by entity F1, "
        "the candidate is worse beyond chance (-0.100 to -0.100)."
    )
    assert [clause.name for clause in verdict.clauses][6:9] == ["labels hold", "gold set, entity F1", "answers as recorded"]


def test_the_spec_policy_is_never_told_to_review() -> None:
    ours, theirs = mixed([3, -2] * 10 + [1])
    verdict = judged(candidate(8, service=None), champion(7), "spec")
    assert verdict.verdict == "keep"
    assert judged(ours, theirs, "spec").message.startswith("Better: ")


def of_one_label(role: str, right: int) -> ScoreReport:
    """A classifier's report of ten records a group, all of one label, of which `right` are seen."""
    counts = LabelCounts(tp=right, fp=0, fn=10 - right)
    rows = [group(f"g{n}", 0, 0, 0, right).model_copy(update={"records": 10, "labels": {"a": counts}}) for n in range(30)]
    figures = {"macro_f1": f1(right, 0, 10 - right), "accuracy": right / 10}
    settled = part(rows, metrics=figures, baseline={"accuracy": 0.4}, labels={})
    return report(role, rows, task="classification", settled=settled)


def test_each_primary_metric_has_its_interval() -> None:
    verdict = decide(of_one_label("candidate", 8), of_one_label("champion", 6), "strict", task=CLASSES, run_id=RUN, now=NOW)
    assert verdict.verdict == "promote"
    assert verdict.interval is not None and verdict.interval["metric"] == "macro_f1"
    assert [(other["metric"], other["higher_is_better"]) for other in verdict.further_intervals] == [("accuracy", True)]
    assert verdict.message == (
        "Better: macro F1 0.889 against 0.750 and accuracy 0.800 against 0.600; "
        "the difference of +0.139 in macro F1 lies between +0.139 and +0.139 and "
        "the difference of +0.200 in accuracy lies between +0.200 and +0.200."
    )


def test_a_verdict_carries_what_was_asked_of_it() -> None:
    right = [each.model_copy(update={"right": "1"}) for each in even(8)]
    verdict = judged(report("candidate", right, version="ner-own"), report("champion", right), looks=Looks(3, 2))
    assert verdict.candidate == "ner-own"
    assert verdict.mcnemar == {"fixed": 0, "broken": 0, "p": 1.0}
    assert [clause.measured for clause in verdict.clauses if clause.clause == 7] == [3]


def test_where_no_model_is_in_service_none_is_kept() -> None:
    assert judged(None, None).message == "No model goes into service: there is no score report of the candidate."


def test_all_that_a_person_must_weigh_is_in_the_sentence() -> None:
    rows = [group(f"g{n}", 8, 4, 1, 90) for n in range(30)]
    ours = candidate(settled=part(rows, labels={"drug": label(10, 10, 10)}))
    verdict = judged(ours, champion(7), terms=Terms(price=Price(missed=1, wrong=100, currency="USD")))
    assert verdict.verdict == "needs-review"
    assert verdict.message.endswith(
        "lies between +0.062 and +0.062. The F1 of drug fell by more than 0.05. What the candidate misses and gets wrong costs "
        "401,000 against 303,000 USD for 1,000 records; the difference lies between +98,000 and +98,000."
    )
