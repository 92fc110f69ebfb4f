"""Batch transforms from their upload to their end, whatever is lost on the way."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from chartloop import keys, ner, transforms
from chartloop.errors import Conflict, InvalidRequest, JobFailed, TooLarge, Unavailable
from chartloop.items import task_item
from chartloop.seams import Item, JobState, StoredObject
from chartloop.transforms import Room
from lambdas.routes_transforms import room
from tests.contracts import validate
from tests.worlds import TASK, FakeWorld

LINES = [
    {"id": "a", "text": "Aspirin daily.", "entities": [{"start": 0, "end": 7, "label": "drug"}]},
    {"id": "b", "text": ""},
    {"id": "c", "text": "Walks.", "entities": [{"start": 0, "end": 99, "label": "drug"}]},
]
ANSWERS: list[dict[str, Any]] = [
    {"id": "a", "entities": [{"start": 0, "end": 7, "label": "drug", "surface": "Aspirin", "confidence": 0.9}], "characters": 14},
    {"id": "b", "error": {"code": "empty_text", "message": "the text is empty"}},
    {"id": "c", "entities": [], "characters": 6},
]


class Place:
    """A world with a champion, and a transform of it."""

    def __init__(self, **settings: Any) -> None:
        self.world = FakeWorld(region="us-east-1", **settings)
        self.objects, self.jobs = self.world.stores["objects"], self.world.stores["transforms"]
        owner = task_item(self.world.ledger, TASK)
        self.world.ledger.save({**owner, "champion": {"version": "ner-20261121-080000-abcd", "sha256": "f" * 64}})

    @property
    def room(self) -> Room:
        return room(self.world)

    def created(self) -> str:
        made = transforms.create(TASK, "alice", self.room, self.world.clock())
        validate("transform", made)
        return str(made["transform_id"])

    def uploaded(self, lines: Any = LINES) -> str:
        transform_id = self.created()
        self.put(transform_id, transforms.INPUT, lines)
        return transform_id

    def put(self, transform_id: str, name: str, lines: Any) -> None:
        self.objects.put(keys.transform(TASK, transform_id, name), "".join(json.dumps(line) + "\n" for line in lines).encode())

    def start(self, transform_id: str) -> Item:
        return transforms.start(TASK, transform_id, "alice", self.room, self.world.clock())

    def end(self, transform_id: str, state: JobState) -> None:
        self.jobs.states[f"{transform_id}-transform"] = state

    def settled(self, transform_id: str, *, hours: float = 0) -> Item:
        item = transforms.find(TASK, transform_id, self.world.ledger)
        return transforms.settle(item, self.room, self.world.clock() + timedelta(hours=hours))

    def shown(self, transform_id: str) -> dict[str, Any]:
        found = transforms.show(transforms.find(TASK, transform_id, self.world.ledger), self.room)
        validate("transform", found)
        return found


def test_a_job_is_asked_of_the_model_in_service_once_however_often_it_is_started() -> None:
    place = Place()
    transform_id = place.uploaded()
    place.start(transform_id)
    assert place.start(transform_id)["status"] == "running"
    prefix = f"s3://data/transforms/ner/{transform_id}"
    assert place.jobs.asked == {
        f"{transform_id}-transform": {
            "model": "chartloop-ner-20261121-080000-abcd-ffffffff",
            "source": f"{prefix}/input.jsonl",
            "target": f"{prefix}/output",
        }
    }  # fmt: skip
    assert place.shown(transform_id)["status"] == "running"
    audited = place.world.ledger.query("TASK#ner", "AUDIT#")
    assert [(entry["action"], entry["transform"]) for entry in audited] == [("transform", transform_id)]


def test_what_came_of_it_is_counted_told_and_scored() -> None:
    place = Place()
    transform_id = place.uploaded()
    place.start(transform_id)
    place.put(transform_id, transforms.OUTPUT, ANSWERS)
    place.end(transform_id, JobState("Completed", 1.0, 2.0))
    place.settled(transform_id)
    found = place.shown(transform_id)
    assert (found["status"], found["counts"]) == ("done", {"lines": 3, "predicted": 2, "failed": 1})
    assert [(error["line"], error["code"]) for error in found["errors"]] == [(2, "empty_text"), (3, "offset_past_end")]
    assert (found["score"]["records"], found["score"]["metrics"]["entity_f1"]) == (1, 1.0)
    assert found["output"]["url"].endswith(f"{transform_id}/output/input.jsonl.out")
    assert place.settled(transform_id)["ended_at"] == found["ended_at"]


def test_an_end_that_two_hear_of_is_written_once() -> None:
    place = Place()
    transform_id = place.uploaded()
    item = dict(place.start(transform_id))
    place.end(transform_id, JobState("Stopped"))
    first = place.settled(transform_id)
    assert transforms.settle(item, place.room, place.world.clock())["ended_at"] == first["ended_at"]


def test_a_job_that_never_came_to_be_is_asked_for_again_for_a_day() -> None:
    place = Place()
    place.jobs.full = True
    transform_id = place.uploaded()
    place.start(transform_id)
    assert place.shown(transform_id)["status"] == "queued"
    place.jobs.full = False
    place.settled(transform_id, hours=1)
    assert place.shown(transform_id)["status"] == "running"
    del place.jobs.states[f"{transform_id}-transform"]
    assert place.settled(transform_id, hours=25)["error"]["code"] == "no_capacity"


def test_a_failed_job_is_told_by_its_kind_and_not_by_its_words() -> None:
    place = Place()
    transform_id = place.uploaded()
    place.start(transform_id)
    place.end(transform_id, JobState("Failed", failure="AlgorithmError: could not read 'Mrs Miller'"))
    place.settled(transform_id)
    assert place.shown(transform_id)["error"] == {"code": "job_failed", "message": "a job failed: AlgorithmError"}


@pytest.mark.parametrize("outputs", [ANSWERS[:2], [*ANSWERS, ANSWERS[0]]])
def test_an_output_with_other_lines_than_the_input_is_no_result(outputs: Any) -> None:
    rows = [[json.dumps(one).encode() for one in side] for side in (LINES, outputs)]
    with pytest.raises(JobFailed) as refused:
        transforms.read(*rows, ner.TASK)
    assert refused.value.code == "results_incomplete"


def scored(line: dict[str, Any]) -> dict[str, Any]:
    answer = {"id": 1, "entities": [{"start": 0, "end": 7, "label": "drug", "confidence": 0.9}], "model_version": "v"}
    return transforms.read([json.dumps(line).encode()], [json.dumps(answer).encode()], ner.TASK)


def test_the_truth_is_widened_to_whole_tokens_as_a_record_is() -> None:
    found = scored({"text": "Aspirin daily.", "entities": [{"start": 0, "end": 5, "label": "drug"}]})
    assert found["score"]["metrics"]["entity_f1"] == 1.0


@pytest.mark.parametrize("entities", [[{"start": 0, "end": 999, "label": "drug"}], "drug", [7]])
def test_truth_that_is_no_good_is_told_and_not_counted(entities: object) -> None:
    found = scored({"text": "Aspirin daily.", "entities": entities})
    assert found["score"] is None and found["errors"] and found["counts"]["predicted"] == 1


def test_a_line_without_truth_is_not_scored() -> None:
    found = scored({"text": "Aspirin daily."})
    assert found["score"] is None and not found["errors"]


def test_stopping_ends_one_that_waits_and_one_that_runs_and_none_that_is_over() -> None:
    place = Place()
    waiting, going = place.created(), place.uploaded()
    place.start(going)
    for transform_id in (waiting, going):
        assert transforms.stop(TASK, transform_id, place.room, place.world.clock())["status"] == "stopped"
    assert place.start(waiting)["status"] == "stopped"
    ended = place.shown(going)["ended_at"]
    assert transforms.stop(TASK, going, place.room, place.world.clock())["ended_at"] == ended


def test_what_cannot_be_started_says_why_and_still_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    place = Place(run_cost_cap_usd=0.001)
    transform_id = place.created()
    with pytest.raises(Conflict, match="nothing was sent"):
        place.start(transform_id)
    place.put(transform_id, transforms.INPUT, LINES)
    with pytest.raises(InvalidRequest) as dear:
        place.start(transform_id)
    assert dear.value.code == "cost_cap"
    key = keys.transform(TASK, transform_id, transforms.INPUT)
    place.objects.stored[key] = StoredObject(key, transforms.LARGEST + 1, "etag")
    with pytest.raises(TooLarge):
        place.start(transform_id)
    place.world.ledger.save({**task_item(place.world.ledger, TASK), "champion": None})
    with pytest.raises(Unavailable):
        place.start(transform_id)
    assert place.shown(transform_id)["status"] == "waiting" and not place.jobs.asked


def test_a_deployment_that_serves_from_a_function_names_the_other_way() -> None:
    with pytest.raises(Conflict, match="chartloop predict --file"):
        Place(serving="lambda").created()
