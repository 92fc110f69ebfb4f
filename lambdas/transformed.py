"""The end of a batch transform: told by SageMaker, and looked for by the clock in case nobody heard of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from chartloop import tasks, transforms
from chartloop.errors import NotFound
from chartloop.seams import Item
from lambdas import logs, wiring
from lambdas.routes_transforms import room
from lambdas.wiring import World


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    return handle(event, wiring.world())


def handle(event: dict[str, Any], world: World) -> dict[str, Any]:
    """`{"settled": [[id, status]]}` of the job that the event names or, by the clock, of every transform that is not over."""
    name = event.get("detail", {}).get("TransformJobName")
    place = room(world)
    found = _named(name, world) if name else [item for task in tasks.TASKS for item in transforms.running(task, world.ledger)]
    settled = [transforms.settle(item, place, world.clock()) for item in found]
    for item in settled:
        logs.info("transform", task=item["task"], resource=item["transform_id"], outcome=item["status"])
    return {"settled": [[item["transform_id"], item["status"]] for item in settled]}


def _named(name: str, world: World) -> Iterator[Item]:
    """Nothing for a job that another deployment of the account asked for."""
    try:
        yield transforms.find(*transforms.of_job(name), world.ledger)
    except NotFound:
        return
