"""Worlds before, in the middle of and after promotions, and every crash of one, for tests."""

from __future__ import annotations

from typing import Any

from chartloop import items, promotion
from chartloop.errors import ChartloopError
from tests.worlds import TASK, FakeWorld

ENOUGH = 400
"""More calls of seams than a run makes."""
DEPLOY = ("ledger", "objects", "endpoints")


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


class Noted:
    """A seam whose calls are noted, and whose answers may be given: by method the next answers in turn."""

    def __init__(self, inner: Any, **answers: list[Any]) -> None:
        self.inner, self.answers, self.calls = inner, answers, []

    def __getattr__(self, name: str) -> Any:
        def call(*args: Any, **kwargs: Any) -> Any:
            self.calls.append((name, args, kwargs))
            given = self.answers.get(name)
            return given.pop(0) if given else getattr(self.inner, name)(*args, **kwargs)

        return call

    def of(self, name: str) -> list[tuple[Any, ...]]:
        return [(args, kwargs) for called, args, kwargs in self.calls if called == name]


def noted(world: FakeWorld, seam: str, **answers: list[Any]) -> Noted:
    found = Noted(world.stores[seam], **answers)
    setattr(world, seam, found)
    return found


def registered(world: FakeWorld) -> str:
    """A run that holds the promotion."""
    run_id = held(world)
    promotion.register(TASK, run_id, now=world.clock(), **world.seams("ledger", "objects", "registry"))
    return run_id


def deployed(world: FakeWorld) -> str:
    """The same, when its configuration is live."""
    run_id = registered(world)
    promotion.deploy(TASK, run_id, **world.seams(*DEPLOY))
    world.stores["endpoints"].updates_take = 0
    answers = [promotion.wait(TASK, run_id, **world.seams(*DEPLOY)) for _ in range(2)]
    assert answers[-1] == "ready"
    return run_id


def swapped(world: FakeWorld) -> str:
    """The same, when it is the champion."""
    run_id = deployed(world)
    promotion.swap(TASK, run_id, now=world.clock(), **world.seams("ledger", "objects"))
    return run_id


def config(world: FakeWorld, version: str) -> str:
    return str(world.stores["endpoints"].config_name(version, items.hashed(version)))


def uri(version: str) -> str:
    return f"s3://data/models/{TASK}/{version}/model.tar.gz"


def check(error: ChartloopError, message: str, code: str, **details: Any) -> None:
    assert (error.message, error.code, error.details or {}) == (message, code, details)
