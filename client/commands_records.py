"""The command that brings records in: `push`."""

from __future__ import annotations

import argparse
import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from rich.progress import BarColumn, DownloadColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from client import arguments, display, exits, following
from client.api import Api
from client.bodies import bodies, postable
from client.contracts import BatchReceipt, RecordVerdict, Run
from client.session import Session
from client.watching import Watch

TAKEN = ("accepted", "duplicate", "replaced")


def add(commands: arguments.Commands) -> None:
    parser = arguments.add(commands, "push", push, "send a file of records and show what became of each")
    parser.add_argument("file", type=arguments.file, metavar="FILE", help=".jsonl .json .csv .xlsx, each also .gz")
    arguments.task(parser)
    arguments.wait(parser)
    arguments.as_json(parser)
    parser.add_argument("--replace", action="store_true", help="a known record_id with another body replaces the stored record")
    parser.add_argument("--span-policy", choices=("longest", "reject"), help="what happens to overlapping spans")
    parser.add_argument("--offset-unit", choices=("codepoint", "utf16"), help="what the offsets count")


def push(session: Session, given: argparse.Namespace) -> int:
    options = {
        name: value
        for name, value in (("replace", given.replace), ("span_policy", given.span_policy), ("offset_unit", given.offset_unit))
        if value
    }
    with session.api() as api:
        before = api.task(given.task)["active_run"] if given.wait else None
        receipts = list(_sent(session, api, given.task, given.file, options))
        _show(session, receipts, as_json=given.json)
        code = exits.OK if any(receipt["counts"][name] for receipt, _ in receipts for name in TAKEN) else exits.REFUSED
        return _follow(session, api, given.task, before) if given.wait and code == exits.OK else code


def _sent(session: Session, api: Api, task: str, file: Path, options: dict[str, Any]) -> Iterator[tuple[BatchReceipt, int]]:
    """(final receipt, lines of the file before it) of each batch; everything is sent before the first is waited for."""
    if postable(file):
        sent = _posted(session, api, task, file, options)
    else:
        with _progress(session, DownloadColumn()) as progress:
            bar = progress.add_task("uploading", total=file.stat().st_size)
            sent = [(api.upload(task, file, progress=lambda size: progress.advance(bar, size), **options), 0)]
    with _progress(session, MofNCompleteColumn()) as progress:
        for batch_id, before in progress.track(sent, description="processing"):
            yield following.processed(api, task, batch_id, session.sleep), before


def _posted(session: Session, api: Api, task: str, file: Path, options: dict[str, Any]) -> list[tuple[str, int]]:
    sent = []
    with _progress(session, DownloadColumn()) as progress:
        bar = progress.add_task("sending", total=file.stat().st_size)
        for body in bodies(file):
            sent.append((api.post_body(task, body.content, body.content_type, **options)["batch_id"], body.lines_before))
            progress.advance(bar, len(body.content))
    return sent


def _progress(session: Session, count: DownloadColumn | MofNCompleteColumn) -> Progress:
    return Progress(
        TextColumn("{task.description}", markup=False), BarColumn(), count, TimeRemainingColumn(),
        console=session.notices, disable=not session.notices.is_terminal,
    )  # fmt: skip


def _show(session: Session, receipts: list[tuple[BatchReceipt, int]], *, as_json: bool) -> None:
    """The counts of all the batches, and every line that was not taken. JSON: one receipt a line."""
    if as_json:
        for receipt, _ in receipts:
            session.out.file.write(json.dumps(receipt, ensure_ascii=False) + "\n")
        return
    counts = Counter[str]()
    for receipt, before in receipts:
        counts.update(receipt["counts"])
        for entry in receipt["records"]:
            _tell(session, entry, before)
        if receipt["status"] == "quarantined":
            session.out.print(f"quarantined: {receipt.get('code')}: {receipt.get('message')}", soft_wrap=True)
        if labels := receipt.get("new_labels"):
            session.out.print(f"new labels: {', '.join(labels)}", soft_wrap=True)
    session.out.print(", ".join(f"{number:,} {name}" for name, number in counts.items() if number or name == "total"))
    session.out.print(f"batches: {', '.join(receipt['batch_id'] for receipt, _ in receipts)}", soft_wrap=True)


def _tell(session: Session, entry: RecordVerdict, before: int) -> None:
    place = f"line {before + entry['line']}" + (f" ({entry['record_id']})" if entry.get("record_id") else "")
    if entry["verdict"] not in TAKEN:
        where = f"{entry['field']}: " if "field" in entry else ""
        session.out.print(f"{place}: {entry['verdict']}: {entry.get('code')}: {where}{entry.get('message')}", soft_wrap=True)
    for note in entry.get("notes", ()):
        session.out.print(f"{place}: note: {note['code']}: {note['message']}", soft_wrap=True)


def _follow(session: Session, api: Api, task: str, before: str | None) -> int:
    """Watches every run that the push started; the exit code is that of the last."""
    last: Run | None = None
    for run_id in following.started_since(api, task, before, session.sleep):
        with Watch(session.notices) as watch:
            last = following.to_the_end(api, run_id, session.sleep, watch)
        session.out.print(display.run(last))
    if last is None:
        session.out.print("no run was started:")
        session.out.print(display.fields(api.task(task)))
        return exits.OK
    return exits.of_run(last)
