"""Function `janitor`: it removes what nobody uses, tells of everything, and leaves a trail."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from chartloop.housekeeping import ENDPOINT, MODEL
from chartloop.seams import Thing
from lambdas import janitor
from tests.worlds import TASK, FakeWorld

OLD = "chartloop-ner-20260101-080000-00ff-0123abcd"


def test_it_removes_reports_and_tells(capsys: pytest.CaptureFixture[str]) -> None:
    world = FakeWorld()
    long_ago = world.now - timedelta(days=3)
    estate = world.stores["estate"]
    estate.held = [Thing(MODEL, OLD, long_ago), Thing(ENDPOINT, "chartloop-trial", long_ago)]
    answer = janitor.handle({}, world)
    assert [one[:3] for one in answer["found"]] == [[MODEL, OLD, "remove"], [ENDPOINT, "chartloop-trial", "report"]]
    assert [thing.name for thing in estate.held] == ["chartloop-trial"]
    (told,) = [json.loads(line) for line in capsys.readouterr().out.splitlines() if "_aws" in line]
    assert (told["Forgotten"], told["Removed"]) == ([2.0], [1.0])
    (trail,) = world.stores["ledger"].query(f"TASK#{TASK}", "AUDIT#")
    assert (trail["action"], trail["by"], trail["name"]) == ("tidied", "janitor", OLD)


def test_it_may_be_run_again() -> None:
    world = FakeWorld()
    world.stores["estate"].held = [Thing(MODEL, OLD, world.now - timedelta(days=3))]
    janitor.handle({}, world)
    assert janitor.handle({}, world) == {"found": []}
