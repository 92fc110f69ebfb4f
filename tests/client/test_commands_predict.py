"""Predictions on the command line: what each task is asked, and how answers are shown."""

from __future__ import annotations

import io
import re
from pathlib import Path

import pytest
from rich.console import Console

from client import exits
from client.cli import run
from tests.client import examples
from tests.client.service import Service, noticed, printed

POST = "POST /v1/tasks/ner/records"


NOTE = "Start metformin 500 mg."
ANSWER = examples.prediction(examples.found(NOTE, drug="metformin", dose="500 mg"))


def test_a_note_is_annotated_in_plain_text(tmp_path: Path) -> None:
    service = Service().on("POST /v1/tasks/ner/predict", ANSWER)
    session = service.session(tmp_path)
    assert run(["predict", NOTE, "--min-confidence", "0.5"], session) == exits.OK
    assert printed(session) == "Start [metformin](drug) [500 mg](dose).\n"
    assert service.sent() == {"texts": [NOTE], "min_confidence": 0.5}


def test_a_label_is_told_with_the_sentences_that_spoke_for_it(tmp_path: Path) -> None:
    sentence = {"start": 0, "end": 13, "surface": "Wound closed.", "weight": 0.4}
    found = {"label": "Surgery", "probability": 0.9712, "probabilities": {"Surgery": 0.9712}, "sentences": [sentence]}
    service = Service().on("POST /v1/tasks/classification/predict", examples.prediction({**found, "characters": 23}))
    session = service.session(tmp_path)
    asked = ["predict", "Wound closed. Home now.", "--task", "classification", "--sentences", "1"]
    assert run(asked, session) == exits.OK
    assert printed(session) == "[Wound closed.](Surgery) Home now.\n"
    assert "Surgery (0.97) by" in noticed(session)
    assert service.sent() == {"texts": ["Wound closed. Home now."], "sentences": 1}


def test_a_note_is_coloured_on_a_terminal(tmp_path: Path) -> None:
    session = Service().on("POST /v1/tasks/ner/predict", ANSWER).session(tmp_path)
    session.out = Console(file=io.StringIO(), force_terminal=True, color_system="standard", width=100, markup=False)
    assert run(["predict", NOTE], session) == exits.OK
    assert re.search("\x1b\\[[0-9;]+mmetformin\x1b\\[0m", printed(session))


def test_a_note_comes_from_standard_input(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(NOTE))
    service = Service().on("POST /v1/tasks/ner/predict", ANSWER)
    assert run(["predict", "-"], service.session(tmp_path)) == exits.OK
    assert service.sent()["texts"] == [NOTE]


def test_a_note_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    refused = examples.prediction({"error": {"code": "empty_text", "message": "the text is empty"}})
    session = Service().on("POST /v1/tasks/ner/predict", refused).session(tmp_path)
    assert run(["predict", ""], session) == exits.REFUSED
    assert "empty_text: the text is empty" in noticed(session)


def test_another_task_is_asked_with_its_own_input_and_options(tmp_path: Path) -> None:
    answer = {**examples.prediction({"prediction_id": "p", "value": 4.25, "unit": "days"}), "task": "regression"}
    service = Service().on("POST /v1/tasks/regression/predict", answer)
    session = service.session(tmp_path)
    words = ["predict", '{"age": 71}', "--task", "regression", "--option", "reasons=2"]
    assert run(words, session) == exits.OK
    assert service.sent() == {"features": {"age": 71}, "reasons": 2}
    assert printed(session) == "value: 4.25\nunit: days\n"
    assert run(["predict", "no object", "--task", "regression"], session) != exits.OK
