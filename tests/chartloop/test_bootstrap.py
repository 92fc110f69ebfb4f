"""The paired bootstrap: what it must be exactly, and how often it is right."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chartloop import bootstrap
from chartloop.scores import GroupCounts
from tests.reports import even, f1, group

counts = st.tuples(*[st.integers(0, 20)] * 3, st.integers(0, 100))


def groups_of(rows: list[tuple[int, int, int, int]]) -> list[GroupCounts]:
    return [group(f"g{n}", *row) for n, row in enumerate(rows)]


def test_a_model_against_itself_differs_by_nothing() -> None:
    found = bootstrap.paired("entity_f1", even(7), even(7))
    assert found is not None
    assert (found.difference, found.low, found.high) == (0.0, 0.0, 0.0)


def test_alike_groups_leave_no_doubt() -> None:
    found = bootstrap.paired("entity_f1", even(8), even(7))
    assert found is not None
    assert found.low == pytest.approx(0.1) and found.high == pytest.approx(0.1)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(counts, counts), min_size=6, max_size=40))
def test_swapping_the_models_mirrors_the_interval(rows: list[tuple[tuple[int, int, int, int], ...]]) -> None:
    ours, theirs = groups_of([row[0] for row in rows]), groups_of([row[1] for row in rows])
    for metric in ("entity_f1", "token_accuracy"):
        there, back = bootstrap.paired(metric, ours, theirs), bootstrap.paired(metric, theirs, ours)
        assert there is not None and back is not None
        assert (there.difference, there.low, there.high) == pytest.approx((-back.difference, -back.high, -back.low))
        assert -1 <= there.low <= there.high <= 1


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(counts, counts), min_size=6, max_size=30), st.randoms(use_true_random=False))
def test_the_order_of_the_groups_does_not_matter(rows: list[tuple[tuple[int, int, int, int], ...]], random: object) -> None:
    ours, theirs = groups_of([row[0] for row in rows]), groups_of([row[1] for row in rows])
    mixed = list(theirs)
    random.shuffle(mixed)  # type: ignore[attr-defined]
    assert bootstrap.paired("entity_f1", ours, theirs) == bootstrap.paired("entity_f1", ours[::-1], mixed)


def test_the_difference_is_that_of_the_sums() -> None:
    ours = groups_of([(5, 1, 2, 90)] * 5 + [(0, 3, 4, 10)])
    theirs = groups_of([(4, 1, 3, 80)] * 5 + [(9, 0, 0, 20)])
    found = bootstrap.paired("entity_f1", ours, theirs)
    assert found is not None
    assert found.difference == pytest.approx(f1(25, 8, 14) - f1(29, 5, 15))


def test_a_naive_loop_over_resamples_gives_the_same_interval() -> None:
    generator = np.random.default_rng(3)
    ours = groups_of([tuple(map(int, generator.integers(0, 15, 4))) for _ in range(25)])  # type: ignore[misc]
    theirs = groups_of([tuple(map(int, generator.integers(0, 15, 4))) for _ in range(25)])  # type: ignore[misc]
    names = sorted(range(25), key=lambda n: f"g{n}")
    drawn = []
    for chosen in np.random.default_rng(bootstrap.SEED).integers(0, 25, size=(bootstrap.RESAMPLES, 25)):
        sums = [[sum(getattr(side[names[i]], name) for i in chosen) for name in ("tp", "fp", "fn")] for side in (ours, theirs)]
        drawn.append(f1(*sums[0]) - f1(*sums[1]))
    found = bootstrap.paired("entity_f1", ours, theirs)
    assert found is not None
    assert (found.low, found.high) == pytest.approx(tuple(np.quantile(drawn, [0.025, 0.975])))


def test_chunks_do_not_change_the_draws() -> None:
    many = [group(f"g{n:05}", n % 7, n % 3, n % 5, n % 90) for n in range(3000)]
    worse = [group(f"g{n:05}", n % 6, n % 4, n % 5, n % 80) for n in range(3000)]
    found = bootstrap.paired("token_accuracy", many, worse)
    assert found is not None and 0 < found.low < found.difference < found.high


def test_the_bound_is_over_zero_by_chance_about_as_often_as_it_says() -> None:
    generator = np.random.default_rng(11)
    wins = 0
    for _ in range(60):
        found = bootstrap.paired(
            "token_accuracy",
            [group(f"g{n}", 0, 0, 0, int(c)) for n, c in enumerate(generator.binomial(100, 0.8, 40))],
            [group(f"g{n}", 0, 0, 0, int(c)) for n, c in enumerate(generator.binomial(100, 0.8, 40))],
        )
        wins += found is not None and found.low > 0
    assert wins <= 6  # 2.5 % of 60 is 1.5


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (even(8, groups=5), even(7, groups=5)),
        (even(8), even(7, groups=29)),
        ([*even(8), group("more", 1, 0, 0, 1)], [*even(7), group("other", 1, 0, 0, 1)]),
        ([*even(8), even(8)[0]], [*even(7), even(7)[0]]),
        ([GroupCounts(group=f"g{n}") for n in range(30)], even(7)),
        (even(8), [GroupCounts(group=f"g{n}", tp=1, fp=1) for n in range(30)]),
    ],
)
def test_no_interval_without_its_evidence(ours: list[GroupCounts], theirs: list[GroupCounts]) -> None:
    assert bootstrap.paired("entity_f1", ours, theirs) is None


def test_an_unknown_metric_has_none() -> None:
    assert bootstrap.paired("beauty", even(8), even(7)) is None
