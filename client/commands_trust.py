"""The commands of what can be trusted: `quality`, `changes`, `posters`, `provenance` and `gold`."""

from __future__ import annotations

import argparse

from rich.console import Group
from rich.text import Text

from chartloop.errors import InvalidRequest
from client import arguments, display, exits, following
from client.bodies import bodies, postable
from client.contracts_trust import Changes, Quality
from client.session import Session

SHOWN = 5
"""Ids of a list that a table shows; `--json` has more."""


def add(commands: arguments.Commands) -> None:
    parser = arguments.add(commands, "quality", quality, "list records that were set aside, contradict, or give away")
    arguments.of_task(parser)

    parser = arguments.add(commands, "changes", changes, "show what a batch changed in the labels")
    parser.add_argument("batch_id", metavar="BATCH")
    arguments.of_task(parser)
    parser = arguments.add(commands, "posters", posters, "show who sent a task's records, and who wrote the gold set")
    arguments.of_task(parser)
    parser = arguments.add(commands, "provenance", provenance, "show who posted a record")
    parser.add_argument("record_id", metavar="ID")
    arguments.of_task(parser)
    parser = arguments.add(commands, "gold", gold, "add a file of records to the gold set, which needs the scope gold:write")
    parser.add_argument("do", choices=("add",))
    parser.add_argument("file", type=arguments.file, metavar="FILE", help=".jsonl .json .csv .xlsx, each also .gz")
    arguments.of_task(parser)


def quality(session: Session, given: argparse.Namespace) -> int:
    with session.api() as api:
        found = api.quality(given.task)
    session.answer(found, shown(found), as_json=given.json)
    return exits.OK


def shown(found: Quality) -> Group:
    """The counts, then what to look at, by record id."""
    sides, conflicts, alarms = found["records"], found["conflicts"], found["alarms"]
    set_aside = ", ".join(f"{number:,} {code}" for code, number in found["set_aside"]["counts"].items()) or "none"
    lines = (
        f"run {found['run_id']}: {sides['training']:,} records to learn from, {sides['holdout']:,} to judge by",
        f"set aside from judging: {set_aside}",
        f"pairs that contradict each other: {conflicts['found']:,}",
    )
    rows = [
        *([row["code"], "", "", row["record_id"]] for row in found["set_aside"]["records"][:SHOWN]),
        *([row["kind"], "", "", ", ".join(row["records"])] for row in conflicts["pairs"][:SHOWN]),
        *([alarm["code"], "", alarm["label"], f"{alarm['found']:,}: {', '.join(alarm['records'][:SHOWN])}"] for alarm in alarms),
        *(
            [leak["kind"], leak["field"], leak["label"] or "", f"{leak['found']:,}: {', '.join(leak['records'][:SHOWN])}"]
            for leak in found["label_leaks"]
        ),
    ]
    table = display.table("what", "field", "label", "records", rows=rows)
    return Group(*(Text(line) for line in lines), *([table] if rows else []))


def changes(session: Session, given: argparse.Namespace) -> int:
    with session.api() as api:
        found = api.changes(given.task, given.batch_id)
    session.answer(found, changed(found), as_json=given.json)
    return exits.OK


def changed(found: Changes) -> Group:
    """Label by label, before and in the batch."""
    before, batch = found["before"], found["batch"]
    lines = (
        f"posted by {found['poster']}: {batch['records']:,} records beside {before['records']:,}, {batch['replaced']:,} replaced",
        f"distance of the labels' shares: {display.figure(found['distance'])}",
    )
    names = sorted({*before["labels"], *batch["labels"]})
    rows = ([name, f"{before['labels'].get(name, 0):,}", f"{batch['labels'].get(name, 0):,}"] for name in names)
    return Group(*(Text(line) for line in lines), display.table("label", "before", "in the batch", rows=rows))


def posters(session: Session, given: argparse.Namespace) -> int:
    with session.api() as api:
        found = api.posters(given.task)
    gold = found["gold"]
    head = f"one poster may bring {found['cap_percent']} % of a run's new records; the gold set has {gold['records']:,} records"
    rows = (
        [each["poster"], where, f"{each['records']:,}", f"{each['batches']:,}", f"{each['waiting']:,}", each["last_at"] or ""]
        for where, some in (("records", found["posters"]), ("gold set", gold["posters"]))
        for each in some
    )
    table = display.table("poster", "of", "records", "batches", "waiting", "last", rows=rows)
    session.answer(found, Group(Text(head), table), as_json=given.json)
    return exits.OK


def provenance(session: Session, given: argparse.Namespace) -> int:
    with session.api() as api:
        found = api.provenance(given.task, given.record_id)
    names = ("batch_id", "poster", "received_at", "verdict", "status", "source")
    rows = ([str(version[name] or "") for name in names] for version in found["versions"])
    session.answer(found, display.table(*names, rows=rows), as_json=given.json)
    return exits.OK


def gold(session: Session, given: argparse.Namespace) -> int:
    """A file is sent in as many batches as it needs; each is waited for."""
    if not postable(given.file):
        raise InvalidRequest("the gold set is posted: give JSON Lines, which are sent in parts", code="too_large", field="file")
    with session.api() as api:
        sent = [api.add_gold(given.task, body.content, body.content_type)["batch_id"] for body in bodies(given.file)]
        receipts = [following.processed(api, given.task, batch_id, session.sleep) for batch_id in sent]
    for receipt in receipts:
        counts = ", ".join(f"{number:,} {name}" for name, number in receipt["counts"].items() if number)
        session.answer(receipt, Text(f"{receipt['batch_id']}: {counts}"), as_json=given.json)
    taken = sum(receipt["counts"][name] for receipt in receipts for name in ("accepted", "duplicate"))
    return exits.OK if taken else exits.REFUSED
