"""The metrics' sufficient statistics: known answers, against scikit-learn where it knows the metric, and what is not evidence."""

from __future__ import annotations

import tracemalloc
from collections import Counter
from typing import Any

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, f1_score, mean_absolute_error, precision_recall_fscore_support

from chartloop import bootstrap
from chartloop.scores import GroupCounts, LabelCounts
from chartloop.statistics import STATISTICS, figure, label_scores
from tests import reports
from tests.contracts import validate

LABELS = ("cardiology", "oncology", "urology")


def classified(name: str, truth: list[str], answers: list[str]) -> GroupCounts:
    """The counts of a group's records."""
    pairs = list(zip(truth, answers, strict=True))
    tp = Counter(a for a, b in pairs if a == b)
    fn = Counter(a for a, b in pairs if a != b)
    fp = Counter(b for a, b in pairs if a != b)
    labels = {label: LabelCounts(tp=tp[label], fp=fp[label], fn=fn[label]) for label in {*truth, *answers}}
    return GroupCounts(group=name, correct=sum(tp.values()), records=len(pairs), labels=labels)


def random_groups(seed: int, *, right: float, groups: int = 25) -> tuple[list[GroupCounts], list[str], list[str]]:
    """(groups, truths, answers) of one to four records a group; the truth is the same for every `right`."""
    generator, sure = np.random.default_rng(seed), np.random.default_rng(round(1000 * right))
    made: list[GroupCounts] = []
    truths: list[str] = []
    answers: list[str] = []
    for number in range(groups):
        truth = [str(each) for each in generator.choice(LABELS, size=generator.integers(1, 5), p=[0.7, 0.2, 0.1])]
        answer = [each if sure.random() < right else str(sure.choice([*LABELS, "psychiatry"])) for each in truth]
        made.append(classified(f"g{number}", truth, answer))
        truths, answers = truths + truth, answers + answer
    return made, truths, answers


@pytest.mark.parametrize("seed", range(5))
def test_classification_is_what_scikit_learn_says(seed: int) -> None:
    groups, truth, answers = random_groups(seed, right=0.7)
    assert figure("accuracy", groups) == pytest.approx(accuracy_score(truth, answers))
    supported = sorted(set(truth))
    assert figure("macro_f1", groups) == pytest.approx(f1_score(truth, answers, labels=supported, average="macro"))
    scores = label_scores(groups)
    precision, recall, f1, support = precision_recall_fscore_support(truth, answers, labels=supported, zero_division=0)
    for at, label in enumerate(supported):
        its = scores[label]
        assert (its.precision, its.recall, its.f1, its.support) == pytest.approx((precision[at], recall[at], f1[at], support[at]))
    assert scores["psychiatry"].support == 0


def test_regression_is_the_mean_of_the_absolute_errors() -> None:
    groups = [GroupCounts(group="a", absolute_error=1.5, records=2), GroupCounts(group="b", absolute_error=2.0, records=1)]
    assert figure("mae", groups) == pytest.approx(mean_absolute_error([1.0, 4.0, 9.0], [2.5, 4.0, 7.0]))


def test_generation_counts_loss_by_token_and_the_rest_by_record() -> None:
    groups = [
        GroupCounts(group="a", loss=30.0, tokens=10, rouge_l=0.5, exact=0, records=1),
        GroupCounts(group="b", loss=10.0, tokens=10, rouge_l=1.4, exact=1, records=2),
    ]
    assert [figure(name, groups) for name in ("loss", "rouge_l", "exact_match")] == pytest.approx([2.0, 1.9 / 3, 1 / 3])


@pytest.mark.parametrize("metric", STATISTICS)
def test_nothing_to_count_is_no_figure(metric: str) -> None:
    nothing = GroupCounts(
        group="g", tp=0, fp=0, fn=0, correct=0, tokens=0, records=0, exact=0, labels={}, absolute_error=0, loss=0, rouge_l=0
    )
    assert figure(metric, [nothing]) is None
    assert figure(metric, []) is None
    assert figure(metric, [GroupCounts(group="g")]) is None


