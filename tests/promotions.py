"""Worlds before, in the middle of and after promotions, and every crash of one, for tests."""

from __future__ import annotations

from typing import Any

from tests.worlds import TASK, FakeWorld

ENOUGH = 400
"""More calls of seams than a run makes."""


def served(*right: int) -> FakeWorld:
    """A world with as many champions one after the other."""
    world = FakeWorld()
    for found in right:
        world.right = found
        world.add_batch()
        world.to_end()
    return world


def waiting(world: FakeWorld, right: int = 8) -> FakeWorld:
    """The same with enough records for the next run, whose candidate finds `right` of 10 entities."""
    world.right = right
    world.add_batch()
    return world


def held(world: FakeWorld) -> str:
    """A run whose verdict says promote, as `register` finds it."""
    run_id = str(waiting(world).consider())
    for function, event in (("champion", {}), ("judge", {"champion": None})):
        told = {"task": TASK, "run_id": run_id}
        if function == "champion":
            champion = world.functions()[function](told)["champion"]
            world.job("score", "x", {"run_id": run_id, "standing": {"champion": champion}, "uris": {"train": ""}})
        else:
            world.functions()[function]({**told, **event, "champion": champion})
    return run_id


def crash_everywhere(prepare: Any) -> list[FakeWorld]:
    """The worlds after a crash instead of call 0, 1, 2 ... of a run, each restarted until nothing is left to do."""
    worlds = []
    for at in range(ENOUGH):
        world = prepare()
        world.fuse.set(at)
        world.to_end()
        worlds.append(world)
        if world.fuse.calls <= at:
            return worlds
    raise AssertionError("the run never ended without a crash")
