"""Tables and panels: every figure that a contract may leave out has its dash."""

from __future__ import annotations

import io
from typing import Any

import pytest
from rich.console import Console, RenderableType

from client import display
from client.watching import Watch, panel
from tests.client import examples


def drawn(shown: RenderableType, *, terminal: bool = False) -> str:
    file = io.StringIO()
    Console(file=file, width=160, force_terminal=terminal, markup=False).print(shown)
    return file.getvalue()


def test_a_run_shows_its_steps_verdict_and_time_outside_the_jobs() -> None:
    text = drawn(display.run(examples.run()))  # type: ignore[arg-type]
    for part in (
        "r-1",
        "promoted",
        "240 train",
        "prepare",
        "1.5 s",
        "of these 4.2 s outside",
        "Entity F1 is better.",
        "✓",
        "floor",
        "drug",
    ):
        assert part in text


def test_a_failed_run_shows_its_error() -> None:
    failed = examples.run(status="failed", outcome="failed", verdict=None, error={"code": "job_failed", "message": "exit 1"})
    assert "job_failed: exit 1" in drawn(display.run(failed))  # type: ignore[arg-type]


def test_a_run_shows_how_far_confidences_can_be_believed() -> None:
    calibration = {"temperature": 1.412, "entities": 4067, "ece": 0.0874, "ece_uncalibrated": 0.2247, "bins": []}
    scores = {"candidate": {"calibration": calibration}, "champion": {"calibration": None}}
    text = drawn(display.run(examples.run(scores=scores)))  # type: ignore[arg-type]
    assert "candidate: confidences of 4,067 entities are 8.7 points off, 22.5 without its temperature of 1.41" in text
    assert "champion: confidences" not in text


def test_a_verdict_shows_its_differences_whole_records_and_evidence() -> None:
    verdict = examples.verdict()
    verdict["further_intervals"] = [{**verdict["interval"], "metric": "cost_per_1000", "difference": -1.25}]
    verdict["mcnemar"] = {"fixed": 41, "broken": 17, "p": 0.0023}
    verdict["labels"][0]["evidence"] = "insufficient evidence"
    text = drawn(display.verdict(verdict))  # type: ignore[arg-type]
    assert "cost per 1000, candidate minus champion: -1.250" in text and "insufficient evidence" in text
    assert "41 only the candidate has exactly right, 17 only the champion (McNemar's exact p 0.002)" in text


@pytest.mark.parametrize(("status", "told"), [("waiting", "waits for a person until 2026-11-21 08:01"), ("rejected", "by dana")])
def test_a_run_shows_until_when_a_person_is_asked_and_what_came_of_it(status: str, told: str) -> None:
    review = {"until": examples.WHEN, "status": status, "by": "dana", "at": examples.WHEN, "reason": "odd"}
    text = drawn(display.run(examples.run(outcome="needs-review", review=review)))  # type: ignore[arg-type]
    assert told in text and ("odd" in text) is (status == "rejected")


def test_a_run_shows_the_cheaper_model_beside_it() -> None:
    beside = {"name": "TF-IDF", "metrics": {}, "proposed": True, "message": "The encoder is not proven better."}
    scores = {"candidate": {"extras": {"baselines": [beside]}}, "champion": None}
    assert "proposed: TF-IDF: The encoder is not proven better." in drawn(display.run(examples.run(scores=scores)))  # type: ignore[arg-type]


@pytest.mark.parametrize("more", [{}, {"verdict": None}, {"verdict": examples.verdict(champion=None)}, {"seconds": None}])
def test_runs_are_listed_whatever_they_lack(more: dict[str, Any]) -> None:
    whole, lacking = (drawn(display.runs([run])).count("–") for run in (examples.run(), examples.run(**more)))  # type: ignore[list-item]
    assert (lacking > whole) == bool(more)


def test_a_difference_has_its_interval() -> None:
    interval = examples.verdict(candidate=0.9, champion=0.8, low=-0.01)["interval"]
    assert display.difference(interval) == "+0.100 (-0.010 to +0.150)"
    assert display.difference(None) == "–"


def test_models_are_listed_with_their_figures() -> None:
    text = drawn(display.models([examples.model(), examples.model("r-0", status="retired", bytes=None, metrics={})]))  # type: ignore[list-item]
    assert "0.900" in text
    assert "90.0 MB" in text
    assert "retired" in text


def test_settings_are_named_with_dots() -> None:
    text = drawn(display.fields({"minimum_records": 100, "labels": [], "hyperparameters": {"bf16": True, "seed": 42}}))
    assert [line.split() for line in text.splitlines()[1:]] == [
        ["minimum_records", "100"],
        ["labels", "–"],
        ["hyperparameters.bf16", "true"],
        ["hyperparameters.seed", "42"],
    ]


def test_training_tells_epoch_progress_and_loss() -> None:
    assert "epoch 2, 40 %, loss 0.312" in drawn(panel(examples.training(40.0, 0.312)))  # type: ignore[arg-type]


def test_elsewhere_than_on_a_terminal_each_change_is_one_line() -> None:
    file = io.StringIO()
    with Watch(Console(file=file, width=160, markup=False)) as watch:
        for run in (examples.training(10, 0.9), examples.training(60, 0.4), examples.run()):
            watch(run)  # type: ignore[arg-type]
    lines = file.getvalue().splitlines()
    assert lines[0] == "r-1  prepare succeeded in 2.0 s"
    assert sum("train running" in line for line in lines) == 1
    assert sum("train succeeded" in line for line in lines) == 1
    assert len(lines) == len(set(lines)) == 7


def test_on_a_terminal_the_panel_is_drawn_anew() -> None:
    file = io.StringIO()
    with Watch(Console(file=file, width=120, force_terminal=True, markup=False)) as watch:
        watch(examples.training(10, 0.9))  # type: ignore[arg-type]
        watch(examples.training(60, 0.4))  # type: ignore[arg-type]
    assert "loss 0.900" in file.getvalue()
    assert "loss 0.400" in file.getvalue()
