"""Kills on purpose: which events of a state machine are which boundary, and that a marker lets the next start live."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from chartloop.errors import InvalidRequest
from infra.definition import definition
from infra.requests import Jobs
from local.deploy import ROOT
from local.kills import AFTER_S3_WRITE, BOUNDARIES, ENTERED, EXITED, Kill, boundaries_of


def reach(state: Path, boundary: str, *reached: str) -> int:
    """The exit status of a process that reaches these places with that fault."""
    source = (
        f"from pathlib import Path; from local.kills import Kill; Kill({boundary!r}, Path({str(state)!r})).reach(*{reached!r})"
    )
    return subprocess.run([sys.executable, "-c", source], cwd=ROOT, env=dict(os.environ), check=False, timeout=120).returncode


def test_a_kill_comes_once_at_its_own_boundary(tmp_path: Path) -> None:
    assert reach(tmp_path, "before-swap", "after-verify", "prepare-done") == 0
    assert reach(tmp_path, "before-swap", "before-swap") == -signal.SIGKILL
    assert reach(tmp_path, "before-swap", "before-swap") == 0


def test_an_unknown_boundary_is_refused_and_the_known_ones_are_named(tmp_path: Path) -> None:
    with pytest.raises(InvalidRequest, match="after-s3-write, before-register"):
        Kill("somewhere", tmp_path)


@pytest.mark.parametrize(
    ("details", "expected"),
    [
        ({"stateEnteredEventDetails": {"name": "Swap"}}, ["before-swap"]),
        ({"stateExitedEventDetails": {"name": "Swap"}}, ["after-swap"]),
        ({"stateExitedEventDetails": {"name": "ScoreFirst"}}, ["score-done"]),
        ({"stateEnteredEventDetails": {"name": "Prepare"}}, []),
        ({"taskFailedEventDetails": {"error": "x"}}, []),
    ],
)
def test_states_that_begin_and_end_are_boundaries(details: dict[str, dict[str, str]], expected: list[str]) -> None:
    assert boundaries_of(details) == expected


def test_every_boundary_is_a_state_of_the_machine() -> None:
    jobs = Jobs(*["x"] * 6, training_hours=1, code_uri="s3://b/c.gz", key="k", gpu_instance="ml.g5.xlarge")
    names = ("begin", "champion", "judge", "promote", "publish", "finish", "tune")
    states = definition(functions=dict.fromkeys(names, "arn"), jobs=jobs, pause_seconds=1)["States"]
    inner = [name for branch in states["Learn"]["Branches"] for name in branch["States"]]
    assert {state for names in (*ENTERED.values(), *EXITED.values()) for state in names} <= {*states, *inner}
    assert len(set(BOUNDARIES)) == len(ENTERED) + len(EXITED) + 1 and AFTER_S3_WRITE in BOUNDARIES
