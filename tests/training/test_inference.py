"""The served model: requests and their errors, whole texts of any length, offsets that name their surface."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chartloop.errors import InvalidRequest
from tests.contracts import validate
from training import dataset, embed, encoding, inference
from training.export import Exported
from training.inference import Served, input_fn, output_fn, predict_fn
from training.ner_served import Entities
from training.pooling import Pooler

NOTE = "The patient takes aspirin 80 mg daily.\nDenies chest pain since Monday. "


@pytest.fixture(scope="module")
def served(exported: Exported) -> Served:
    return inference.model_fn(str(exported.folder))


@pytest.fixture(scope="module")
def encoded(exported: Exported, base: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The artifact with the base encoder in it."""
    folder = shutil.copytree(exported.folder, tmp_path_factory.mktemp("encoded") / "artifact")
    encoding.make(base, "openvino", folder / inference.ENCODER)
    return folder


def predict(served: Served, *texts: Any, min_confidence: float = 0.0) -> list[dict[str, Any]]:
    request = input_fn(json.dumps({"inputs": texts, "min_confidence": min_confidence}), "application/json")
    answer = json.loads(output_fn(predict_fn(request, served), "application/json"))
    return list(answer["predictions"])


def found(prediction: dict[str, Any]) -> list[tuple[str, str]]:
    return [(entity["label"], entity["surface"]) for entity in prediction["entities"]]


def test_it_finds_what_it_learned(served: Served) -> None:
    [prediction] = predict(served, NOTE)
    assert found(prediction) == [("drug", "aspirin"), ("sign", "chest pain")]
    assert prediction["characters"] == len(NOTE)


def test_the_answer_keeps_its_contract(served: Served) -> None:
    answer = predict_fn({"inputs": [NOTE, 3], "min_confidence": 0.0}, served)
    assert answer["model_version"] == "ner-1" and answer.pop("encoder") is None
    named = [{"prediction_id": "p", **answer["predictions"][0]}, answer["predictions"][1]]  # the predict route names them
    validate("prediction", {**answer, "task": "ner", "offset_unit": "codepoint", "predictions": named})


