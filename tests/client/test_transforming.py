"""A file through a batch transform: what is sent, what is waited for, what is written."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from client import cli, transforming
from client.transforming import prepared
from tests.client.service import Service, noticed, printed
from tests.contracts import validate

WHERE = "/v1/tasks/ner/transforms"
RESULTS = '{"id": "a", "entities": [], "characters": 3, "model_version": "ner-1"}\n{"id": "2", "error": {"code": "é"}}\n'


def found(status: str, **more: Any) -> dict[str, Any]:
    made = {
        "transform_id": "t-1", "task": "ner", "status": status, "created_at": "2026-11-21T08:00:00.000Z", "created_by": "alice",
        "started_at": None, "ended_at": None, "model_version": "ner-1", "bytes": 9, "counts": None, "errors": [], "score": None,
        "estimate": {"seconds": 200, "usd": 0.02, "instance": "ml.m5.xlarge"}, "error": None, **more,
    }  # fmt: skip
    validate("transform", made)
    return made


def done() -> dict[str, Any]:
    label = {"tp": 1, "fp": 0, "fn": 0, "support": 1, "precision": 1.0, "recall": 1.0, "f1": 1.0}
    return found(
        "done", counts={"lines": 2, "predicted": 1, "failed": 1},
        output={"url": "http://bucket.example/output", "expires_in": 900},
        errors=[{"line": 2, "code": "invalid_text", "message": "must be a string"}],
        score={"records": 1, "metrics": {"entity_f1": 1.0}, "labels": {"drug": label}},
    )  # fmt: skip


def serving(*looks: dict[str, Any]) -> Service:
    upload = {"url": "http://bucket.example/input", "headers": {"x-a": "b"}, "expires_in": 3600}
    service = Service().on(f"POST {WHERE}", found("waiting", upload=upload)).on("PUT /input", httpx.Response(200))
    service.on(f"POST {WHERE}/t-1/start", found("queued")).on(f"GET {WHERE}/t-1", *looks)
    return service.on("GET /output", httpx.Response(200, content=RESULTS.encode()))


def notes(tmp_path: Path) -> Path:
    file = tmp_path / "notes.jsonl"
    file.write_text('{"record_id": "a", "text": "one é", "entities": [], "patient_id": "p"}\n\nno json\n{"text": "\\ud800"}\n')
    return file


def test_the_truth_of_another_task_goes_with_what_it_is_asked_about(tmp_path: Path) -> None:
    file = tmp_path / "labelled.jsonl"
    file.write_text('{"record_id": "a", "text": "Closed.", "label": "Surgery", "patient_id": "p"}\n{"text": "none"}\n')
    with transforming.prepared(file, "classification", {}) as lines:
        assert [json.loads(line) for line in lines.read_text().splitlines()] == [
            {"id": "a", "text": "Closed.", "label": "Surgery"}, {"id": "2", "text": "none"},
        ]  # fmt: skip


def test_a_file_is_sent_followed_and_its_results_are_written(tmp_path: Path) -> None:
    service, output = serving(found("running"), done()), tmp_path / "out.jsonl"
    session = service.session(tmp_path)
    assert cli.run(["transform", str(notes(tmp_path)), "-o", str(output), "--min-confidence", "0.5"], session) == 1
    put = next(request for request in service.asked if request.method == "PUT")
    assert put.headers["x-a"] == "b" and "authorization" not in put.headers
    assert [json.loads(line) for line in put.content.decode().splitlines()] == [
        {"id": "a", "text": "one é", "entities": [], "min_confidence": 0.5},
        {"id": "3", "min_confidence": 0.5},
        {"id": "4", "text": "\ud800", "min_confidence": 0.5},
    ]
    assert output.read_text() == RESULTS
    assert "1 of 2 texts" in printed(session) and "line 2: invalid_text" in printed(session)
    assert "entity f1 1.000" in printed(session)
    assert noticed(session).split() == ["started", "t-1", "running", "done"]


def test_a_line_has_what_a_record_of_its_task_has(tmp_path: Path) -> None:
    file = tmp_path / "stays.csv"
    file.write_text("record_id,patient_id,target,age,ward\na,p,3,71,A\n")
    with prepared(file, "regression", {}) as lines:
        [line] = [json.loads(each) for each in lines.read_text().splitlines()]
    assert line == {"id": "a", "features": {"age": "71", "ward": "A"}, "target": 3}


def test_a_lines_own_options_go_before_those_of_all(tmp_path: Path) -> None:
    file = tmp_path / "prompts.jsonl"
    file.write_text('{"id": "a", "prompt": "Why?", "max_new_tokens": 4, "note": "mine"}\n{"id": "b", "prompt": "How?"}\n')
    with prepared(file, "generation", {"max_new_tokens": 64, "temperature": 1}) as lines:
        assert [json.loads(line) for line in lines.read_text().splitlines()] == [
            {"id": "a", "max_new_tokens": 4, "temperature": 1, "prompt": "Why?"},
            {"id": "b", "max_new_tokens": 64, "temperature": 1, "prompt": "How?"},
        ]


def test_without_waiting_the_id_is_all(tmp_path: Path) -> None:
    service = serving(done())
    session = service.session(tmp_path)
    assert cli.run(["transform", str(notes(tmp_path)), "--json"], session) == 0
    assert json.loads(printed(session)) == found("queued")
    assert f"GET {WHERE}/t-1" not in service.routes


def test_predict_batch_is_the_same(tmp_path: Path) -> None:
    output = tmp_path / "out.jsonl"
    session = serving(done()).session(tmp_path)
    assert cli.run(["predict", "--file", str(notes(tmp_path)), "-o", str(output), "--batch"], session) == 1
    assert output.read_text() == RESULTS


def test_a_table_is_sent_as_lines(tmp_path: Path) -> None:
    file = tmp_path / "notes.csv"
    file.write_text("record_id,text\nn-1,first note\nn-2,second note\n")
    service = serving(done())
    cli.run(["transform", str(file)], service.session(tmp_path))
    put = next(request for request in service.asked if request.method == "PUT")
    assert [json.loads(line) for line in put.content.splitlines()] == [
        {"id": "n-1", "text": "first note"}, {"id": "n-2", "text": "second note"},
    ]  # fmt: skip


def test_one_that_failed_is_told_by_its_code_and_leaves_no_output(tmp_path: Path) -> None:
    failed = found("failed", error={"code": "job_failed", "message": "a job failed: AlgorithmError"})
    session, output = serving(failed).session(tmp_path), tmp_path / "out.jsonl"
    assert cli.run(["transform", "--id", "t-1", "-o", str(output)], session) == 1
    assert "job_failed: a job failed" in noticed(session) and not output.exists()


@pytest.mark.parametrize("answer", [httpx.Response(403), httpx.ReadError("gone")])
def test_a_download_that_breaks_leaves_no_output(tmp_path: Path, answer: Any) -> None:
    session, output = serving(done()).on("GET /output", answer).session(tmp_path), tmp_path / "out.jsonl"
    assert cli.run(["transform", "--id", "t-1", "-o", str(output)], session) != 0
    assert not output.exists()


def test_a_transform_is_stopped_by_its_id(tmp_path: Path) -> None:
    service = Service().on(f"POST {WHERE}/t-1/stop", found("stopped"))
    session = service.session(tmp_path)
    assert cli.run(["transform", "--stop", "t-1"], session) == 0
    assert "stopped" in printed(session)


def test_a_file_without_a_note_starts_nothing(tmp_path: Path) -> None:
    file = tmp_path / "empty.jsonl"
    file.write_text("\n\n")
    service = serving(done())
    session = service.session(tmp_path)
    assert cli.run(["transform", str(file)], session) == 1
    assert "nothing_parsed" in noticed(session) and not service.routes
