"""The command `predict`: one input on the screen, or a file of them into a file."""

from __future__ import annotations

import argparse
import asyncio
import sys
from pathlib import Path
from typing import Any

from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from client import annotate, arguments, asked, bulk, commands_transform, display, exits
from client.api import Api
from client.contracts_predict import Entity, TextResult
from client.session import Session


def add(commands: arguments.Commands) -> None:
    parser = arguments.add(commands, "predict", predict, "ask the model in service: a note, a row, a prompt, or a file of them")
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("text", metavar="TEXT", nargs="?", help="the note, row (JSON) or prompt; - reads standard input")
    what.add_argument(
        "--file", type=arguments.file, metavar="IN.jsonl",
        help="one input a line: `record_id` or `id`, and `text` (regression: `features`, generation: `prompt`)",
    )  # fmt: skip
    parser.add_argument("-o", "--output", type=Path, metavar="OUT.jsonl", help="one result a line, in the order of --file")
    parser.add_argument("--again", action="store_true", help="start the output anew, instead of going on after what it has")
    parser.add_argument(
        "--in-flight", type=arguments.positive, default=bulk.IN_FLIGHT, metavar="N", help="requests at a time (%(default)s)"
    )
    parser.add_argument("--keep", action="store_true", help="keep notes and results for 30 days, for review and correction")
    parser.add_argument("--batch", action="store_true", help="as one job of the service's, as `transform` does")
    arguments.least_confidence(parser)
    arguments.options(parser)
    parser.add_argument("--codes", type=int, default=0, metavar="N", help="suggest up to N billing codes for each text")
    parser.add_argument("--sentences", type=int, metavar="N", help="show up to N sentences that spoke for a label")
    arguments.of_task(parser)


def predict(session: Session, given: argparse.Namespace) -> int:
    if (given.file is None) != (given.output is None):
        given.refuse("--file and -o go together")
    if given.batch and given.file is None:
        given.refuse("--batch goes with --file")
    if given.file is None and (other := asked.other(given.task)):
        return asked.one(session, other, sys.stdin.read() if given.text == "-" else given.text, given)
    if given.file is not None:
        return commands_transform.of_file(session, given) if given.batch else _many(session, given)
    with session.api() as api:
        return _one(session, api, sys.stdin.read() if given.text == "-" else given.text, given)


def _one(session: Session, api: Api, text: str, given: argparse.Namespace) -> int:
    answer = api.ask(given.task, {"texts": [text], **asked.options(given)})
    result = answer["predictions"][0]
    if given.json:
        session.write_json(answer)
    elif "error" in result:
        session.notices.print(f"{result['error']['code']}: {result['error']['message']}", soft_wrap=True)
    else:
        session.out.print(shown(session, text, result), soft_wrap=True)
        if given.codes:
            session.out.print(display.codes(text, result))
        for warning in answer.get("warnings", []):
            session.notices.print(f"{warning['code']}: {warning['message']}", soft_wrap=True)
        kept = f", kept as {result['prediction_id']}" if given.keep else ""
        session.notices.print(f"{_told(result)} by {answer['model_version']}{kept}", soft_wrap=True, markup=False)
    return exits.REFUSED if "error" in result else exits.OK


def shown(session: Session, text: str, result: TextResult) -> Any:
    """The note with its entities, or with the sentences that spoke for its label, as the session's console can show it."""
    write = annotate.coloured if session.out.is_terminal else annotate.plain
    return write(text, result["entities"] if "entities" in result else _speaking(result))


def _speaking(result: TextResult) -> list[Entity]:
    return [
        Entity(
            label=result["label"], start=each["start"], end=each["end"], surface=each["surface"], confidence=result["probability"]
        )
        for each in result["sentences"]
    ]


def _told(result: TextResult) -> str:
    return f"{len(result['entities'])} entities" if "entities" in result else f"{result['label']} ({result['probability']:.2f})"


def _many(session: Session, given: argparse.Namespace) -> int:
    """Goes on after the results that the output has already; a note that cannot be read has its error in its place."""
    with _progress(session) as progress:
        bar = progress.add_task("predicting", total=given.file.stat().st_size, count=0)
        written = asyncio.run(
            bulk.run(
                given.file,
                given.output,
                session.async_api,
                given.task,
                asked.shape(given.task),
                again=given.again,
                in_flight=given.in_flight,
                told=lambda last, written: progress.update(bar, completed=last.end, count=written.results),
                options=asked.options(given),
            )
        )
    what = asked.shape(given.task).many
    session.out.print(f"{written.results - written.errors:,} of {written.results:,} {what} in {given.output}", soft_wrap=True)
    return exits.REFUSED if written.errors else exits.OK


def _progress(session: Session) -> Progress:
    return Progress(
        TextColumn("{task.description}", markup=False), BarColumn(), TaskProgressColumn(),
        TextColumn("{task.fields[count]:,}", markup=False), TimeRemainingColumn(),
        console=session.notices, disable=not session.notices.is_terminal,
    )  # fmt: skip
