"""Routes of batch transforms: where to send a file of texts to, its job, and what came of it."""

from __future__ import annotations

from typing import Annotated, Any

from aws_lambda_powertools.event_handler.openapi.params import Query

from chartloop import keys, tasks, transforms
from chartloop.errors import NotFound
from chartloop.transforms import Room
from lambdas.http import PREDICT, Routes
from lambdas.routes_records import Task
from lambdas.wiring import World

routes = Routes()


@routes.add(PREDICT, "POST", "/v1/tasks/<task>/transforms", "Ask where to send a file of texts to", "Transform", status=201)
def post_transform(task: Task) -> dict[str, Any]:
    """JSON Lines: an object a line with `text` and, if wanted, `id`, `min_confidence` and `entities` to score against."""
    tasks.find(task)
    world = routes.world
    return transforms.create(task, routes.caller, room(world), world.clock())


@routes.add(PREDICT, "POST", "/v1/tasks/<task>/transforms/<transform_id>/start", "Start a transform", "Transform", status=202)
def start_transform(task: Task, transform_id: str) -> dict[str, Any]:
    """Of what was sent, by the model that is in service now. Asked again, it is the same job. 503 before the first promotion."""
    _check(task, transform_id)
    place, now = room(routes.world), routes.world.clock()
    return transforms.show(transforms.start(task, transform_id, routes.caller, place, now), place)


@routes.add(PREDICT, "GET", "/v1/tasks/<task>/transforms", "List transforms, newest first", "TransformList")
def list_transforms(task: Task, limit: Annotated[int, Query(ge=1, le=100)] = 20) -> dict[str, Any]:
    """Without the addresses of their outputs."""
    tasks.find(task)
    return {"transforms": transforms.recent(task, routes.world.ledger, limit)}


@routes.add(PREDICT, "GET", "/v1/tasks/<task>/transforms/<transform_id>", "A transform", "Transform")
def get_transform(task: Task, transform_id: str) -> dict[str, Any]:
    """How far it is; once it is done its counts, its first errors, its score, and where its output is for 15 minutes."""
    _check(task, transform_id)
    place = room(routes.world)
    return transforms.show(transforms.find(task, transform_id, place.ledger), place)


@routes.add(PREDICT, "POST", "/v1/tasks/<task>/transforms/<transform_id>/stop", "Stop a transform", "Transform", status=202)
def stop_transform(task: Task, transform_id: str) -> dict[str, Any]:
    """Nothing of it is kept but its input."""
    _check(task, transform_id)
    place, now = room(routes.world), routes.world.clock()
    return transforms.show(transforms.stop(task, transform_id, place, now), place)


def room(world: World) -> Room:
    return Room(ledger=world.ledger, objects=world.objects, transforms=world.transforms, settings=world.settings)


def _check(task: str, transform_id: str) -> None:
    tasks.find(task)
    if not keys.ID.fullmatch(transform_id):
        raise NotFound("no such transform", field="transform")
