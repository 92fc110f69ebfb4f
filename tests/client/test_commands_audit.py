"""The command `audit`: what it shows and exports, and that it sees what was changed or is missing."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from chartloop import trail
from chartloop.items import task_item
from client import exits
from client.cli import run
from client.session import Session
from tests.client.service import Service, noticed, printed
from tests.fakes import FakeLedger

AUDIT = "GET /v1/tasks/ner/audit"


def service(entries: int, lose: int | None = None) -> Service:
    ledger = FakeLedger()
    for number in range(entries):
        owner = task_item(ledger, "ner")
        now = datetime(2026, 11, 21, 8, number // 60, number % 60, tzinfo=UTC)
        told = trail.enter(owner, now, action="reject", by="ada", reason=f"r{number}")
        ledger.save(owner, told)

    def answer(request: httpx.Request) -> httpx.Response:
        limit, before = int(request.url.params["limit"]), request.url.params.get("before")
        page, following = trail.page("ner", ledger=ledger, limit=limit, before=before)
        kept = [entry for entry in page if entry["number"] != lose]
        return httpx.Response(200, json={"audit": kept, "next": following, "head": trail.head(task_item(ledger, "ner"))})

    return Service().on(AUDIT, answer)


def lines(session: Session) -> list[dict[str, Any]]:
    return [json.loads(line) for line in printed(session).splitlines()]


def test_the_newest_entries_are_shown(tmp_path: Path) -> None:
    session = service(3).session(tmp_path)
    assert run(["audit", "--limit", "2"], session) == exits.OK
    assert "reason=r2" in printed(session) and "reason=r0" not in printed(session) and "sha256" not in printed(session)


def test_the_whole_trail_is_exported_oldest_first_and_verifies_without_the_service(tmp_path: Path) -> None:
    session = service(130).session(tmp_path)
    assert run(["audit", "--jsonl"], session) == exits.OK
    exported = lines(session)
    assert [entry["number"] for entry in exported] == list(range(1, 131))
    file = tmp_path / "trail.jsonl"
    file.write_text("".join(json.dumps(entry) + "\n" for entry in exported))
    alone = Service().session(tmp_path)
    assert run(["audit", "--verify", "--file", str(file)], alone) == exits.OK and "130 entries" in noticed(alone)
    file.write_text("".join(json.dumps(entry) + "\n" for entry in exported if entry["number"] != 7))
    assert run(["audit", "--verify", "--file", str(file)], alone) == exits.REFUSED
    assert "entry 7 is missing" in noticed(alone)


@pytest.mark.parametrize("lose", [1, 60, 130])
def test_an_entry_that_the_service_lost_shows(tmp_path: Path, lose: int) -> None:
    session = service(130, lose=lose).session(tmp_path)
    assert run(["audit", "--verify"], session) == exits.REFUSED
    whole = service(130).session(tmp_path)
    assert run(["audit", "--verify"], whole) == exits.OK


def test_a_file_that_is_no_trail_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "trail.jsonl"
    file.write_text("[]\n")
    session = Service().session(tmp_path)
    assert run(["audit", "--file", str(file)], session) == exits.REFUSED and "line 1" in noticed(session)
