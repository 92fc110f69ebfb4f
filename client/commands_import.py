"""The command `import`: files in the formats that data sets are published in, as records that `push` sends."""

from __future__ import annotations

import argparse
import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from adapters import brat, codiesp, conll, diabetes130, medquad, mtsamples, pubmedqa
from chartloop.columns import Remark
from chartloop.errors import InvalidRequest
from chartloop.task import Note
from client import arguments, exits
from client.files import replaced
from client.session import Session

Read = tuple[Mapping[str, Any] | None, list[Note] | list[Remark]]
"""A record with what was noted of it; None, with what is true of no record alone."""


def _medquad(given: argparse.Namespace) -> Iterator[Read]:
    """With `--texts`, some of the documents go there as plain texts, and only the others are records."""
    if given.texts is None:
        yield from medquad.read_file(given.path)
        return
    parts = medquad.share_out(medquad.pairs(given.path), given.texts_percent)
    with replaced(given.texts) as output:
        output.writelines(json.dumps({"text": text}, ensure_ascii=False) + "\n" for text in parts.texts)
    told = {"text": len(parts.texts), "near_a_record": parts.left_out}
    yield from ((None, [Note(code, "of another document")]) for code, number in told.items() for _ in range(number))
    yield from ((pair.record, []) for pair in parts.pairs)


READERS: dict[str, Callable[[argparse.Namespace], Iterable[Read]]] = {
    "brat": lambda given: brat.read_folder(given.path),
    "conll": lambda given: conll.read_folder(given.path),
    "codiesp": lambda given: codiesp.read_folder(given.path),
    "codiesp-en": lambda given: codiesp.read_folder(given.path, language="en"),
    "medquad": _medquad,
    "mtsamples": lambda given: mtsamples.read_file(given.path, given.labels),
    "pubmedqa": lambda given: pubmedqa.read_file(given.path, given.labels),
    "diabetes130": lambda given: diabetes130.read_file(given.path),
}


def add(commands: arguments.Commands) -> None:
    parser = arguments.add(commands, "import", import_files, "write annotated files as records, one a document")
    parser.add_argument("format", choices=tuple(READERS))
    files = "a folder; of mtsamples, medquad, pubmedqa and diabetes130 the file"
    parser.add_argument("path", type=arguments.existing, metavar="PATH", help=files)
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="FILE.jsonl")
    parser.add_argument(
        "--labels", type=arguments.names, default=[], metavar="A,B",
        help="mtsamples: the specialties, a note under several gets the first; pubmedqa: the decisions, else it is prompts",
    )  # fmt: skip
    parser.add_argument("--texts", type=Path, metavar="FILE.jsonl", help="medquad: other documents, as plain texts")
    parser.add_argument(
        "--texts-percent", type=arguments.positive, default=40, metavar="N", help="of the documents are texts (%(default)s)"
    )


def import_files(session: Session, given: argparse.Namespace) -> int:
    """Tells what was noted of each record, counts all that was noted or dropped, and tells what was so once."""
    told, held = Counter[str](), Counter[str]()
    apart = list[Note | Remark]()
    records = 0
    with replaced(given.output) as output:
        for record, notes in READERS[given.format](given):
            told.update(note.code for note in notes)
            if record is None:
                apart += notes
                continue
            output.write(json.dumps(record, ensure_ascii=False) + "\n")
            records += 1
            held.update(_held(record))
            for note in notes:
                session.out.print(f"{record['record_id']}: {note.code}: {note.message}", soft_wrap=True, markup=False)
        if not records:
            raise InvalidRequest(f"no {given.format} records there", code="nothing_parsed")
    for note in apart:
        if told[note.code] == 1:
            session.out.print(f"{note.code}: {note.message}", soft_wrap=True, markup=False)
    within = " with " + ", ".join(f"{count:,} {what}" for what, count in held.items()) if held else ""
    counts = "".join(f", {number:,} {code}" for code, number in sorted(told.items()))
    session.out.print(f"{records:,} records{within} in {given.output}{counts}", soft_wrap=True, markup=False)
    return exits.OK


def _held(record: Mapping[str, Any]) -> dict[str, int]:
    """What is counted of a record: its entities, or its label."""
    if "entities" in record:
        return {"entities": len(record["entities"])}
    return {record["label"]: 1} if "label" in record else {}
