"""The commands about what becomes of predictions: `review`, `feedback` and `drift`."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from rich.console import Group, RenderableType
from rich.progress import track
from rich.text import Text

from chartloop.errors import ChartloopError, Conflict, InvalidRequest, NotFound, TooLarge
from client import annotate, arguments, display, exits
from client.contracts_feedback import Drift, Review, Waiting
from client.session import Session

OF_THE_LINE = (InvalidRequest, NotFound, Conflict, TooLarge)
"""Refusals of one correction; after any other one the rest would be refused too."""


def add(commands: arguments.Commands) -> None:
    parser = arguments.add(commands, "review", review, "list the kept predictions that nobody has corrected, least sure first")
    parser.add_argument("--limit", type=arguments.positive, default=20, metavar="N", help="how many (%(default)s)")
    parser.add_argument("--text", action="store_true", help="with the notes; the token must be one that may write records")
    arguments.of_task(parser)
    parser = arguments.add(commands, "feedback", feedback, "send corrected predictions, which become labelled records")
    parser.add_argument("file", type=arguments.file, metavar="FILE.jsonl", help="a line: prediction_id, and entities or codes")
    parser.add_argument("--offset-unit", choices=("codepoint", "utf16"), help="what the offsets count, where a line does not say")
    arguments.of_task(parser)
    parser = arguments.add(commands, "drift", drift, "show how each model version answers, and what corrections changed")
    parser.add_argument("--days", type=arguments.positive, default=30, metavar="N", help="of the last N days (%(default)s)")
    arguments.of_task(parser)


def review(session: Session, given: argparse.Namespace) -> int:
    with session.api() as api:
        found = api.review(given.task, limit=given.limit, text=given.text)
    session.answer(found, _queue(session, found), as_json=given.json)
    return exits.OK


def _queue(session: Session, found: Review) -> Group:
    listed = display.table(
        "prediction", "least sure", "entities", "characters", "kept",
        rows=(
            [each["prediction_id"], display.figure(each["least_confidence"]), str(each["entities"]), f"{each['characters']:,}",
             each["kept_at"][:19].replace("T", " ")]
            for each in found["predictions"]
        ),
    )  # fmt: skip
    notes = [part for each in found["predictions"] if "text" in each for part in _note(session, each)]
    more = [Text("there are more", style="dim")] if found["next"] else []
    return Group(listed, *notes, *more)


def _note(session: Session, waiting: Waiting) -> Iterator[RenderableType]:
    write = annotate.coloured if session.out.is_terminal else annotate.plain
    yield Text(f"\n{waiting['prediction_id']}", style="bold")
    yield write(waiting["text"], waiting["found"])


def feedback(session: Session, given: argparse.Namespace) -> int:
    """One correction after the other; a line that is refused does not stop the others. JSON: one receipt a line."""
    lines = list(_lines(given.file))
    refused = 0
    with session.api() as api:
        for number, said in track(lines, "sending", console=session.notices, disable=not session.notices.is_terminal):
            if given.offset_unit:
                said = {"offset_unit": given.offset_unit, **said}
            try:
                receipt = api.feedback(given.task, **said)
            except OF_THE_LINE as error:
                refused += 1
                _tell(session, number, error)
                continue
            if given.json:
                session.out.file.write(json.dumps(receipt, ensure_ascii=False) + "\n")
    session.notices.print(f"{len(lines) - refused:,} of {len(lines):,} corrections taken", soft_wrap=True)
    return exits.REFUSED if refused else exits.OK


def _tell(session: Session, number: int, error: ChartloopError) -> None:
    where = f"{error.field}: " if error.field else ""
    session.notices.print(f"line {number}: {error.code}: {where}{error.message}", soft_wrap=True)


def _lines(file: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    with file.open(encoding="utf-8") as lines:
        for number, line in enumerate(lines, start=1):
            if line.strip():
                yield number, _correction(line, number)


FIELDS = {"prediction_id", "entities", "codes", "text", "patient_id", "offset_unit"}


def _correction(line: str, number: int) -> dict[str, Any]:
    """Raises InvalidRequest, before anything is sent."""
    try:
        said = json.loads(line)
    except ValueError:
        raise InvalidRequest(f"line {number} is no JSON", code="invalid_json") from None
    if not isinstance(said, dict) or not isinstance(said.get("prediction_id"), str):
        raise InvalidRequest(f"line {number} has no prediction_id", code="missing_field", field="prediction_id")
    if said.keys() - FIELDS:
        raise InvalidRequest(f"line {number} has an unknown field; known are {', '.join(sorted(FIELDS))}", code="unknown_field")
    return said


def drift(session: Session, given: argparse.Namespace) -> int:
    with session.api() as api:
        found = api.drift(given.task, days=given.days)
    session.answer(found, shown(found), as_json=given.json)
    return exits.OK


def shown(found: Drift) -> Group:
    """The versions side by side, then the labels of each."""
    versions = display.table(
        "version", "texts", "without entities", "mean confidence", "mean length", "corrected", "disagreement",
        rows=(_row(version) for version in found["versions"]),
    )  # fmt: skip
    rates = display.table(
        "version", "label", "entities", "per 1,000 tokens",
        rows=(
            [version["model_version"], rate["label"], f"{rate['entities']:,}", display.figure(rate["per_1000_tokens"], 1)]
            for version in found["versions"]
            for rate in version["labels"]
        ),
    )  # fmt: skip
    return Group(Text(f"since {found['since']}"), versions, Text(), rates)


def _row(version: Any) -> Iterable[RenderableType]:
    corrections = version["corrections"]
    return [
        version["model_version"],
        f"{version['texts']:,}",
        display.figure(version["without_entities"]),
        display.figure(version["confidence"]["mean"]),
        display.figure(version["characters"]["mean"], 0),
        str(corrections["texts"] if corrections else 0),
        display.figure(corrections["disagreement"] if corrections else None),
    ]
