"""The commands `review`, `feedback` and `drift`: what they ask, show and refuse."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from chartloop import drift as counts
from client import exits
from client.cli import run
from tests.client import examples
from tests.client.service import Service, error, noticed, printed

FEEDBACK, REVIEW, DRIFT = "POST /v1/tasks/ner/feedback", "GET /v1/tasks/ner/review", "GET /v1/tasks/ner/drift"
ENTITY = {"label": "drug", "start": 6, "end": 13, "surface": "aspirin", "confidence": 0.31}
WAITING = {
    "prediction_id": "p-1", "model_version": "r-1", "least_confidence": 0.31, "entities": 1, "characters": 13,
    "kept_at": examples.WHEN,
}  # fmt: skip


def page(*waiting: dict[str, Any], following: str | None = None) -> dict[str, Any]:
    return {"task": "ner", "offset_unit": "codepoint", "predictions": list(waiting), "next": following}


def test_the_queue_is_listed(tmp_path: Path) -> None:
    service = Service().on(REVIEW, page(WAITING, {**WAITING, "least_confidence": None}, following="x"))
    session = service.session(tmp_path)
    assert run(["review", "--limit", "2"], session) == exits.OK
    assert dict(service.asked[0].url.params) == {"limit": "2"}
    assert "0.310" in printed(session) and "there are more" in printed(session)


def test_notes_are_shown_where_they_were_asked_for(tmp_path: Path) -> None:
    service = Service().on(REVIEW, page({**WAITING, "text": "takes aspirin", "found": [ENTITY]}))
    session = service.session(tmp_path)
    assert run(["review", "--text"], session) == exits.OK
    assert service.asked[0].url.params["include"] == "text"
    assert "takes [aspirin](drug)" in printed(session)


def lines(tmp_path: Path, *said: Any) -> str:
    file = tmp_path / "corrections.jsonl"
    file.write_text("\n".join(each if isinstance(each, str) else json.dumps(each) for each in said))
    return str(file)


def test_each_line_is_sent_and_one_that_is_refused_stops_no_other(tmp_path: Path) -> None:
    good = httpx.Response(202, json=examples.receipt(source="feedback", prediction_id="p-2"))
    service = Service().on(FEEDBACK, error(400, "text_differs", field="text"), good)
    session = service.session(tmp_path)
    said = [{"prediction_id": f"p-{n}", "entities": [ENTITY]} for n in (1, 2)]
    file = lines(tmp_path, said[0], "", {**said[1], "offset_unit": "codepoint"})
    assert run(["feedback", file, "--offset-unit", "utf16", "--json"], session) == exits.REFUSED
    assert [service.sent(n)["offset_unit"] for n in (0, 1)] == ["utf16", "codepoint"]
    assert json.loads(printed(session))["prediction_id"] == "p-2"
    assert "line 1: text_differs: text: because" in noticed(session) and "1 of 2 corrections taken" in noticed(session)


def test_what_concerns_every_line_ends_the_command(tmp_path: Path) -> None:
    service = Service().on(FEEDBACK, error(403, "forbidden"))
    said = {"prediction_id": "p-1", "entities": []}
    assert run(["feedback", lines(tmp_path, said, said)], service.session(tmp_path)) == exits.UNREACHABLE
    assert len(service.asked) == 1


@pytest.mark.parametrize(
    ("line", "code"),
    [("{", "invalid_json"), ("[]", "missing_field"), ({"entities": []}, "missing_field"),
     ({"prediction_id": "p", "labels": []}, "unknown_field")],
)  # fmt: skip
def test_a_file_with_a_bad_line_is_refused_before_anything_is_sent(tmp_path: Path, line: Any, code: str) -> None:
    service = Service()
    session = service.session(tmp_path)
    file = lines(tmp_path, {"prediction_id": "p-1", "entities": []}, line)
    assert run(["feedback", file], session) == exits.REFUSED
    assert code in noticed(session) and "line 2" in noticed(session) and not service.asked


def test_drift_is_shown_by_version_and_label(tmp_path: Path) -> None:
    figures = counts.figures(counts.of_text("takes aspirin", [ENTITY]))
    corrections = {"texts": 3, "unchanged": 1, "removed": 1, "added": 0, "disagreement": 0.5, "labels": []}
    versions = [
        {"model_version": "r-2", **figures, "corrections": corrections, "by_day": []},
        {"model_version": "r-1", **counts.figures(counts.nothing()), "corrections": None, "by_day": []},
    ]
    service = Service().on(DRIFT, {"task": "ner", "since": "2026-11-21", "versions": versions})
    session = service.session(tmp_path)
    assert run(["drift", "--days", "7"], session) == exits.OK
    assert service.asked[0].url.params["days"] == "7"
    assert "0.500" in printed(session) and "500.0" in printed(session) and "r-1" in printed(session)


def test_a_prediction_is_kept_where_that_is_asked_for(tmp_path: Path) -> None:
    service = Service().on("POST /v1/tasks/ner/predict", examples.prediction(examples.found("aspirin", drug="aspirin")))
    session = service.session(tmp_path)
    assert run(["predict", "aspirin", "--keep"], session) == exits.OK
    assert service.sent()["keep"] is True and "kept as p-1" in noticed(session)
