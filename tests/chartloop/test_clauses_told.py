"""What the clauses on quality say: whole clauses, word for word, of the cases that a person meets."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from chartloop import ner
from chartloop.gate import decide
from chartloop.measures import Floor, Measures, Metric, Terms
from chartloop.scores import ScoreReport
from chartloop.verdicts import BOTH, Clause, LabelRow
from tests.chartloop.test_clauses import PRICE, labelled, only
from tests.reports import OLD, RUN, candidate, champion, even, f1, part
from tests.verdicts import NOW, judged


def clause(
    number: int, name: str, passed: bool | None, measured: Any, required: Any, message: str, strict: bool = False
) -> Clause:  # fmt: skip
    policies = ("strict",) if strict else BOTH
    return Clause(
        clause=number, name=name, passed=passed, measured=measured, required=required, message=message, policies=policies
    )  # fmt: skip


def on_quality(ours: ScoreReport | None, theirs: ScoreReport | None, **changes: Any) -> list[Clause]:
    return [clause for clause in judged(ours, theirs, **changes).clauses if clause.clause < 6]


SETTLED = "settled records, the same for both models, scored in this run"
FIGURES = "token accuracy, entity F1"


def floors(
    passed: bool, accuracy: float | None, entities: float | None, of: tuple[str, str], trivial: tuple[str, str]
) -> list[Clause]:
    """The clauses on the floor of a task whose bound is 0.50."""
    rows = (("token accuracy", accuracy, of[0], trivial[0]), ("entity F1", entities, of[1], trivial[1]))
    better = "better" if passed else "not better"
    return [
        clause(
            2, f"floor of {name}", passed, value, None if value is None else 0.5,
            f"The {name} of the candidate, {told}, is {better} than 0.50 and what a model that finds nothing gets, {least}.",
        )
        for name, value, told, least in rows
    ]  # fmt: skip


def test_a_better_candidate_word_for_word() -> None:
    gain = 0.8 - 0.7
    assert on_quality(candidate(8), champion(7), terms=Terms(price=PRICE)) == [
        clause(1, "same holdout", True, 30, SETTLED, "Both models were scored now, on the settled holdout."),
        clause(5, "figures complete", True, "all there", FIGURES, "Every figure that the gate reads is there."),
        *floors(True, 0.82, 0.8, ("0.820", "0.800"), ("0.400", "0.000")),
        clause(
            3, "ahead of the champion", True, 0.82, 0.78,
            "The candidate is ahead of the model in service: its token accuracy is 0.820 against 0.780.",
        ),
        clause(
            3, "entity F1 beyond chance", True, gain, 0.0,
            "The gain is beyond chance: the difference of +0.100 in entity F1 lies between +0.100 and +0.100.", strict=True,
        ),
        clause(4, "labels hold", True, gain, -0.05, "The F1 of 1 label fell by no more than 0.05.", strict=True),
        clause(
            4, "cost of errors", True, 80_000, 120_000,
            "What the candidate misses and gets wrong costs 80,000 against 120,000 USD for 1,000 records; "
            "the difference lies between -40,000 and -40,000.", strict=True,
        ),
    ]  # fmt: skip


def test_a_worse_candidate_word_for_word() -> None:
    loss = 0.6 - 0.7
    found = on_quality(candidate(6), champion(7))
    assert found[2:4] == floors(True, 0.74, 0.6, ("0.740", "0.600"), ("0.400", "0.000"))
    assert found[4:] == [
        clause(
            3, "ahead of the champion", False, 0.74, 0.78,
            "The candidate is not ahead of the model in service: its token accuracy is 0.740 against 0.780.",
        ),
        clause(
            3, "entity F1 beyond chance", False, loss, 0.0,
            "The gain is not beyond chance: the difference of -0.100 in entity F1 lies between -0.100 and -0.100.", strict=True,
        ),
        clause(4, "labels hold", False, loss, -0.05, "The F1 of drug fell by more than 0.05.", strict=True),
    ]  # fmt: skip


def test_the_first_model_word_for_word() -> None:
    assert on_quality(candidate(8), None, terms=Terms(price=PRICE)) == [
        clause(1, "same holdout", True, 30, SETTLED, "The candidate was scored now, on the settled holdout."),
        clause(5, "figures complete", True, "all there", FIGURES, "Every figure that the gate reads is there."),
        *floors(True, 0.82, 0.8, ("0.820", "0.800"), ("0.400", "0.000")),
        clause(
            3, "ahead of the champion", None, 0.82, None, "There is no model in service yet: the floor alone decides."
        ),
        clause(
            3, "entity F1 beyond chance", None, None, 0.0, "There is no model in service to be compared with.", strict=True
        ),
        clause(4, "labels hold", None, None, -0.05, "There is no model in service whose labels could fall.", strict=True),
        clause(
            4, "cost of errors", None, 80_000, None,
            "What the candidate misses and gets wrong costs 80,000 USD for 1,000 records.", strict=True,
        ),
    ]  # fmt: skip


def test_two_reports_that_are_missing_word_for_word() -> None:
    missing = "token accuracy of the candidate, entity F1 of the candidate, "
    missing += "token accuracy of the model in service, entity F1 of the model in service"
    assert on_quality(None, None, champion_version="ner-old", terms=Terms(price=PRICE)) == [
        clause(1, "same holdout", False, 0, SETTLED, "There is no score report of the candidate."),
        clause(5, "figures complete", False, missing, FIGURES, f"Missing: {missing}."),
        *floors(False, None, None, ("unknown", "unknown"), ("unknown", "unknown")),
        clause(
            3, "ahead of the champion", False, None, None,
            "The candidate is not ahead of the model in service: its token accuracy is unknown against unknown.",
        ),
        clause(
            3, "entity F1 beyond chance", False, None, 0.0,
            "No interval of the entity F1: at least 6 patients or notes with counts are needed.", strict=True,
        ),
        clause(
            4, "cost of errors", False, None, None,
            "What the candidate misses and gets wrong costs an unknown sum against an unknown sum USD for 1,000 records.",
            strict=True,
        ),
    ]  # fmt: skip


def test_a_new_and_a_lost_label_word_for_word() -> None:
    new = part(even(8), labels=only("device", 15, 15) | only("route", 14, 15))
    ours = candidate(8).model_copy(update={"labels": ("device", "drug", "route", "site"), "fresh": new})
    theirs = champion(7).model_copy(update={"labels": ("drug", "frequency", "dose")})
    little = "insufficient evidence in the holdout."
    known, lacks = "The model in service knows the label", "and the candidate does not."
    assert on_quality(ours, theirs)[1:6] == [
        clause(1, "new label device", False, 0.5, 0.5, "The label device is new and has an F1 of 0.500 against 0.50."),
        clause(1, "new label route", None, f1(14, 15, 15), 0.5, f"The label route is new and has {little}"),
        clause(1, "new label site", None, None, 0.5, f"The label site is new and has {little}"),
        clause(1, "lost label dose", False, "unknown to the candidate", "known", f"{known} dose, {lacks}", strict=True),
        clause(1, "lost label frequency", False, "unknown to the candidate", "known", f"{known} frequency, {lacks}", strict=True),
    ]  # fmt: skip


def test_a_row_says_all_of_its_label() -> None:
    ours = labelled("candidate", 8, dose=(50, 31), drug=(75, 30), site=(50, 29))
    theirs = labelled("champion", 7, drug=(100, 20), route=(75, 30), site=(25, 20))
    held, fell, thin = "held", "fell", "insufficient evidence"
    assert judged(ours, theirs).labels == (
        LabelRow(label="dose", support=31, candidate=0.5, champion=None, difference=None, evidence=held),
        LabelRow(label="drug", support=30, candidate=0.75, champion=1.0, difference=-0.25, evidence=fell),
        LabelRow(label="route", support=30, candidate=None, champion=0.75, difference=None, evidence=fell),
        LabelRow(label="site", support=29, candidate=0.5, champion=0.25, difference=0.25, evidence=thin),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("ours", "theirs", "told"),
    [
        (candidate(), None, "There is no score report of the model in service."),
        (candidate(run_id="ner-other"), champion(), "The score report of the candidate belongs to another run, task or role."),
        (candidate(), champion(task="other"), "The score report of the champion belongs to another run, task or role."),
        (candidate(), champion(version="ner-older"), "The model that was scored is not the one in service."),
        (candidate(settled=part(even(8), records=0)), champion(), "The settled holdout is empty."),
        (candidate(holdout="cd" * 32), champion(), "The two models were scored on different holdouts."),
    ],
)
def test_the_doubt_that_was_first_found_is_told(ours: ScoreReport, theirs: ScoreReport | None, told: str) -> None:
    found = on_quality(ours, theirs, champion_version=OLD)[0]
    assert (found.name, found.passed, found.message) == ("same holdout", False, told)


def test_a_floor_without_a_bound_is_the_trivial_model_alone() -> None:
    """A task of labels whose floor is the trivial model: a new label must be found at all."""
    accuracy = Metric("token_accuracy")
    unbound = replace(ner.TASK, measures=Measures(accuracy, (accuracy,), (Floor(accuracy),), "chance"))
    new = part(even(8), labels=only("device", 30, 70) | only("route", 0, 40))
    ours = candidate(8).model_copy(update={"labels": ("device", "drug", "route"), "fresh": new})
    theirs = champion(7).model_copy(update={"labels": ("drug",)})
    verdict = decide(ours, theirs, "strict", task=unbound, run_id=RUN, now=NOW)
    assert [each for each in verdict.clauses if each.name.startswith(("new", "floor"))] == [
        clause(1, "new label device", True, 0.3, 0.0, "The label device is new and has an F1 of 0.300 against 0.00."),
        clause(1, "new label route", False, 0.0, 0.0, "The label route is new and has an F1 of 0.000 against 0.00."),
        clause(
            2, "floor of token accuracy", True, 0.82, 0.4,
            "The token accuracy of the candidate, 0.820, is better than what chance gets, 0.400.",
        ),
    ]  # fmt: skip


def test_labels_of_too_few_cases_are_told_by_name() -> None:
    few = {"dose": (50, 29), "site": (50, 1)}
    found = on_quality(labelled("candidate", 8, **few), labelled("champion", 7, **few))[-1]
    assert found.message == (
        "The F1 of 0 labels fell by no more than 0.05. Insufficient evidence for dose, site: fewer than 30 in the holdout."
    )
