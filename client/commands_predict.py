"""The command `predict`: one note on the screen, or a file of them into a file."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from rich.progress import track

from chartloop.errors import InvalidRequest, TooLarge
from client import annotate, arguments, exits
from client.api import Api
from client.contracts import TextResult
from client.files import replaced
from client.session import Session

TEXTS_OF_A_CALL = 64
CHARACTERS_OF_A_CALL = 100_000

Text = dict[str, str]
"""`id` and `text`."""


def add(commands: arguments.Commands) -> None:
    parser = arguments.add(commands, "predict", predict, "find the entities of a note, or of a file of notes")
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("text", metavar="TEXT", nargs="?", help="the note; - reads it from standard input")
    what.add_argument("--file", type=arguments.file, metavar="IN.jsonl", help="one note a line: `record_id` or `id`, and `text`")
    parser.add_argument("-o", "--output", type=Path, metavar="OUT.jsonl", help="one result a line, in the order of --file")
    parser.add_argument("--min-confidence", type=float, default=0.0, metavar="0..1", help="leave out what is less certain")
    arguments.task(parser)
    arguments.as_json(parser)


def predict(session: Session, given: argparse.Namespace) -> int:
    if (given.file is None) != (given.output is None):
        given.refuse("--file and -o go together")
    with session.api() as api:
        if given.file is None:
            text = sys.stdin.read() if given.text == "-" else given.text
            return _one(session, api, text, given)
        return _many(session, api, given)


def _one(session: Session, api: Api, text: str, given: argparse.Namespace) -> int:
    answer = api.predict(given.task, [text], min_confidence=given.min_confidence)
    result = answer["predictions"][0]
    if given.json:
        session.write_json(answer)
    elif "error" in result:
        session.notices.print(f"{result['error']['code']}: {result['error']['message']}", soft_wrap=True)
    else:
        session.out.print(shown(session, text, result), soft_wrap=True)
        session.notices.print(f"{len(result['entities'])} entities by {answer['model_version']}", soft_wrap=True)
    return exits.REFUSED if "error" in result else exits.OK


def shown(session: Session, text: str, result: TextResult) -> Any:
    """The note with its entities, as the session's console can show it."""
    write = annotate.coloured if session.out.is_terminal else annotate.plain
    return write(text, result["entities"])


def _many(session: Session, api: Api, given: argparse.Namespace) -> int:
    """Writes one result a line; a text that cannot be read has its error in its place."""
    texts = list(_read(given.file))
    failed = 0
    with replaced(given.output) as output:
        for call in track(list(_calls(texts)), "predicting", console=session.notices, disable=not session.notices.is_terminal):
            for result in _answered(api, call, given):
                failed += "error" in result
                output.write(json.dumps(result, ensure_ascii=False) + "\n")
    session.out.print(f"{len(texts) - failed:,} of {len(texts):,} texts in {given.output}", soft_wrap=True)
    return exits.REFUSED if failed else exits.OK


def _answered(api: Api, call: list[Text], given: argparse.Namespace) -> list[TextResult]:
    try:
        return api.predict(given.task, call, min_confidence=given.min_confidence)["predictions"]
    except TooLarge as error:
        if len(call) > 1:
            raise
        return [{"id": call[0]["id"], "error": {"code": error.code, "message": error.message}}]


def _read(file: Path) -> Iterator[Text]:
    with file.open(encoding="utf-8") as lines:
        for number, line in enumerate(lines, start=1):
            if line.strip():
                yield _text(line, number)


def _text(line: str, number: int) -> Text:
    try:
        value = json.loads(line)
    except ValueError:
        raise InvalidRequest(f"line {number} is no JSON", code="invalid_json") from None
    if not isinstance(value, dict) or not isinstance(value.get("text"), str):
        raise InvalidRequest(f"line {number} has no text", code="missing_field", field="text")
    return {"id": str(value.get("record_id") or value.get("id") or number), "text": value["text"]}


def _calls(texts: list[Text]) -> Iterator[list[Text]]:
    """The texts in calls that stay under the service's limits; a longer text is a call by itself."""
    call, size = list[Text](), 0
    for text in texts:
        if call and (len(call) == TEXTS_OF_A_CALL or size + len(text["text"]) > CHARACTERS_OF_A_CALL):
            yield call
            call, size = [], 0
        call.append(text)
        size += len(text["text"])
    if call:
        yield call
