"""Model versions: a person's no, and whom it cannot be said to."""

from __future__ import annotations

from typing import Any

import pytest

from chartloop import models, runs
from chartloop.errors import Conflict, NotFound, PromotionActive
from tests.contracts import validate
from tests.worlds import TASK, FakeWorld


def reject(world: FakeWorld, version: str) -> Any:
    seams = world.seams("ledger", "registry")
    return models.reject(TASK, version, reason="wrong drugs", by="ada", now=world.clock(), **seams)


def test_a_rejected_model_is_so_in_ledger_registry_and_audit() -> None:
    world = FakeWorld()
    for right in (7, 8):
        world.right = right
        world.add_batch()
        world.to_end()
    retired = world.runs()[0]["run_id"]
    found = models.to_model(reject(world, retired))
    validate("model", found)
    assert (found["status"], found["reason"]) == ("rejected", "wrong drugs")
    assert world.stores["registry"].find(TASK, retired).status == "Rejected"
    last = [entry for entry in world.stores["ledger"].query(f"TASK#{TASK}", "AUDIT#") if entry["action"] == "reject"]
    assert [(entry["by"], entry["model"]) for entry in last] == [("ada", retired)]


def test_a_model_that_was_never_registered_is_rejected_in_the_ledger_alone() -> None:
    world = FakeWorld()
    world.right = 2
    world.add_batch()
    world.to_end()
    version = world.runs()[0]["run_id"]
    world.stores["registry"].packages.clear()
    assert reject(world, version)["status"] == "rejected"
    assert world.stores["registry"].find(TASK, version) is None


def test_the_champion_cannot_be_rejected_nor_anything_during_a_promotion() -> None:
    world = FakeWorld()
    for right in (7, 8):
        world.right = right
        world.add_batch()
        world.to_end()
    with pytest.raises(NotFound):
        reject(world, "ner-unknown")
    with pytest.raises(Conflict) as caught:
        reject(world, world.owner()["champion"]["version"])
    assert caught.value.code == "not_promotable"
    seams = world.seams("ledger", "objects", "executions")
    runs.start_promotion(TASK, None, "rollback", "worse", "ada", now=world.clock(), **seams)
    with pytest.raises(PromotionActive):
        reject(world, world.runs()[0]["run_id"])