def test_100_000_characters_are_read_to_the_end(served: Served) -> None:
    text = NOTE * (100_000 // len(NOTE) + 1)
    [prediction] = predict(served, text)
    assert prediction["characters"] == len(text)
    assert prediction["entities"][-1]["end"] > len(text) - len(NOTE)


@given(text=st.text(st.sampled_from("takes aspirin80 .\n\r\té😀°-\u0301\u200b\x00&<"), max_size=200))
def test_surfaces_stand_at_their_offsets(served: Served, text: str) -> None:
    [prediction] = predict(served, text)
    assert prediction["characters"] == len(text)
    for entity in prediction["entities"]:
        assert text[entity["start"] : entity["end"]] == entity["surface"] != ""
        assert 0 <= entity["confidence"] <= 1


def test_an_answer_does_not_depend_on_its_neighbours(served: Served) -> None:
    texts = [NOTE, NOTE * 3, "takes insulin", "", "no"]
    assert [found(each) for each in predict(served, *texts)] == [found(predict(served, text)[0]) for text in texts]


def test_min_confidence_leaves_out_the_unsure(served: Served) -> None:
    [everything] = predict(served, NOTE)
    least = max(entity["confidence"] for entity in everything["entities"])
    [sure] = predict(served, NOTE, min_confidence=least - 1e-4)
    assert 0 < len(sure["entities"]) <= len(everything["entities"])
    assert predict(served, NOTE, min_confidence=1.0)[0]["entities"] == []


def test_the_temperature_of_its_card_is_in_its_confidences(exported: Exported, tmp_path: Path) -> None:
    folder = tmp_path / "model"
    shutil.copytree(exported.folder, folder)
    card = json.loads((folder / "chartloop.json").read_text())
    (folder / "chartloop.json").write_text(json.dumps({**card, "temperature": 3.0}))
    request = {"inputs": [NOTE], "min_confidence": 0.0, "uncalibrated": True}
    [warm] = predict_fn(input_fn(json.dumps(request)), inference.model_fn(str(folder)))["predictions"]
    (folder / "chartloop.json").write_text(json.dumps({**card, "temperature": 1.0}))
    [plain] = predict_fn(input_fn(json.dumps(request)), inference.model_fn(str(folder)))["predictions"]
    assert found(warm) == found(plain) != []
    for one, other in zip(warm["entities"], plain["entities"], strict=True):
        assert one["confidence"] < one["uncalibrated"] == other["uncalibrated"] == other["confidence"]


def test_min_confidence_reads_the_calibrated_confidence(served: Served) -> None:
    hot = replace(served, model=Entities(replace(served.model.tagger, temperature=8.0)))
    [everything] = predict(hot, NOTE)
    least = max(entity["confidence"] for entity in everything["entities"])
    assert predict(hot, NOTE, min_confidence=min(1.0, least + 0.01))[0]["entities"] == []
    assert predict(served, NOTE, min_confidence=min(1.0, least + 0.01))[0]["entities"] != []


@pytest.mark.parametrize(
    ("text", "code"),
    [(7, "invalid_text"), (None, "invalid_text"), ("a\ud800b", "lone_surrogate"), ("a" * 1_000_001, "text_too_long")],
)
def test_a_bad_text_has_its_own_error_and_the_others_their_answer(served: Served, text: Any, code: str) -> None:
    good, bad, last = predict(served, NOTE, text, "takes insulin")
    assert bad["error"]["code"] == code
    assert bad["error"]["field"] == "inputs[1]"
    assert found(good) == [("drug", "aspirin"), ("sign", "chest pain")]
    assert last["characters"] == 13


@pytest.mark.parametrize(
    "body",
    [
        "",
        "{",
        "[]",
        '{"inputs": "one"}',
        "[" * 100_000,
        b"\xff",
    ],
)
def test_a_bad_request_is_refused_with_a_code(body: str | bytes) -> None:
    with pytest.raises(InvalidRequest):
        input_fn(body, "application/json")


@pytest.mark.parametrize("least", [True, 2, "1"])
def test_an_option_that_is_no_good_is_refused_by_name(served: Served, least: object) -> None:
    with pytest.raises(InvalidRequest) as refused:
        predict_fn({"inputs": [], "min_confidence": least}, served)
    assert refused.value.field == "min_confidence"


def test_vectors_come_beside_the_entities_where_they_are_asked_for(encoded: Path, base: Path) -> None:
    served = inference.model_fn(str(encoded))
    request = input_fn(json.dumps({"inputs": [NOTE, 7, "fever"], "vectors": True}))
    answer = json.loads(output_fn(predict_fn(request, served)))
    known = encoding.key(base, "openvino")
    assert answer["encoder"] == {"hash": known["model_hash"], "engine": "openvino", "precision": "bf16"}
    first, refused, last = answer["predictions"]
    assert found(first) == [("drug", "aspirin"), ("sign", "chest pain")] and "vector" not in refused
    expected = Pooler.load(encoded / inference.ENCODER).vectors([NOTE, "fever"])
    assert np.allclose([first["vector"], last["vector"]], expected, atol=1e-3)


def test_a_stored_vector_is_its_own_nearest(encoded: Path, snapshot: Path, base: Path, tmp_path: Path) -> None:
    embed.embed(snapshot, base, None, tmp_path, engine="openvino")
    texts = [document.text for document in dataset.documents(dataset.read(snapshot))[:20]]
    answer = predict_fn({"inputs": texts, "min_confidence": 0.0, "vectors": True}, inference.model_fn(str(encoded)))
    rows = json.loads((tmp_path / "ids.json").read_text())
    asked = np.array([prediction["vector"] for prediction in answer["predictions"]], np.float32)
    likeness = asked @ np.load(tmp_path / "vectors.npy").T
    assert likeness.argmax(axis=1).tolist() == [rows[embed.text_hash(text)] for text in texts]
    assert likeness.max(axis=1).min() > 0.9999


def test_who_asks_for_no_vector_reads_no_encoder(encoded: Path) -> None:
    served = inference.model_fn(str(encoded))
    answer = predict_fn(input_fn(json.dumps({"inputs": [NOTE]})), served)
    assert answer["encoder"]["engine"] == "openvino" and "vector" not in answer["predictions"][0]
    assert "pooler" not in vars(served)


def test_without_a_readable_text_there_is_no_vector(encoded: Path) -> None:
    served = inference.model_fn(str(encoded))
    for texts in ([], [7]):
        assert len(predict_fn(input_fn(json.dumps({"inputs": texts, "vectors": True})), served)["predictions"]) == len(texts)


def test_an_artifact_without_an_encoder_says_so(served: Served) -> None:
    answer = predict_fn(input_fn(json.dumps({"inputs": [NOTE], "vectors": True})), served)
    assert answer["encoder"] is None and "vector" not in answer["predictions"][0]


def test_another_content_type_is_refused() -> None:
    with pytest.raises(InvalidRequest):
        input_fn("{}", "text/csv")
