"""The routes of batch transforms, and the function that hears of their end."""

from __future__ import annotations

import json

import pytest

from chartloop import keys
from chartloop.items import task_item
from chartloop.seams import JobState
from lambdas import api, transformed
from lambdas.http import MODELS_READ, PREDICT
from tests import contracts
from tests.lambdas.gateway import Caller
from tests.worlds import FakeWorld

WHERE = "/v1/tasks/ner/transforms"


@pytest.fixture
def world() -> FakeWorld:
    world = FakeWorld()
    owner = task_item(world.ledger, "ner")
    world.ledger.save({**owner, "champion": {"version": "ner-20261121-080000-abcd", "sha256": "f" * 64}})
    return world


def started(call: Caller) -> str:
    made = call("POST", WHERE).json
    contracts.validate("transform", made)
    transform_id = str(made["transform_id"])
    body = json.dumps({"id": "a", "text": "Aspirin daily."}) + "\n"
    call.world.objects.put(keys.transform("ner", transform_id, "input.jsonl"), body.encode())
    answer = call("POST", f"{WHERE}/{transform_id}/start")
    assert answer.status == 202
    contracts.validate("transform", answer.json)
    return transform_id


def finish(world: FakeWorld, transform_id: str) -> None:
    answer = json.dumps({"id": "a", "entities": [], "characters": 14}) + "\n"
    world.objects.put(keys.transform("ner", transform_id, "output/input.jsonl.out"), answer.encode())
    world.stores["transforms"].states[f"{transform_id}-transform"] = JobState("Completed", 1.0, 2.0)


@pytest.mark.parametrize("heard", [True, False])
def test_a_transform_goes_from_its_upload_to_its_output_by_the_event_or_by_the_clock(world: FakeWorld, heard: bool) -> None:
    call = Caller(api.handle, world)
    transform_id = started(call)
    assert call("GET", f"{WHERE}/{transform_id}").json["status"] == "running"
    finish(world, transform_id)
    event = {"detail": {"TransformJobName": f"{transform_id}-transform"} if heard else {}}
    assert transformed.handle(event, world) == {"settled": [[transform_id, "done"]]}
    found = call("GET", f"{WHERE}/{transform_id}").json
    contracts.validate("transform", found)
    assert found["counts"] == {"lines": 1, "predicted": 1, "failed": 0} and found["output"]["url"]
    assert [one["transform_id"] for one in call("GET", WHERE).json["transforms"]] == [transform_id]


def test_a_job_of_another_deployment_is_nobodys(world: FakeWorld) -> None:
    assert transformed.handle({"detail": {"TransformJobName": "ner-20261121-080000-0000-transform"}}, world) == {"settled": []}


def test_a_stop_is_answered_with_the_transform(world: FakeWorld) -> None:
    call = Caller(api.handle, world)
    transform_id = started(call)
    answer = call("POST", f"{WHERE}/{transform_id}/stop")
    assert (answer.status, answer.json["status"]) == (202, "stopped")


@pytest.mark.parametrize("transform_id", ["ner-20261121-080000-0000", "a%20b", "a/b"])
def test_what_is_no_transform_is_not_found(world: FakeWorld, transform_id: str) -> None:
    assert Caller(api.handle, world)("GET", f"{WHERE}/{transform_id}").status == 404


def test_the_texts_need_the_right_to_predict(world: FakeWorld) -> None:
    call = Caller(api.handle, world)
    assert call("GET", WHERE, scopes=(MODELS_READ,)).status == 403
    assert call("GET", WHERE, scopes=(PREDICT,)).status == 200
