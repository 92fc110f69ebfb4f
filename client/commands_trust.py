"""The commands of what can be trusted: `quality`."""

from __future__ import annotations

import argparse

from rich.console import Group
from rich.text import Text

from client import arguments, display, exits
from client.contracts_trust import Quality
from client.session import Session

SHOWN = 5
"""Ids of a list that a table shows; `--json` has more."""


def add(commands: arguments.Commands) -> None:
    parser = arguments.add(commands, "quality", quality, "list records that were set aside, contradict, or give away")
    arguments.task(parser)
    arguments.as_json(parser)


def quality(session: Session, given: argparse.Namespace) -> int:
    with session.api() as api:
        found = api.quality(given.task)
    session.answer(found, shown(found), as_json=given.json)
    return exits.OK


def shown(found: Quality) -> Group:
    """The counts, then what to look at, by record id."""
    sides, conflicts = found["records"], found["conflicts"]
    set_aside = ", ".join(f"{number:,} {code}" for code, number in found["set_aside"]["counts"].items()) or "none"
    lines = (
        f"run {found['run_id']}: {sides['training']:,} records to learn from, {sides['holdout']:,} to judge by",
        f"set aside from judging: {set_aside}",
        f"pairs that contradict each other: {conflicts['found']:,}",
    )
    rows = [
        *([row["code"], "", "", row["record_id"]] for row in found["set_aside"]["records"][:SHOWN]),
        *([row["kind"], "", "", ", ".join(row["records"])] for row in conflicts["pairs"][:SHOWN]),
        *(
            [leak["kind"], leak["field"], leak["label"] or "", f"{leak['found']:,}: {', '.join(leak['records'][:SHOWN])}"]
            for leak in found["label_leaks"]
        ),
    ]
    table = display.table("what", "field", "label", "records", rows=rows)
    return Group(*(Text(line) for line in lines), *([table] if rows else []))
