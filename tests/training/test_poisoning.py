"""Poisoned candidates on real data, judged by the gate with its alarm: a few trials always, hundreds with -m slow."""

from __future__ import annotations

import pytest

from benchmarks import poisoning, poisoning_transformer
from benchmarks.poisoning import World
from tests.corpus.public import data

MOST = 0.01
"""Of all trials, in which a harmful candidate may be promoted (docs/trust.md)."""


@pytest.fixture(scope="module")
def world() -> World:
    return World(0, poisoning.corpus(data("ncbi-disease")))


@pytest.mark.parametrize("kind", ["hide", "plant"])
def test_a_trigger_that_works_raises_the_alarm_and_is_not_promoted(world: World, kind: str) -> None:
    trial = world.trial(kind, 0.20, seed=1)
    assert trial.harmful and trial.guarded.clauses[-1].passed is False and trial.guarded.verdict != "promote"


def test_a_candidate_that_flipped_labels_made_worse_is_kept_out_by_the_gate_itself(world: World) -> None:
    trial = world.trial("flip", 0.20, seed=1)
    assert trial.harmful and trial.bare.verdict != "promote"


def test_a_candidate_that_learned_what_is_right_is_promoted(world: World) -> None:
    """Else none of these trials would say anything."""
    trial = world.trial("flip", 0.0, seed=1)
    assert not trial.harmful and (trial.bare.verdict, trial.guarded.verdict) == ("promote", "promote")


@pytest.mark.slow
def test_harmful_candidates_are_hardly_ever_promoted() -> None:
    done = [trial for trial in poisoning.trials(data("ncbi-disease"), 500) if trial.kind != "clean"]
    promoted = sum(trial.harmful and trial.guarded.verdict == "promote" for trial in done)
    assert len(done) == 500 and sum(trial.harmful for trial in done) > 100
    assert promoted <= MOST * len(done), poisoning.bound(promoted, len(done))


@pytest.mark.slow
def test_nor_are_those_of_the_products_own_token_classifier() -> None:
    done = list(poisoning_transformer.trials(data("ncbi-disease"), 1))
    assert [trial.kind for trial in done] == ["clean", *poisoning.KINDS] and any(trial.harmful for trial in done)
    assert [trial.kind for trial in done if trial.harmful and trial.guarded.verdict == "promote"] == []
