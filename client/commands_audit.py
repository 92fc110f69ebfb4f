"""The command `audit`: who did what, when and why; the whole trail as JSON Lines, and whether one is whole."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from rich.table import Table

from chartloop import trail
from chartloop.errors import InvalidRequest
from client import arguments, display, exits
from client.api import Api
from client.session import Session

AT_ONCE = 100
HASHES = ("action", "by", "at", "number", "previous", "sha256")
"""What a table shows in columns of their own, or not at all."""


def add(commands: arguments.Commands) -> None:
    parser = arguments.add(commands, "audit", audit, "show who did what, when and why, newest first")
    arguments.of_task(parser)
    parser.add_argument("--limit", type=arguments.positive, default=20, help="how many are shown (%(default)s)")
    parser.add_argument("--jsonl", action="store_true", help="the whole trail, oldest first, an entry a line")
    parser.add_argument("--verify", action="store_true", help="say whether an entry was changed or is missing")
    parser.add_argument("--file", type=arguments.file, metavar="FILE", help="verify this export, and ask no service")


def audit(session: Session, given: argparse.Namespace) -> int:
    if given.file:
        return _verified(session, _read(given.file), None)
    with session.api() as api:
        if not given.jsonl and not given.verify:
            page = api.audit(given.task, limit=min(given.limit, AT_ONCE))
            session.answer(page, shown(page["audit"]), as_json=given.json)
            return exits.OK
        # The head first: what is entered while the pages are read is newer than it, and left out.
        head = api.audit(given.task, limit=1)["head"]
        entries = [entry for entry in _pages(api, given.task) if entry.get("number", 0) <= head["number"]]
    if given.jsonl:
        for entry in trail.in_order(entries):
            session.out.file.write(json.dumps(entry, ensure_ascii=False) + "\n")
    return _verified(session, entries, head) if given.verify else exits.OK


def _pages(api: Api, task: str) -> Iterator[trail.Entry]:
    before = None
    while True:
        page = api.audit(task, limit=AT_ONCE, before=before)
        yield from page["audit"]
        before = page["next"]
        if before is None:
            return


def _verified(session: Session, entries: list[trail.Entry], head: trail.Entry | None) -> int:
    found = list(trail.faults(entries, head))
    for fault in found:
        session.notices.print(fault, soft_wrap=True)
    if not found:
        session.notices.print(f"{len(entries):,} entries, none changed, none missing", soft_wrap=True)
    return exits.REFUSED if found else exits.OK


def _read(file: Path) -> list[trail.Entry]:
    """Raises InvalidRequest for a line that is no entry."""
    entries: list[trail.Entry] = []
    for number, line in enumerate(file.read_text(encoding="utf-8").rstrip("\n").split("\n"), start=1):
        try:
            entry = json.loads(line)
        except ValueError:
            entry = None
        if not isinstance(entry, dict):
            raise InvalidRequest(f"line {number} is no entry of a trail", code="invalid_json")
        entries.append(entry)
    return entries


def shown(entries: list[Any]) -> Table:
    return display.table("when", "who", "what", "with", rows=([e["at"], e["by"], e["action"], _more(e)] for e in entries))


def _more(entry: trail.Entry) -> str:
    rest = {name: value for name, value in entry.items() if name not in HASHES and value is not None}
    return ", ".join(f"{name}={value}" for name, value in rest.items())
