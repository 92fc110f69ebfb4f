"""Which trial is the best, and how much each hyper-parameter mattered, against numbers made for it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from chartloop import trials
from chartloop.tuning import Continuous, Tuning

LOWER = Tuning("eval_mae", higher_is_better=False, ranges={"rate": Continuous(0, 1)})


def told(values: list[dict[str, Any]], reached: list[float | None]) -> list[dict[str, Any]]:
    return [
        {"number": number, "status": "completed", "values": its, "objective": value}
        for number, (its, value) in enumerate(zip(values, reached, strict=True))
    ]


def test_a_hyper_parameter_that_decides_has_the_whole_share_and_one_by_chance_little() -> None:
    chance = np.random.default_rng(1)
    values = [{"rate": n / 40, "depth": int(chance.integers(1, 9)), "kind": "a" if n < 20 else "b"} for n in range(40)]
    found = trials.importance(told(values, [its["rate"] ** 2 for its in values]), ["rate", "depth", "kind"])
    shares = {each["name"]: each["share"] for each in found}
    assert list(shares) == ["rate", "kind", "depth"]
    assert (shares["rate"], shares["depth"] < 0.2) == (1.0, True)
    assert 0.7 < shares["kind"] < 0.8, "two halves of a line hold three quarters of its variance"


def test_of_few_trials_and_of_those_without_a_result_nothing_is_said() -> None:
    values = [{"rate": n / 10} for n in range(6)]
    assert trials.importance(told(values, [1.0, 2.0, 3.0, None, None, None]), ["rate"]) == []
    assert trials.importance(told(values, [1.0] * 6), ["rate"]) == [{"name": "rate", "share": 0.0}]


@given(st.lists(st.tuples(st.integers(0, 6), st.floats(-5, 5)), min_size=4, max_size=30))
def test_the_share_is_the_squared_rank_correlation(pairs: list[tuple[int, float]]) -> None:
    depths, reached = [list(each) for each in zip(*pairs, strict=True)]
    found = trials.importance(told([{"depth": depth} for depth in depths], reached), ["depth"])[0]["share"]
    expected = stats.spearmanr(depths, reached).statistic if len({*depths}) > 1 and len({*reached}) > 1 else 0.0
    assert found == pytest.approx(expected**2, abs=1e-4)


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=30))
def test_ranks_are_scipys(values: list[float]) -> None:
    assert trials.ranks(values) == pytest.approx(stats.rankdata(values))


@given(st.lists(st.one_of(st.none(), st.floats(-5, 5)), min_size=1, max_size=9))
def test_nothing_is_better_than_the_best(reached: list[float | None]) -> None:
    best = trials.best(told([{} for _ in reached], reached), LOWER)
    values = [value for value in reached if value is not None]
    assert best == (reached.index(min(values)) if values else 0)
