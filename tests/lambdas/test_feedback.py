"""The routes of feedback, review and drift, after predict: what they answer, and who may see text."""

from __future__ import annotations

from typing import Any

import pytest

from lambdas import api, predict
from lambdas.http import MODELS_READ, PREDICT, RECORDS_WRITE
from tests import contracts
from tests.lambdas.gateway import Caller
from tests.lambdas.posted import promoted, taken_in
from tests.worlds import FakeWorld

FEEDBACK, REVIEW, DRIFT = (f"/v1/tasks/ner/{name}" for name in ("feedback", "review", "drift"))
TEXT = "😀 the patient takes aspirin"
ASPIRIN = {"start": 20, "end": 27, "label": "drug"}


@pytest.fixture
def world() -> FakeWorld:
    """A model serves that finds `patient` in every note, and is not sure of it."""
    world = FakeWorld()
    version = promoted(world)
    found = {"label": "drug", "start": 6, "end": 13, "surface": "patient", "confidence": 0.3}

    class Model:
        def invoke(self, task: str, payload: Any, *, config: str | None = None) -> dict[str, Any]:
            results = [{"entities": [found], "characters": len(text)} for text in payload["inputs"]]
            return {"model_version": version, "snapshot": "0" * 64, "predictions": results}

    world.__dict__["endpoints"] = Model()
    return world


@pytest.fixture
def call(world: FakeWorld) -> Caller:
    return Caller(api.handle, world)


def predicted(world: FakeWorld, **options: Any) -> str:
    answer = Caller(predict.handle, world)("POST", "/v1/tasks/ner/predict", {"text": TEXT, "keep": True, **options})
    contracts.validate("prediction", answer.json)
    return str(answer.json["predictions"][0]["prediction_id"])


def test_a_kept_prediction_is_reviewed_corrected_and_becomes_a_record(world: FakeWorld, call: Caller) -> None:
    prediction_id = predicted(world)
    page = call("GET", REVIEW)
    contracts.validate("review", page.json)
    assert page.json["predictions"][0]["prediction_id"] == prediction_id and "aspirin" not in page.text
    entity = {**ASPIRIN, "start": 21, "end": 28, "confidence": 0.4}
    answer = call("POST", FEEDBACK, {"prediction_id": prediction_id, "entities": [entity], "offset_unit": "utf16"})
    contracts.validate("batch_receipt", answer.json)
    assert (answer.status, answer.json["source"], answer.json["poster"]) == (202, "feedback", "alice")
    taken_in(world, answer.json["batch_id"])
    final = call("GET", f"/v1/tasks/ner/batches/{answer.json['batch_id']}")
    contracts.validate("batch_receipt", final.json)
    assert final.json["records"][0]["verdict"] == "accepted" and final.json["prediction_id"] == prediction_id
    assert call("GET", REVIEW).json["predictions"] == []


def test_text_is_shown_to_those_who_may_write_records(world: FakeWorld, call: Caller) -> None:
    predicted(world)
    refused = call("GET", REVIEW, query={"include": "text"}, scopes=(MODELS_READ,))
    assert (refused.status, refused.code) == (403, "forbidden")
    assert call("GET", REVIEW, scopes=(MODELS_READ,)).status == 200
    page = call("GET", REVIEW, query={"include": "text", "offset_unit": "utf16"}, scopes=(MODELS_READ, RECORDS_WRITE))
    contracts.validate("review", page.json)
    [shown] = page.json["predictions"]
    assert shown["text"] == TEXT and shown["found"][0]["start"] == 7


def test_pages_of_the_queue(world: FakeWorld, call: Caller) -> None:
    ids = {predicted(world) for _ in range(3)}
    first = call("GET", REVIEW, query={"limit": "2"}).json
    second = call("GET", REVIEW, query={"limit": "2", "before": first["next"]}).json
    assert {each["prediction_id"] for page in (first, second) for each in page["predictions"]} == ids
    assert second["next"] is None


def test_drift_is_counted_with_and_without_keep(world: FakeWorld, call: Caller) -> None:
    world.tally._saved_at = None
    predicted(world)
    for keep in (True, False):
        world.now = world.now.replace(minute=world.now.minute + 1)
        predicted(world, keep=keep)
    world.now = world.now.replace(minute=world.now.minute + 1)
    predicted(world, min_confidence=0.5)
    found = call("GET", DRIFT).json
    contracts.validate("drift", found)
    [version] = found["versions"]
    assert (version["texts"], version["filtered"], version["labels"][0]["entities"]) == (3, 1, 3)


@pytest.mark.parametrize("path", [REVIEW, DRIFT])
def test_nothing_predicted_is_an_empty_answer(path: str) -> None:
    answer = Caller(api.handle, FakeWorld())("GET", path)
    contracts.validate(path.rsplit("/", 1)[1], answer.json)


@pytest.mark.parametrize(
    ("method", "path", "scope"), [("POST", FEEDBACK, MODELS_READ), ("GET", REVIEW, PREDICT), ("GET", DRIFT, PREDICT)]
)
def test_each_route_wants_its_scope(call: Caller, method: str, path: str, scope: str) -> None:
    assert call(method, path, {} if method == "POST" else None, scopes=(scope,)).status == 403


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({}, 400, "invalid_request"),
        ({"prediction_id": "canary", "entities": []}, 404, "unknown_prediction"),
        ({"prediction_id": "canary", "entities": [], "extra": 1}, 400, "invalid_request"),
        ('{"prediction_id": "x", "entities": [], "entities": []}', 400, "invalid_json"),
    ],
)
def test_bad_feedback_is_refused_by_its_code(call: Caller, body: Any, status: int, code: str) -> None:
    answer = call("POST", FEEDBACK, body)
    assert (answer.status, answer.code) == (status, code) and "canary" not in answer.text


@pytest.mark.parametrize("path", [f"{REVIEW}?limit=0", f"{DRIFT}?days=91", f"{REVIEW}?include=all"])
def test_bad_queries_are_refused(call: Caller, path: str) -> None:
    where, _, query = path.partition("?")
    name, _, value = query.partition("=")
    assert call("GET", where, query={name: value}).status == 400


@pytest.mark.parametrize("task", ["classification", "regression", "generation"])
def test_answers_without_entities_are_neither_kept_nor_corrected(world: FakeWorld, call: Caller, task: str) -> None:
    said = {"prediction_id": f"{task}.v-1.{'0' * 32}.0.{'0' * 32}", "entities": [], "text": TEXT}
    corrected = call("POST", f"/v1/tasks/{task}/feedback", said)
    kept = Caller(predict.handle, world)("POST", f"/v1/tasks/{task}/predict", {"keep": True})
    for refused, field in ((corrected, "task"), (kept, "keep")):
        assert (refused.status, refused.code, refused.json["error"]["field"]) == (400, "not_for_this_task", field)
    assert call("GET", f"/v1/tasks/{task}/review").json["predictions"] == []


@pytest.mark.parametrize("path", ["feedback", "review", "drift"])
def test_another_task_is_unknown(call: Caller, path: str) -> None:
    body = {"prediction_id": "x", "entities": []} if path == "feedback" else None
    assert call("POST" if body else "GET", f"/v1/tasks/radiology/{path}", body).code == "unknown_task"
