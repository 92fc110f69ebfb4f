"""`chartloop start`, with a search and without: what the service is asked for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from client import exits
from client.cli import run
from tests.client import examples
from tests.client.service import Service
from tests.client.test_cli import printed
from tests.client.test_commands_costs import found as priced


def service() -> Service:
    return Service().on("POST /v1/tasks/ner/runs", examples.run(status="running", outcome=None))


@pytest.mark.parametrize(
    ("words", "asked"),
    [
        (["--tune", "8"], {"max_jobs": 8, "early_stopping": True}),
        (["--tune", "8", "--at-once", "4"], {"max_jobs": 8, "early_stopping": True, "max_parallel_jobs": 4}),
        (["--tune", "8", "--to-the-end"], {"max_jobs": 8, "early_stopping": False}),
    ],
)
def test_a_search_is_asked_for(tmp_path: Path, words: list[str], asked: dict[str, Any]) -> None:
    made = service()
    assert run(["start", *words], made.session(tmp_path)) == exits.OK
    assert made.sent() == {"tuning": asked}


def test_a_plain_start_has_no_body(tmp_path: Path) -> None:
    made = service()
    session = made.session(tmp_path)
    assert run(["start", "--task", "ner"], session) == exits.OK
    assert made.asked[-1].content == b"" and "r-1" in printed(session)


def test_a_start_can_be_followed_to_its_end(tmp_path: Path) -> None:
    made = service().on("GET /v1/runs/r-1", examples.run(status="running", outcome=None), examples.run())
    assert run(["start", "--wait"], made.session(tmp_path)) == exits.OK
    assert made.routes == ["POST /v1/tasks/ner/runs", "GET /v1/runs/r-1", "GET /v1/runs/r-1"]


def test_options_of_a_search_need_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        run(["start", "--at-once", "4"], service().session(tmp_path))
    assert "--tune" in capsys.readouterr().err


def test_a_search_is_priced_before_it_starts(tmp_path: Path) -> None:
    made = Service().on("GET /v1/tasks/ner/cost", priced())
    assert run(["cost", "--tune", "8"], made.session(tmp_path)) == exits.OK
    assert made.asked[-1].url.params["trials"] == "8"