def test_wrong_answers_alone_are_a_figure_of_zero() -> None:
    assert figure("entity_f1", [GroupCounts(group="g", tp=0, fp=0, fn=3)]) == 0.0
    assert figure("macro_f1", [classified("g", ["urology"], ["oncology"])]) == 0.0


def test_label_scores_of_no_labels_are_none() -> None:
    assert label_scores([GroupCounts(group="g")]) == {}
    assert label_scores([]) == {}


def test_the_interval_of_macro_f1_is_that_of_a_naive_loop() -> None:
    ours, _, _ = random_groups(4, right=0.9)
    theirs, _, _ = random_groups(4, right=0.6)
    order = sorted(range(25), key=lambda n: f"g{n}")
    drawn = []
    for chosen in np.random.default_rng(bootstrap.SEED).integers(0, 25, size=(bootstrap.RESAMPLES, 25))[:500]:
        sides = [[_named(side[order[i]], n) for n, i in enumerate(chosen)] for side in (ours, theirs)]
        drawn.append((figure("macro_f1", sides[0]) or 0) - (figure("macro_f1", sides[1]) or 0))
    found = bootstrap.paired("macro_f1", ours, theirs)
    assert found is not None and found.low > 0
    assert (found.low, found.high) == pytest.approx(tuple(np.quantile(drawn, [0.025, 0.975])), abs=0.02)


def _named(group: GroupCounts, number: int) -> GroupCounts:
    return group.model_copy(update={"group": str(number)})


@pytest.mark.parametrize(
    ("metric", "ours", "theirs"),
    [
        ("mae", {"absolute_error": 1.0, "records": 1}, {"absolute_error": 2.0, "records": 1}),
        ("loss", {"loss": 2.0, "tokens": 2}, {"loss": 4.0, "tokens": 2}),
    ],
)
def test_where_less_is_better_the_difference_is_negative(metric: str, ours: dict[str, Any], theirs: dict[str, Any]) -> None:
    sides = [[GroupCounts(group=f"g{n}", **counts) for n in range(10)] for counts in (ours, theirs)]
    found = bootstrap.paired(metric, *sides)
    assert found is not None
    assert (found.difference, found.low, found.high) == pytest.approx((-1, -1, -1))


def test_every_count_is_in_the_contract() -> None:
    whole = GroupCounts(
        group="g", tp=1, fp=1, fn=1, correct=2, tokens=3, records=2, exact=1, labels={"urology": LabelCounts(tp=1, fp=0, fn=0)},
        absolute_error=0.5, loss=1.5, rouge_l=0.2, right="01",
    )  # fmt: skip
    assert whole.model_fields_set == GroupCounts.model_fields.keys()
    validate("score_report", reports.candidate(settled=reports.part(reports.even(8), per_group=(whole,))).to_json())


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), -1.0])
def test_a_sum_that_is_no_sum_breaks_the_contract(bad: float) -> None:
    with pytest.raises(ValueError, match="loss"):
        GroupCounts(group="g", loss=bad)


def test_what_a_group_has_nothing_of_takes_no_memory() -> None:
    """100,000 patients with 80 labels in both reports must fit the function that judges (docs/gate.md)."""
    labels = [f"label {n:02}" for n in range(80)]
    groups = [GroupCounts(group=f"{n:05}", labels={labels[n % 80]: LabelCounts(tp=1, fp=0, fn=0)}) for n in range(4000)]
    tracemalloc.start()
    counts = STATISTICS["macro_f1"].counts(groups, groups)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert counts is not None and counts.total().tolist() == [50.0, 0.0, 0.0] * 160
    every_count = len(groups) * 2 * 3 * len(labels) * np.dtype(np.float64).itemsize
    assert peak < every_count / 5
