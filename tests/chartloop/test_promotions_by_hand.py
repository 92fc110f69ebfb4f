"""A person promotes or rolls back: what is refused, what goes on beside a run, what the audit says."""

from __future__ import annotations

from typing import Any

import pytest

from chartloop import items, runs
from chartloop.errors import Conflict, NotFound, PromotionActive
from tests.contracts import validate
from tests.worlds import TASK, FakeWorld


def shown(world: FakeWorld, run_id: str) -> dict[str, Any]:
    found = runs.to_run(world.run(run_id), objects=world.objects, jobs=world.jobs)
    validate("run", found)
    return found


def promote(world: FakeWorld, version: str | None, kind: str = "promote") -> Any:
    seams = world.seams("ledger", "objects", "executions")
    return runs.start_promotion(TASK, version, kind, "seen by a person", "ada", now=world.clock(), **seams)


def test_a_person_promotes_and_rolls_back_and_the_audit_says_so() -> None:
    world = FakeWorld()
    for right in (7, 6):
        world.right = right
        world.add_batch()
        world.to_end()
    first, kept = (run["run_id"] for run in world.runs())
    run = promote(world, kept)
    assert shown(world, run["run_id"])["steps"][0]["name"] == "promote"
    world.to_end()
    champion = world.owner()["champion"]
    assert (champion["version"], champion["sha256"], champion["run_id"]) == (kept, items.hashed(kept), run["run_id"])
    assert (champion["by"], champion["reason"]) == ("ada", "seen by a person")
    rollback = promote(world, None, "rollback")
    world.to_end()
    assert world.owner()["champion"]["version"] == first
    found = shown(world, rollback["run_id"])
    assert (found["kind"], found["outcome"], found["by"]) == ("rollback", "promoted", "ada")
    told = [f"{entry['action']} by {entry['by']}" for entry in world.stores["ledger"].query(f"TASK#{TASK}", "AUDIT#")]
    champions = ["champion by ada", "champion by ada", "champion by gate"]
    assert sorted(told) == [*champions, "promote by ada", "rollback by ada", *["verdict by gate"] * 2]


def test_a_persons_promotion_goes_on_beside_an_active_run() -> None:
    world = FakeWorld()
    for right in (7, 6):
        world.right = right
        world.add_batch()
        world.to_end()
    kept = world.runs()[1]["run_id"]
    world.add_batch()
    active = world.consider()
    promote(world, kept)
    assert world.owner()["active_run"] == active
    with pytest.raises(PromotionActive) as caught:
        promote(world, kept)
    assert caught.value.code == "promotion_active"
    world.to_end()
    assert [run["outcome"] for run in world.runs()].count(None) == 0


def test_what_cannot_be_promoted_is_refused() -> None:
    world = FakeWorld()
    with pytest.raises(Conflict) as caught:
        promote(world, None, "rollback")
    assert caught.value.code == "not_promotable"
    world.add_batch()
    world.to_end()
    with pytest.raises(NotFound):
        promote(world, "ner-unknown")
    with pytest.raises(Conflict) as caught:
        promote(world, world.owner()["champion"]["version"])
    assert caught.value.code == "not_promotable"
    world.right = 6
    world.add_batch()
    world.to_end()
    with pytest.raises(Conflict, match="never in service"):
        promote(world, world.runs()[1]["run_id"], "rollback")
