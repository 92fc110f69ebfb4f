"""Metric lines on standard output: passed on, heard by name, kept in the order in which they were printed."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from training.jobs import metric
from training.listening import CURVES, curves, keep_in, listening


def test_metrics_are_heard_and_everything_is_passed_on(capsys: pytest.CaptureFixture[str]) -> None:
    heard: list[tuple[str, float]] = []
    with listening(lambda name, value: heard.append((name, value))):
        sys.stdout.write("a line of another kind: metric x\n")
        metric(train_loss=0.25, epoch=2)
    metric(train_loss=9)
    assert heard == [("train_loss", 0.25), ("epoch", 2.0)]
    assert capsys.readouterr().out.splitlines()[1:] == ["metric train_loss=0.25", "metric epoch=2", "metric train_loss=9"]


def test_metrics_may_be_heard_alone(capsys: pytest.CaptureFixture[str]) -> None:
    heard: list[tuple[str, float]] = []
    with listening(lambda name, value: heard.append((name, value)), metrics=False):
        metric(train_loss=0.25, epoch=2)
        sys.stdout.write("something else\n")
    assert heard == [("train_loss", 0.25), ("epoch", 2.0)] and capsys.readouterr().out == "something else\n"


def test_what_is_kept_makes_curves(tmp_path: Path) -> None:
    with listening(keep_in(str(tmp_path))):
        metric(train_loss=0.5)
        metric(eval_f1=0.75, train_loss=0.25)
    assert curves(tmp_path / CURVES) == {"train_loss": [0.5, 0.25], "eval_f1": [0.75]}


def test_without_a_folder_nothing_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with listening(keep_in(None)):
        metric(train_loss=0.5)
    assert list(tmp_path.iterdir()) == [] and curves(tmp_path / CURVES) == {}
