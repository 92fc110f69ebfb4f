"""Predictions: results in order, errors in place, offsets in the unit asked for, and limits."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chartloop import ner
from chartloop.drift import Tally
from lambdas import asking, predict
from tests import contracts
from tests.lambdas.gateway import Caller
from tests.worlds import FakeWorld

PATH = "/v1/tasks/ner/predict"


class Words:
    """An endpoint that finds each word, and remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[Mapping[str, Any]] = []
        self.configs: list[str | None] = []

    def invoke(self, task: str, payload: Mapping[str, Any], *, config: str | None = None) -> dict[str, Any]:
        self.asked.append(payload)
        self.configs.append(config)
        assert len(json.dumps(payload)) < 5_000_000
        return {"model_version": "v-1", "snapshot": "0" * 64, "predictions": [_words(text) for text in payload["inputs"]]}


def _words(text: str) -> dict[str, Any]:
    entities, start = [], 0
    for word in text.split(" "):
        if word:
            entities.append({"label": "word", "start": start, "end": start + len(word), "surface": word, "confidence": 0.5})
        start += len(word) + 1
    return {"entities": entities, "characters": len(text)}


@pytest.fixture
def endpoint() -> Words:
    return Words()


@pytest.fixture
def call(endpoint: Words) -> Caller:
    world = FakeWorld()
    world.__dict__["endpoints"] = endpoint
    return Caller(predict.handle, world)


def test_one_text(call: Caller, endpoint: Words) -> None:
    answer = call("POST", PATH, {"text": "aspirin 100", "min_confidence": 0.4})
    contracts.validate("prediction", answer.json)
    assert [entity["surface"] for entity in answer.json["predictions"][0]["entities"]] == ["aspirin", "100"]
    assert endpoint.asked == [{"inputs": ["aspirin 100"], "min_confidence": 0.4}]
    assert not call.world.stores["ledger"].query("KEPT#ner"), "nobody asked to keep it"


def test_what_the_caller_keeps_is_stored_and_waits_for_review(call: Caller) -> None:
    answer = call("POST", PATH, {"texts": ["aspirin 100", "", "  "], "keep": True, "offset_unit": "utf16"})
    contracts.validate("prediction", answer.json)
    first, unread, nothing = answer.json["predictions"]
    assert "prediction_id" not in unread
    places = {item["prediction_id"]: item for item in call.world.stores["ledger"].query("KEPT#ner")}
    assert set(places) == {first["prediction_id"], nothing["prediction_id"]}
    assert "aspirin" not in json.dumps(list(places.values()))
    [stored] = call.world.stores["objects"].list("predictions/ner/")
    assert "aspirin 100" in stored.body.decode() and "aspirin" not in stored.key


def test_a_store_that_fails_refuses_what_was_to_be_kept_and_nothing_else(call: Caller) -> None:
    class Broken:
        def __getattr__(self, _name: str) -> Any:
            raise OSError

    for seam in ("ledger", "objects"):
        setattr(call.world, seam, Broken())
    call.world.tally = Tally(Broken())  # type: ignore[arg-type]
    assert call("POST", PATH, {"text": "aspirin", "keep": True}).status == 500
    assert call("POST", PATH, {"text": "aspirin"}).status == 200


def test_texts_that_cannot_be_read_have_an_error_in_their_place(call: Caller) -> None:
    named = '{"id": "n", "text": "c"}, {"id": "m", "text": ""}, {"text": "x"}, {"id": 1, "text": "x"}'
    body = f'{{"texts": ["a b", "", 5, "\\ud800", {named}]}}'
    answer = call("POST", PATH, body)
    contracts.validate("prediction", answer.json)
    codes = [result.get("error", {}).get("code") for result in answer.json["predictions"]]
    assert codes == [None, "empty_text", "wrong_type", "lone_surrogate", None, "empty_text", "wrong_type", "wrong_type"]
    assert [result.get("id") for result in answer.json["predictions"]] == [None, None, None, None, "n", "m", None, None]
    assert answer.json["predictions"][4]["entities"][0]["surface"] == "c"


@given(st.text(st.sampled_from("aé😀 \u0301𝄞"), min_size=1))
def test_offsets_are_in_the_unit_asked_for(text: str) -> None:
    request = asking.read(ner.TASK, {"text": text, "offset_unit": "utf16"})
    units = text.encode("utf-16-le")
    world = FakeWorld()
    world.__dict__["endpoints"] = Words()
    for entity in predict.predict(ner.TASK, request, world)["predictions"][0]["entities"]:
        assert units[2 * entity["start"] : 2 * entity["end"]].decode("utf-16-le") == entity["surface"]


@pytest.mark.parametrize("text", ["x", "é", "\u0001", "😀"])
def test_the_most_that_is_taken_keeps_the_endpoints_body_small(call: Caller, text: str) -> None:
    assert call("POST", PATH, {"text": text * asking.MOST_CHARACTERS}).status == 200
    answer = call("POST", PATH, {"texts": [text * asking.MOST_CHARACTERS, "y"]})
    assert (answer.status, answer.code) == (413, "payload_too_large") and "predict --file" in answer.text


def test_too_many_texts(call: Caller) -> None:
    assert call("POST", PATH, {"texts": ["a"] * (ner.TASK.asked.most + 1)}).status == 413


@pytest.mark.parametrize(
    "body",
    [
        {}, {"text": "a", "texts": ["b"]}, {"texts": "canary"}, {"text": "a", "min_confidence": 2},
        {"text": "a", "offset_unit": "byte"},
        {"text": "a", "canary": 1}, "{", '"canary"', "[" * 100_000, '{"text": "a", "min_confidence": NaN}', "",
    ],
)  # fmt: skip
def test_a_bad_request_is_refused(call: Caller, endpoint: Words, body: Any) -> None:
    answer = call("POST", PATH, body)
    assert answer.status == 400 and "canary" not in answer.text and not endpoint.asked


def test_another_task_is_unknown(call: Caller) -> None:
    assert call("POST", "/v1/tasks/radiology/predict", {"text": "a"}).code == "unknown_task"


def test_no_model_before_the_first_promotion() -> None:
    answer = Caller(predict.handle, FakeWorld())("POST", PATH, {"text": "a"})
    assert (answer.status, answer.code) == (503, "no_model")


def test_a_caller_of_the_api_cannot_ask_directly(call: Caller, endpoint: Words) -> None:
    answer = call("POST", PATH, {"ask": "answer", "task": "ner", "config": "candidate", "payload": {"inputs": ["a"]}})
    assert answer.status == 400 and not endpoint.asked


def test_promotion_asks_past_the_api(endpoint: Words) -> None:
    world = FakeWorld()
    world.__dict__["endpoints"] = endpoint
    question = {"ask": "answer", "task": "ner", "config": "candidate", "payload": {"inputs": ["a b"]}}
    assert predict.handle(question, None, world)["answer"]["model_version"] == "v-1"
    assert endpoint.configs == ["candidate"]
