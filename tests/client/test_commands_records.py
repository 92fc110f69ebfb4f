"""What is pushed, waited for and watched on the command line: counts, bad lines, exit codes."""

from __future__ import annotations

import json
import re
from pathlib import Path

import httpx
import pytest

from client import exits
from client.cli import run
from tests.client import examples
from tests.client.service import Service, noticed, printed

BATCH = "GET /v1/tasks/ner/batches/b-1"
POST = "POST /v1/tasks/ner/records"
IDLE = {"task": "ner", "progress": "1 of 100", "active_run": None, "blocked": None}


@pytest.fixture
def notes(tmp_path: Path) -> Path:
    file = tmp_path / "notes.jsonl"
    file.write_text('{"record_id": "n-1", "text": "on aspirin"}\n{"record_id": "n-2", "text": "off aspirin"}\n')
    return file


def test_push_shows_the_counts_and_every_bad_line(tmp_path: Path, notes: Path) -> None:
    entries = [
        {
            "line": 1,
            "record_id": "n-1",
            "verdict": "accepted",
            "notes": [{"code": "span_widened", "message": "entities[0] to 3..9"}],
        },
        {
            "line": 2,
            "record_id": "n-2",
            "verdict": "rejected",
            "code": "offset_past_end",
            "field": "entities[1].end",
            "message": "past 11",
        },
    ]
    service = (
        Service().on(POST, examples.receipt(status="received")).on(BATCH, examples.receipt(entries=entries, new_labels=["drug"]))
    )
    session = service.session(tmp_path)
    assert run(["push", str(notes), "--replace"], session) == exits.OK
    assert service.asked[0].url.params["replace"] == "true"
    assert service.asked[0].content == notes.read_bytes()
    lines = printed(session).splitlines()
    assert "line 1 (n-1): note: span_widened: entities[0] to 3..9" in lines
    assert "line 2 (n-2): rejected: offset_past_end: entities[1].end: past 11" in lines
    assert "new labels: drug" in lines
    assert "2 total, 1 accepted, 1 rejected" in lines


def test_push_counts_lines_through_the_whole_file(tmp_path: Path) -> None:
    file = tmp_path / "many.jsonl"
    file.write_text(("x" * 2_999_999 + "\n") * 3)
    rejected = [{"line": 1, "verdict": "rejected", "code": "invalid_json", "message": "column 1"}]
    service = Service().on(POST, *(examples.receipt(f"b-{number}", status="received") for number in (1, 2, 3)))
    for number in (1, 2, 3):
        service.on(f"GET /v1/tasks/ner/batches/b-{number}", examples.receipt(f"b-{number}", entries=rejected))
    session = service.session(tmp_path)
    assert run(["push", str(file)], session) == exits.REFUSED
    assert re.findall(r"line (\d)", printed(session)) == ["1", "2", "3"]
    assert "3 total, 3 rejected" in printed(session)


def test_push_of_a_compressed_file_goes_by_the_presigned_address(tmp_path: Path) -> None:
    file = tmp_path / "notes.jsonl.gz"
    file.write_bytes(b"zipped")
    place = {"batch_id": "b-1", "url": "http://bucket.example/x", "headers": {}, "key": "k", "expires_in": 60}
    quarantined = examples.receipt(status="quarantined", entries=[], code="truncated", message="the gzip stream ends early")
    service = Service().on("POST /v1/tasks/ner/uploads", place).on("PUT /x", httpx.Response(200)).on(BATCH, quarantined)
    session = service.session(tmp_path)
    assert run(["push", str(file)], session) == exits.REFUSED
    assert "quarantined: truncated: the gzip stream ends early" in printed(session)


def test_push_json_is_a_receipt_a_line(tmp_path: Path, notes: Path) -> None:
    session = Service().on(POST, examples.receipt(status="received")).on(BATCH, examples.receipt()).session(tmp_path)
    assert run(["push", str(notes), "--json"], session) == exits.OK
    assert [json.loads(line) for line in printed(session).splitlines()] == [examples.receipt()]


@pytest.mark.parametrize(("outcome", "code"), [("promoted", exits.OK), ("kept", 3), ("needs-review", 3), ("failed", 3)])
def test_push_and_wait_ends_as_its_last_run(tmp_path: Path, notes: Path, outcome: str, code: int) -> None:
    done = examples.run(status="failed" if outcome == "failed" else "succeeded", outcome=outcome)
    service = Service().on(POST, examples.receipt(status="received")).on(BATCH, examples.receipt())
    service.on("GET /v1/tasks/ner", IDLE, {**IDLE, "active_run": "r-1"}, IDLE).on(
        "GET /v1/runs/r-1", examples.training(50, 0.5), done
    )
    session = service.session(tmp_path)
    assert run(["push", str(notes), "--wait"], session) == code
    assert outcome in printed(session)
    assert "train running" in noticed(session)


def test_push_and_wait_says_when_no_run_starts(tmp_path: Path, notes: Path) -> None:
    service = Service().on(POST, examples.receipt(status="received")).on(BATCH, examples.receipt()).on("GET /v1/tasks/ner", IDLE)
    session = service.session(tmp_path)
    assert run(["push", str(notes), "--wait"], session) == exits.OK
    assert "no run was started" in printed(session)
    assert "1 of 100" in printed(session)


@pytest.mark.parametrize(
    ("argv", "route"),
    [
        (["promote", "r-1", "--reason", "x", "--wait"], "POST /v1/tasks/ner/models/r-1/promote"),
        (["rollback", "r-1", "--reason", "x", "--wait"], "POST /v1/tasks/ner/rollback"),
        (["run", "r-1", "--wait"], "GET /v1/runs/r-1"),
    ],
)
def test_waiting_for_a_run_that_fails_exits_with_three(tmp_path: Path, argv: list[str], route: str) -> None:
    failed = examples.run(status="failed", outcome="failed", error={"code": "endpoint_failed", "message": "rolled back"})
    service = Service().on("GET /v1/runs/r-1", failed).on(route, failed)
    session = service.session(tmp_path)
    assert run(argv, session) == exits.NOT_PROMOTED
    assert "endpoint_failed: rolled back" in printed(session)


def test_runs_are_watched_until_somebody_stops(tmp_path: Path) -> None:
    service = Service().on("GET /v1/runs", {"runs": [examples.training(10, 0.9)]}, {"runs": [examples.run()]})
    session = service.session(tmp_path)

    def stop_after_two(seconds: float) -> None:
        if len(service.asked) == 2:
            raise KeyboardInterrupt

    session.sleep = stop_after_two
    assert run(["runs", "--watch"], session) == exits.INTERRUPTED
    assert "train running" in printed(session)
    assert "train succeeded" in printed(session)
