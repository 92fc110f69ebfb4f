"""Suggested codes in predictions, and similar records: in place, in the unit asked for, and never at the entities' cost."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from chartloop import stored
from chartloop.errors import Conflict
from lambdas import api, asking, predict
from lambdas.http import MODELS_READ, RECORDS_WRITE
from tests import contracts
from tests.chartloop.intakes import note
from tests.fakes_serving import FakeLibrary
from tests.lambdas.gateway import Caller
from tests.lambdas.posted import post
from tests.worlds import FakeWorld

PATH = "/v1/tasks/ner/predict"
SIMILAR = "/v1/tasks/ner/similar"
ENCODER = {"hash": "e" * 64, "engine": "openvino", "precision": "bf16"}


class Words:
    """An endpoint that finds the last word, and gives vectors where it is asked; `encoder` None is an artifact from before."""

    def __init__(self) -> None:
        self.asked: list[Mapping[str, Any]] = []
        self.encoder: dict[str, str] | None = ENCODER

    def invoke(self, task: str, payload: Mapping[str, Any], *, config: str | None = None) -> dict[str, Any]:
        self.asked.append(payload)
        vector = {"vector": [1.0, 0.0]} if payload.get("vectors") and self.encoder else {}
        found = [{"entities": [_last(text)], "characters": len(text), **vector} for text in payload["inputs"]]
        return {"model_version": "v-1", "snapshot": "0" * 64, "encoder": self.encoder, "predictions": found}


def _last(text: str) -> dict[str, Any]:
    start = text.rfind(" ") + 1
    return {"label": "problem", "start": start, "end": len(text), "surface": text[start:], "confidence": 0.9}


@pytest.fixture
def endpoint() -> Words:
    return Words()


@pytest.fixture
def world(endpoint: Words) -> FakeWorld:
    made = FakeWorld()
    made.__dict__["endpoints"] = endpoint
    library(made).vectors = {"r-1": [1.0, 0.0], "r-2": [0.6, 0.8]}
    return made


def library(world: FakeWorld) -> FakeLibrary:
    found: FakeLibrary = world.stores["library"]
    return found


@pytest.fixture
def ask(world: FakeWorld) -> Caller:
    return Caller(predict.handle, world)


def test_codes_come_with_evidence_and_the_keyphrases_that_overlap_it(ask: Caller, world: FakeWorld) -> None:
    answer = ask("POST", PATH, {"texts": ["severe hypertension", "", {"id": "n", "text": "cough"}], "codes": 3}).json
    contracts.validate("prediction", answer)
    first, refused, named = answer["predictions"]
    (code,) = first["codes"]
    assert (code["system"], code["code"], code["keyphrases"]) == ("icd10cm", "I10", [0])
    assert [record["record_id"] for record in code["evidence"]["records"]] == ["r-1", "r-2"]
    assert "error" in refused and named["id"] == "n" and named["codes"]
    assert answer["warnings"] == [] and library(world).encoders[0] == ENCODER
    assert "vector" not in first


def test_places_are_in_the_unit_asked_for(ask: Caller) -> None:
    answer = ask("POST", PATH, {"text": "😀 hypertension", "codes": 1, "offset_unit": "utf16"}).json
    (code,) = answer["predictions"][0]["codes"]
    assert code["evidence"]["words"] == [{"start": 3, "end": 15}] and code["keyphrases"] == [0]


def test_who_asks_for_no_codes_pays_for_none(ask: Caller, endpoint: Words, world: FakeWorld) -> None:
    answer = ask("POST", PATH, {"text": "cough"}).json
    assert "codes" not in answer["predictions"][0] and "warnings" not in answer
    assert "vectors" not in endpoint.asked[0] and not library(world).encoders


@pytest.mark.parametrize("code", ["nothing_stored", "other_encoder", "no_vectors"])
def test_entities_are_answered_whatever_becomes_of_the_search(ask: Caller, world: FakeWorld, endpoint: Words, code: str) -> None:
    if code == "nothing_stored":
        library(world).vectors = {}
    elif code == "other_encoder":
        library(world).refusal = Conflict("of another encoder", code=code)
    else:
        endpoint.encoder = None
    answer = ask("POST", PATH, {"text": "dry cough", "codes": 3})
    contracts.validate("prediction", answer.json)
    assert answer.status == 200 and [warning["code"] for warning in answer.json["warnings"]] == [code]
    assert answer.json["predictions"][0]["entities"] and answer.json["predictions"][0]["codes"] == []


@pytest.mark.parametrize("codes", [-1, 51, "many", None])
def test_a_bad_number_of_codes_is_refused(ask: Caller, endpoint: Words, codes: Any) -> None:
    assert ask("POST", PATH, {"text": "a", "codes": codes}).status == 400 and not endpoint.asked


def test_texts_with_codes_are_fewer_a_request(ask: Caller) -> None:
    texts = ["a"] * (asking.MOST_CODED + 1)
    assert ask("POST", PATH, {"texts": texts}).status == 200
    assert ask("POST", PATH, {"texts": texts, "codes": 1}).status == 413


@pytest.fixture
def call(world: FakeWorld) -> Caller:
    return Caller(api.handle, world)


def test_similar_records_are_ids_and_scores(call: Caller) -> None:
    answer = call("POST", SIMILAR, {"text": "cough", "most": 1}, scopes=(MODELS_READ,))
    contracts.validate("similar", answer.json)
    assert answer.json["records"] == [{"record_id": "r-1", "similarity": 1.0}]


def test_texts_are_for_those_who_may_write_records(call: Caller) -> None:
    asked = {"text": "cough", "include": ["text"]}
    refused = call("POST", SIMILAR, asked, scopes=(MODELS_READ,))
    assert (refused.status, refused.code) == (403, "forbidden")
    assert call("POST", SIMILAR, asked, scopes=(MODELS_READ, RECORDS_WRITE)).status == 200


def test_a_text_is_that_of_the_stored_record_until_its_batch_is_withdrawn(call: Caller, world: FakeWorld) -> None:
    batch = post(call, [note(name) for name in "abcdefgh"])
    shards = [shard.body for shard in world.stores["objects"].list("records/ner/")]
    held = [json.loads(line) for body in shards for line in body.splitlines()]
    first, last = held[0], held[-1]
    library(world).vectors = {first["record_id"]: [1.0, 0.0], "gone": [0.9, 0.1], last["record_id"]: [0.0, 1.0]}
    asked = {"text": "cough", "include": ["text"]}
    answer = call("POST", SIMILAR, asked).json
    contracts.validate("similar", answer)
    assert [each["text"] for each in answer["records"]] == [first["record"]["text"], None, last["record"]["text"]]
    assert call("POST", f"/v1/tasks/ner/batches/{batch}/withdraw", {"reason": "sent by mistake"}).status == 200
    assert [each["text"] for each in call("POST", SIMILAR, asked).json["records"]] == [None, None, None]


def test_texts_that_would_make_too_long_an_answer_are_left_out(call: Caller, world: FakeWorld) -> None:
    post(call, [note(name) for name in "abcdefgh"])
    (shard,) = world.stores["objects"].list("records/ner/")
    ids = [json.loads(line)["record_id"] for line in shard.body.splitlines()]
    found = stored.texts("ner", ids, ledger=world.ledger, objects=world.objects, most_bytes=200)
    assert 0 < len(found) < len(ids) and list(found) == ids[: len(found)]


@pytest.mark.parametrize(
    "body",
    [{}, {"text": ""}, {"text": "a", "most": 0}, {"text": "a", "most": 51}, {"text": "a", "include": ["x"]}, {"texts": []}],
)
def test_a_bad_request_for_similar_ones_is_refused(call: Caller, endpoint: Words, body: Any) -> None:
    assert call("POST", SIMILAR, body).status == 400 and not endpoint.asked


def test_what_cannot_be_compared_is_told(call: Caller, world: FakeWorld, endpoint: Words) -> None:
    library(world).refusal = Conflict("of another encoder", code="other_encoder")
    assert (call("POST", SIMILAR, {"text": "a"}).status, call("POST", SIMILAR, {"text": "a"}).code) == (409, "other_encoder")
    endpoint.encoder = None
    assert (call("POST", SIMILAR, {"text": "a"}).status, call("POST", SIMILAR, {"text": "a"}).code) == (503, "no_vectors")


def test_no_model_no_neighbours() -> None:
    assert Caller(api.handle, FakeWorld())("POST", SIMILAR, {"text": "a"}).code == "no_model"
