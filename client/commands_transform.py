"""The command `transform`: a file of notes through the model in service as one job, and what came of it."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rich.console import Group, RenderableType
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn
from rich.text import Text

from client import arguments, asked, display, exits, transforming
from client.api import Api
from client.commands_costs import dollars, duration
from client.contracts_transform import Transform
from client.session import Session


def add(commands: arguments.Commands) -> None:
    parser = arguments.add(commands, "transform", transform, "run a file of notes through the model in service as one job")
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("file", type=arguments.file, metavar="FILE", nargs="?", help=".jsonl .json .csv .xlsx, each also .gz")
    what.add_argument("--id", metavar="TRANSFORM", help="one that was started before")
    what.add_argument("--stop", metavar="TRANSFORM", help="stop one")
    parser.add_argument("-o", "--output", type=Path, metavar="OUT.jsonl", help="wait, and write one result a line, in order")
    parser.add_argument("--wait", action="store_true", help="follow it to its end")
    arguments.least_confidence(parser)
    arguments.options(parser)
    arguments.of_task(parser)


def transform(session: Session, given: argparse.Namespace) -> int:
    """Exit code 1 where a line of the input was not predicted."""
    with session.api() as api:
        if given.stop:
            found = api.stop_transform(given.task, given.stop)
        elif given.id:
            found = api.transform(given.task, given.id)
        else:
            return of_file(session, given, wait=given.wait)
        if given.wait or given.output:
            found = whole(session, api, found, given.output)
    return _answered(session, given, found)


def of_file(session: Session, given: argparse.Namespace, *, wait: bool = True) -> int:
    """A file that is given to this command, or to `predict --batch`: sent, and with `wait` or an output followed to its end."""
    with session.api() as api:
        found = sent(session, api, given.task, given.file, asked.options(given))
        if wait or given.output:
            found = whole(session, api, found, given.output)
    return _answered(session, given, found)


def _answered(session: Session, given: argparse.Namespace, found: Transform) -> int:
    session.answer(found, shown(found, given.output), as_json=given.json)
    return exits.REFUSED if found["counts"] and found["counts"]["failed"] else exits.OK


def sent(session: Session, api: Api, task: str, file: Path, options: Mapping[str, Any]) -> Transform:
    """The transform of a file, started."""
    with Progress(
        TextColumn("{task.description}", markup=False), BarColumn(), DownloadColumn(),
        console=session.notices, disable=not session.notices.is_terminal,
    ) as progress:  # fmt: skip
        bar = progress.add_task("sending", total=None)
        found = transforming.begin(api, task, file, options=options, progress=lambda size: progress.advance(bar, size))
    session.notices.print(f"started {found['transform_id']}", soft_wrap=True)
    return found


def whole(session: Session, api: Api, started: Transform, output: Path | None) -> Transform:
    """The transform at its end, its results in `output`; each change of its status is told on the way."""
    statuses = [started["status"]]

    def told(found: Transform) -> None:
        if found["status"] != statuses[-1]:
            statuses.append(found["status"])
            session.notices.print(found["status"])

    done = transforming.followed(api, started["task"], started["transform_id"], session.sleep, told)
    if output is not None and done["status"] == "done":
        transforming.fetch(api, done, output)
    return done


def shown(found: Transform, output: Path | None) -> RenderableType:
    """Its status, what it is estimated to take, and once it is done its counts, errors and score."""
    parts: list[RenderableType] = [Text.assemble(found["transform_id"], "  ", display.word(found["status"]))]
    if found["status"] in ("queued", "running") and (estimate := found["estimate"]):
        parts.append(Text(f"about {duration(estimate['seconds'])} and {dollars(estimate['usd'])} on {estimate['instance']}"))
    if counts := found["counts"]:
        where = f" in {output}" if output else ""
        parts.append(Text(f"{counts['predicted']:,} of {counts['lines']:,} texts by {found['model_version']}{where}"))
    parts += [Text(f"line {error['line']}: {error['code']}: {error['message']}", style="red") for error in found["errors"]]
    if score := found["score"]:
        figures = ", ".join(f"{name.replace('_', ' ')} {display.figure(value)}" for name, value in score["metrics"].items())
        parts.append(Text(f"{score['records']:,} texts with the truth: {figures}"))
        rows = ([name, f"{its['support']:.0f}", *(display.figure(its[m]) for m in ("precision", "recall", "f1"))]
                for name, its in score["labels"].items())  # fmt: skip
        parts.append(display.table("label", "support", "precision", "recall", "F1", rows=rows))
    return Group(*parts)
