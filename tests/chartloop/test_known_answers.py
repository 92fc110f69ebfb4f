"""The gate's figures against those of well-kept libraries: scipy's bootstrap and binomial test, seqeval's entity F1."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from scipy.stats import binomtest, bootstrap
from seqeval.metrics import classification_report, f1_score

from adapters import conll
from chartloop import bootstrap as ours
from chartloop import spans
from chartloop.case import exact_p
from chartloop.scores import GroupCounts
from chartloop.spans import Counts
from tests.corpus import public
from tests.reports import f1

TAGS = ("O", "O", "O", "B-drug", "I-drug", "B-dose", "I-dose")


def pairs(seed: int, groups: int, gain: int) -> list[tuple[tuple[int, int, int], tuple[int, int, int]]]:
    """(tp, fp, fn) of two models in each group; the second one errs `gain` times more on average."""
    generator = np.random.default_rng(seed)
    sizes = generator.integers(8, 30, groups)
    wrong, more = generator.integers(0, 6, (2, groups)), generator.poisson(gain, groups)
    return [
        ((int(n - w), int(v), int(w)), (int(n - min(n, w + m)), int(v + m), int(min(n, w + m))))
        for n, w, v, m in zip(sizes, wrong[0], wrong[1], more, strict=True)
    ]


def table(rows: Sequence[tuple[int, int, int]]) -> list[GroupCounts]:
    return [GroupCounts(group=f"g{n:04}", tp=tp, fp=fp, fn=fn) for n, (tp, fp, fn) in enumerate(rows)]


@pytest.mark.parametrize(("seed", "groups", "gain"), [(1, 69, 0), (2, 69, 1), (3, 30, 2), (4, 200, 1), (5, 12, 1)])
def test_the_interval_is_that_of_scipys_paired_bootstrap(seed: int, groups: int, gain: int) -> None:
    rows = pairs(seed, groups, gain)
    counts = np.array(rows).reshape(groups, 6).T

    def gained(*columns: np.ndarray, axis: int = -1) -> np.ndarray:
        a, b, c, d, e, f = (column.sum(axis=axis) for column in columns)
        return 2 * a / (2 * a + b + c) - 2 * d / (2 * d + e + f)

    there = bootstrap(
        tuple(counts), gained, paired=True, vectorized=True, n_resamples=20_000, method="percentile", batch=1000,
        rng=np.random.default_rng(7),
    )  # fmt: skip
    found = ours.paired("entity_f1", table([row[0] for row in rows]), table([row[1] for row in rows]))
    assert found is not None
    assert found.difference == pytest.approx(float(gained(*counts)))
    low, high = there.confidence_interval
    width = high - low
    assert (found.low, found.high) == (pytest.approx(low, abs=0.05 * width), pytest.approx(high, abs=0.05 * width))


@pytest.mark.parametrize(
    ("fixed", "broken"), [(0, 0), (1, 0), (5, 0), (6, 0), (10, 2), (2, 10), (8, 8), (9, 8), (30, 11), (400, 350), (5000, 4800)]
)
def test_mcnemar_is_scipys_binomial_test(fixed: int, broken: int) -> None:
    expected = binomtest(fixed, fixed + broken).pvalue if fixed + broken else 1.0
    assert exact_p(fixed, broken) == pytest.approx(expected, rel=1e-9)


def test_mcnemar_of_very_many_flips_is_a_number_too() -> None:
    assert exact_p(40_000, 10_000) == 0.0
    assert exact_p(10_000, 10_000) == 1.0


def entities(sequences: Sequence[Sequence[str]]) -> list[list[dict[str, object]]]:
    """What the tags describe; token n of a sequence stands from 2n to 2n + 1."""
    return [spans.decode([(2 * n, 2 * n + 1) for n in range(len(tags))], tags) for tags in sequences]


def compare(gold: Sequence[Sequence[str]], given: Sequence[Sequence[str]]) -> None:
    """Our counts over all sequences against seqeval's F1, in all and by label."""
    counts = [spans.entity_counts(*pair) for pair in zip(entities(gold), entities(given), strict=True)]
    labels = sorted({label for each in counts for label in each})
    sums = {label: Counts(*map(sum, zip(*(each[label] for each in counts if label in each), strict=True))) for label in labels}
    gold_lists, given_lists = [list(tags) for tags in gold], [list(tags) for tags in given]
    whole = Counts(*map(sum, zip(*sums.values(), strict=True)))
    assert f1(*whole) == pytest.approx(f1_score(gold_lists, given_lists, zero_division=0))
    report = classification_report(gold_lists, given_lists, output_dict=True, zero_division=0)
    for label in labels:
        assert f1(*sums[label]) == pytest.approx(report[label]["f1-score"])
        assert sums[label].tp + sums[label].fn == report[label]["support"]


def test_entity_f1_is_seqevals_on_a_thousand_random_tag_sequences() -> None:
    generator = np.random.default_rng(5)
    gold, given = [], []
    for _ in range(1000):
        tags = [str(tag) for tag in generator.choice(TAGS, generator.integers(1, 30))]
        gold.append(tags)
        given.append(noisy(tags, generator, 0.15))
    compare(gold, given)
    for some in range(0, 1000, 100):
        compare(gold[some : some + 3], given[some : some + 3])


def noisy(tags: Sequence[str], generator: np.random.Generator, share: float) -> list[str]:
    return [str(generator.choice(TAGS)) if generator.random() < share else tag for tag in tags]


def test_entity_f1_is_seqevals_on_the_ncbi_disease_corpus() -> None:
    records = [record for record, _ in conll.read_folder(public.data("ncbi-disease/devel.tsv"))]
    assert len(records) > 900
    generator = np.random.default_rng(6)
    gold = [spans.tags(spans.tokens(record["text"]), record["entities"]) for record in records]
    given = [[wrong(tag, generator) for tag in tags] for tags in gold]
    compare(gold, given)


def wrong(tag: str, generator: np.random.Generator) -> str:
    return tag if generator.random() > 0.05 else str(generator.choice(["O", "B-Disease", "I-Disease"]))
