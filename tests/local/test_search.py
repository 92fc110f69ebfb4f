"""What is tried next: within the ranges, the same from the same seed, nearer to the best, not to the end where it is vain."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chartloop.tuning import Categorical, Continuous, Integer, Tuning, TuningSettings, order
from local.search import Search

RANGES = {"rate": Continuous(1e-4, 1.0, log=True), "depth": Integer(1, 9), "kind": Categorical(("a", "b"))}


def config(trials: int = 40, *, seed: int = 7, early: bool = True, ranges: Any = RANGES) -> dict[str, Any]:
    asked = TuningSettings(max_jobs=trials, max_parallel_jobs=1, early_stopping=early)
    found: dict[str, Any] = order(Tuning("eval_loss", higher_is_better=False, ranges=ranges), asked, ("ner", "r"), {}, seed)
    return dict(found["config"])


def walked(trials: int, seed: int = 7) -> list[dict[str, str]]:
    """The values tried for a loss that is least at rate 0.01, depth 5 and kind "a"."""
    search, found = Search(config(trials, seed=seed)), []
    for _ in range(trials):
        step = search.ask()
        its = step.values
        loss = abs(math.log10(float(its["rate"])) + 2) + abs(int(its["depth"]) - 5) + (its["kind"] != '"a"')
        search.tell(step, loss, stopped=False)
        found.append(dict(its))
    return found


def test_the_same_seed_tries_the_same() -> None:
    assert walked(12) == walked(12)
    assert walked(12) != walked(12, seed=8)


def test_later_trials_are_nearer_to_the_best() -> None:
    found = [abs(int(its["depth"]) - 5) for its in walked(40)]
    assert sum(found[-15:]) < sum(found[:15])


@settings(max_examples=25, deadline=None)
@given(
    st.tuples(st.floats(1e-6, 1e6), st.floats(1.001, 1e3)),
    st.tuples(st.integers(1, 1000), st.integers(1, 1000)),
    st.booleans(),
    st.lists(st.one_of(st.text(max_size=5), st.integers(), st.booleans()), min_size=2, max_size=5, unique_by=repr),
)
def test_every_value_is_of_its_range(
    low_times: tuple[float, float], low_more: tuple[int, int], log: bool, values: list[Any]
) -> None:
    low, high = low_times[0], low_times[0] * low_times[1]
    chosen = tuple({repr(value): value for value in values}.values())
    try:
        ranges = {"x": Continuous(low, high, log), "n": Integer(low_more[0], sum(low_more), log), "c": Categorical(chosen)}
    except ValueError:  # True and 1 are one value
        assert len(set(chosen)) < len(chosen)
        return
    search = Search(config(3, ranges=ranges))
    for _ in range(3):
        step = search.ask()
        assert low <= float(step.values["x"]) <= high
        assert low_more[0] <= int(step.values["n"]) <= sum(low_more)
        assert step.values["c"] in ranges["c"].asked()["Values"]
        search.tell(step, 1.0, stopped=False)


@pytest.mark.parametrize(("early", "expected"), [(True, [False, True]), (False, [False, False])])
def test_a_trial_that_does_worse_than_half_of_the_others_is_hopeless(early: bool, expected: list[bool]) -> None:
    search = Search(config(5, early=early))
    for _ in range(2):
        step = search.ask()
        for at in range(2):
            search.hopeless(step, at, 1.0)
        search.tell(step, 1.0, stopped=False)
    better, worse = search.ask(), search.ask()
    assert [search.hopeless(better, 0, 0.9), search.hopeless(worse, 0, 2.0)] == expected


def test_a_failure_teaches_nothing_and_ends_nothing() -> None:
    search = Search(config(3))
    search.tell(search.ask(), None, stopped=False)
    assert search.ask().values.keys() == RANGES.keys()


def test_a_scale_that_is_not_known_is_refused() -> None:
    asked = config(3)
    asked["ParameterRanges"]["ContinuousParameterRanges"][0]["ScalingType"] = "ReverseLogarithmic"
    with pytest.raises(ValueError, match="ScalingType"):
        Search(asked)
