"""Events of uploads: which are ours, what each does once, and which come again."""

from __future__ import annotations

import json
from typing import Any

import pytest

from chartloop import keys
from chartloop.errors import ChartloopError
from lambdas import on_upload
from tests.chartloop.intakes import note
from tests.worlds import FakeWorld


def created(key: str, *, bucket: str = "data", etag: str | None = None, size: int = 1) -> str:
    """An EventBridge event as S3 sends it; its keys are not URL-encoded."""
    found: dict[str, Any] = {"key": key, "size": size, "sequencer": "00"} | ({} if etag is None else {"etag": etag})
    detail = {"version": "0", "bucket": {"name": bucket}, "object": found, "reason": "PutObject"}
    return json.dumps({"version": "0", "source": "aws.s3", "detail-type": "Object Created", "detail": detail})


def queued(*bodies: str) -> dict[str, Any]:
    return {"Records": [
        {"messageId": f"m{number}", "receiptHandle": "h", "body": body, "attributes": {}, "messageAttributes": {},
         "md5OfBody": "", "eventSource": "aws:sqs", "eventSourceARN": "arn:aws:sqs:r:a:q", "awsRegion": "r"}
        for number, body in enumerate(bodies)
    ]}  # fmt: skip


def drop(world: FakeWorld, name: str, *records: dict[str, Any]) -> str:
    key = f"incoming/ner/{name}"
    world.stores["objects"].put(key, "\n".join(json.dumps(record) for record in records).encode())
    return key


def deliver(world: FakeWorld, *bodies: str) -> list[str]:
    answer = on_upload.handle(queued(*bodies), None, world)
    return [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]


@pytest.mark.parametrize("name", ["a.jsonl", "with space+plus%20and é.jsonl"])
def test_a_dropped_file_is_taken_in_under_its_very_name(name: str) -> None:
    world = FakeWorld()
    key = drop(world, name, note("a"))
    assert deliver(world, created(key)) == []
    assert json.loads(world.stores["objects"].get(keys.receipt("ner", name)).body)["counts"]["accepted"] == 1


def test_the_same_event_again_and_in_any_order_has_no_second_effect() -> None:
    world = FakeWorld()
    events = [created(drop(world, f"{name}.jsonl", note(name))) for name in "abc"]
    assert deliver(world, events[2], events[0], events[2], events[1], events[0]) == []
    assert deliver(world, *events) == []
    assert (world.owner()["records"], world.owner()["arrivals"], world.owner()["sequence"]) == (3, 3, 3)


def test_the_known_etag_of_an_event_saves_the_download() -> None:
    world = FakeWorld()
    key = drop(world, "a.jsonl", note("a"))
    event = created(key, etag=world.stores["objects"].get(key).etag)
    deliver(world, event)
    del world.stores["objects"].stored[key]
    assert deliver(world, event) == [] and world.owner()["records"] == 1


@pytest.mark.parametrize(
    "body",
    [
        "no json",
        "[]",
        json.dumps({"Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": "data"}),
        json.dumps({"source": "aws.s3", "detail-type": "Object Deleted", "detail": {}}),
        json.dumps({"source": "aws.ec2", "detail-type": "Object Created", "detail": {}}),
        json.dumps({"source": "aws.s3", "detail-type": "Object Created"}),
        created("records/ner/b-1.jsonl"),
        created("incoming/"),
        created("incoming/ner/"),
        created("incoming/radiology/a.jsonl"),
        created("incoming/ner/a.jsonl", bucket="another"),
        created("incoming/ner/gone.jsonl"),
    ],
)
def test_what_is_not_ours_or_not_there_is_ignored(body: str) -> None:
    world = FakeWorld()
    before = dict(world.stores["ledger"].items)
    assert deliver(world, body) == [] and world.stores["ledger"].items == before


def test_messages_that_fail_come_again_alone() -> None:
    world = FakeWorld()
    events = [created(drop(world, f"{name}.jsonl", note(name))) for name in "abc"]
    world.fuse.set(0, ChartloopError)
    assert deliver(world, *events) == ["m0"]
    world.fuse.set(-1)
    assert deliver(world, events[0]) == [] and world.owner()["records"] == 3


def test_enough_records_start_one_run() -> None:
    world = FakeWorld()
    world.change(minimum_records=30, minimum_new_records=30)
    events = [created(drop(world, f"{n}.jsonl", *(note(f"{n}-{i}") for i in range(15)))) for n in range(4)]
    deliver(world, events[0])
    assert world.runs() == []
    deliver(world, *events[1:], *events)
    assert len(world.runs()) == 1 and len(world.stores["executions"].started) == 1
