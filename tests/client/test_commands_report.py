"""The command `report`: a page in a file of its owner's, or the service's own answer."""

from __future__ import annotations

import json
import webbrowser
from pathlib import Path
from typing import Any

import pytest

from chartloop import report_page, reporting
from client import exits
from client.cli import run
from tests.client.service import Service, error, noticed, printed
from tests.report_world import world

MADE = world(6, 8)
RUN = MADE.runs()[-1]["run_id"]
ROUTE = f"GET /v1/tasks/ner/runs/{RUN}/report"


@pytest.fixture(scope="module")
def report() -> Any:
    return reporting.find("ner", RUN, text=True, now=MADE.clock(), **MADE.seams("ledger", "objects", "jobs"))


def test_the_page_is_written_for_its_owner_alone_and_its_sentence_is_told(report: Any, tmp_path: Path) -> None:
    session, output = Service().on(ROUTE, report).session(tmp_path), tmp_path / "page.html"
    assert run(["report", RUN, "-o", str(output)], session) == exits.OK
    assert output.read_text(encoding="utf-8") == report_page.page(report)
    assert output.stat().st_mode & 0o777 == 0o600
    assert printed(session) == "" and noticed(session) == f"{output}: {report['run']['verdict']['message']}\n"


def test_without_a_name_the_file_is_named_by_the_run_and_may_be_shown(
    report: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown: list[str] = []
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(webbrowser, "open", shown.append)
    assert run(["report", RUN, "--open"], Service().on(ROUTE, report).session(tmp_path)) == exits.OK
    assert shown == [(tmp_path / f"{RUN}.html").as_uri()] and (tmp_path / f"{RUN}.html").exists()


def test_its_json_is_the_services(report: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    session = Service().on(ROUTE, report).session(tmp_path)
    assert run(["report", RUN, "--json"], session) == exits.OK
    assert json.loads(printed(session)) == report and list(tmp_path.glob("*.html")) == []


def test_a_run_that_is_not_there_leaves_no_file(tmp_path: Path) -> None:
    session = Service().on(ROUTE, error(404, "not_found", "no such run")).session(tmp_path)
    assert run(["report", RUN, "-o", str(tmp_path / "page.html")], session) == exits.REFUSED
    assert list(tmp_path.iterdir()) == []
