"""Worlds that routes are tested in: records that were posted and taken in, and a model in service."""

from __future__ import annotations

from typing import Any

from chartloop import keys
from lambdas import on_upload
from tests.lambdas.gateway import Caller
from tests.lambdas.test_on_upload import created, queued
from tests.worlds import FakeWorld


def taken_in(world: FakeWorld, batch_id: str) -> None:
    on_upload.handle(queued(created(keys.incoming("ner", batch_id))), None, world)


def post(call: Caller, records: Any, **options: Any) -> str:
    answer = call("POST", "/v1/tasks/ner/records", records, **options)
    assert answer.status == 202
    taken_in(call.world, answer.json["batch_id"])
    return str(answer.json["batch_id"])


def promoted(world: FakeWorld) -> str:
    """A first model in service; its version."""
    world.add_batch()
    world.consider()
    world.to_end()
    return str(world.owner()["champion"]["version"])
