"""Trials of the gate on simulated pairs of models: how seldom it promotes by chance, how often it sees a true gain."""

from __future__ import annotations

import sys

import pytest

from benchmarks import gate_power


def strict(task: str, trials: int, gain: float = 0.0) -> int:
    """How many of so many pairs `strict` promotes."""
    return sum(gate_power.strictly(gate_power.trial(task, seed, gain)) for seed in range(trials))


@pytest.mark.parametrize("task", gate_power.MAKERS)
def test_two_equal_models_are_seldom_promoted(task: str) -> None:
    assert strict(task, 40) <= 3


@pytest.mark.parametrize(("task", "gain"), [("ner", 0.03), ("classification", 0.15), ("regression", 0.3), ("generation", 0.3)])
def test_a_true_gain_is_seen(task: str, gain: float) -> None:
    assert strict(task, 20, gain) >= 14
    assert strict(task, 10, -gain) == 0


def test_a_trial_is_the_same_again() -> None:
    assert gate_power.trial("ner", 3, 0.01) == gate_power.trial("ner", 3, 0.01)


@pytest.mark.slow
@pytest.mark.parametrize("task", gate_power.MAKERS)
def test_of_a_thousand_equal_pairs_at_most_five_percent_are_promoted(task: str, capsys: pytest.CaptureFixture[str]) -> None:
    wins = strict(task, 1000)
    with capsys.disabled():
        sys.stdout.write(f"\n{task}: of 1,000 equal pairs strict promoted {wins}, {rate(wins, 1000)}\n")
    assert wins <= 50


@pytest.mark.slow
def test_the_power_at_the_demos_holdout_is_computed_and_printed(capsys: pytest.CaptureFixture[str]) -> None:
    wins = strict("ner", 500, 0.03)
    with capsys.disabled():
        sys.stdout.write(f"\nner: a gain of 3 points was seen by strict in {wins} of 500 trials, {rate(wins, 500)}\n")
    assert wins > 350


def rate(wins: int, trials: int) -> str:
    low, high = gate_power.bounds(wins, trials)
    return f"a true rate of {100 * low:.1f} to {100 * high:.1f} %"
