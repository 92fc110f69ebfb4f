"""Notes of 100,000 characters with emoji and combining marks: entities right to the character, by artifact and predict route."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest

from chartloop import ner
from lambdas import asking, predict
from tests import small_model
from tests.worlds import FakeWorld
from training import inference, pieces
from training.engines import FILES
from training.export import Exported
from training.inference import Served, input_fn, predict_fn

CHARACTERS = 100_000
LABELS = ["drug", "sign"]
TAGS = {"aspirin": 1, "insulin": 2, "fever": 3, "cough": 4}
ENTITIES = {
    "drug": [
        "aspirin", "ASPIRIN", "aspiri\u0301n", "asp\u00edrin", "aspirin\u0301",
        "aspirin insulin", "Aspirin\ninsulin", "aspirin  insulin insulin",
    ],
    "sign": ["fever", "f\u0113ver", "fe\u0304ver", "fever cough", "Fever \t cough cough cough"],
}  # fmt: skip
"""As the tokenizer folds case and accents away, each is found, to its last combining mark."""
BETWEEN = [
    "\U0001f912", "\U0001f469\U0001f3fd\u200d\u2695\ufe0f", "\U0001f1e9\U0001f1ea", "\U0001d11e",
    "e\u0301\u0323", "\u0928\u092e\u0938\u094d\u0924\u0947", "\u00bd", "\ufeff", "\u200b", "\r", "\x00",
    "mg", "10", "(", ",", "since monday",
]  # fmt: skip


def written(seed: int) -> tuple[str, list[dict[str, Any]]]:
    """A note and its entities. Its first third is a single line, far longer than a window."""
    chance = random.Random(seed)
    text, entities = "", []
    while len(text) < CHARACTERS:
        for _ in range(chance.randint(1, 12)):
            text += chance.choice(BETWEEN) + " "
        label = chance.choice(LABELS)
        surface = chance.choice(ENTITIES[label])
        if len(text) < CHARACTERS // 3:
            surface = surface.replace("\n", " ")
        entities.append({"label": label, "start": len(text), "end": len(text) + len(surface), "surface": surface})
        text += surface + (" " if len(text) < CHARACTERS // 3 else chance.choice([" ", "\n", "\r\n", ".\n"])) + "mg "
    return text, entities


class Here:
    """The endpoint: the artifact's own functions, over JSON."""

    def __init__(self, served: Served) -> None:
        self._served = served

    def invoke(self, task: str, payload: Mapping[str, Any], *, config: str | None = None) -> dict[str, Any]:
        return dict(json.loads(inference.output_fn(predict_fn(input_fn(json.dumps(payload)), self._served))))


def answered(served: Served, text: str, unit: str) -> dict[str, Any]:
    request = asking.read(ner.TASK, {"text": text, "offset_unit": unit})
    return dict(predict.predict(ner.TASK, request, world_of(served))["predictions"][0])


def world_of(served: Served) -> FakeWorld:
    world = FakeWorld()
    world.__dict__["endpoints"] = Here(served)
    return world


@pytest.fixture(scope="module")
def words(base: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """An artifact that knows words alone, so that its entities are certain, in windows of 14 pieces."""
    folder = tmp_path_factory.mktemp("words")
    cutter = pieces.load_base(str(base))
    table = np.zeros((cutter.tokenizer.get_vocab_size(), 5), dtype=np.float32)
    table[:, 0] = 9
    for word, tag in TAGS.items():
        table[cutter.tokenizer.token_to_id(word)] = 20 * np.eye(5)[tag]
    onnx.save(small_model.lookup(table), folder / FILES["onnx"])
    pieces.save(cutter, folder)
    card = {
        "version": "v-1", "served": "ner_served", "asked": "text", "snapshot": "0" * 64,
        "labels": LABELS, "max_seq_length": 16, "doc_stride": 4, "temperature": 1.5,
        "engine": {"name": "onnx", "precision": "fp32"},
    }  # fmt: skip
    (folder / "chartloop.json").write_text(json.dumps(card))
    yield inference.model_fn(str(folder))


@pytest.mark.parametrize("seed", [1, 2])
def test_every_entity_is_found_once_and_to_the_character(words: Served, seed: int) -> None:
    text, entities = written(seed)
    answer = answered(words, text, "codepoint")
    assert answer["characters"] == len(text) >= CHARACTERS
    assert [{name: value for name, value in each.items() if name != "confidence"} for each in answer["entities"]] == entities
    assert all(0 < each["confidence"] <= 1 for each in answer["entities"])


def test_in_utf16_units_it_is_the_same(words: Served) -> None:
    text, entities = written(3)
    units = text.encode("utf-16-le")
    answer = answered(words, text, "utf16")
    assert answer["characters"] == len(units) // 2 > len(text)
    found = [units[2 * each["start"] : 2 * each["end"]].decode("utf-16-le") for each in answer["entities"]]
    assert found == [each["surface"] for each in answer["entities"]] == [each["surface"] for each in entities]
    starts = [len(text[: each["start"]].encode("utf-16-le")) // 2 for each in entities]
    assert [each["start"] for each in answer["entities"]] == starts


def test_windows_of_any_length_find_the_same(words: Served) -> None:
    text, _ = written(4)
    tagger = words.model.tagger
    [expected] = tagger.find([text])
    for length, stride in ((32, 8), (7, 3), (1_000_000, 0)):
        assert replace(tagger, max_seq_length=length, doc_stride=stride).find([text]) == [expected]


def test_a_trained_model_reads_it_to_the_end(exported: Exported) -> None:
    served = inference.model_fn(str(exported.folder))
    line = "The patient takes aspirin 80 mg daily.\nDenies che\u0301st pain since Monday. "
    text = "".join(written(5)[0][:CHARACTERS]) + "\n" + line * 3
    plain, units = (answered(served, text, unit) for unit in ("codepoint", "utf16"))
    assert plain["characters"] == len(text)
    assert all(text[each["start"] : each["end"]] == each["surface"] for each in plain["entities"])
    assert all(before["end"] <= after["start"] for before, after in pairwise(plain["entities"]))
    assert [each["surface"] for each in plain["entities"][-6:]] == ["aspirin", "che\u0301st pain"] * 3
    assert [each["surface"] for each in units["entities"]] == [each["surface"] for each in plain["entities"]]
    body = text.encode("utf-16-le")
    assert all(body[2 * each["start"] : 2 * each["end"]].decode("utf-16-le") == each["surface"] for each in units["entities"])


def test_one_text_that_cannot_be_read_leaves_the_others_whole(words: Served) -> None:
    text, entities = written(6)
    request = asking.read(
        ner.TASK, {"texts": ["", text, None, {"id": "n", "text": "no fever"}, "a\ud800"], "offset_unit": "utf16"}
    )
    results = predict.predict(ner.TASK, request, world_of(words))["predictions"]
    assert [each.get("error", {}).get("code") for each in results] == ["empty_text", None, "wrong_type", None, "lone_surrogate"]
    assert len(results[1]["entities"]) == len(entities)
    assert (results[3]["id"], results[3]["entities"][0]["surface"], results[3]["characters"]) == ("n", "fever", 8)
