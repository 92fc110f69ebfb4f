"""brat standoff: a folder of `.txt` documents with `.ann` files beside them, read into one NER record per document.

Only text-bound annotations (`T` lines) become entities. Every one that is left out or moved is told of in a note, by its id and
offsets.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from chartloop import entities
from chartloop.errors import FileProblem, InvalidRequest
from chartloop.task import Note

_TEXT_BOUND = re.compile(r"(T\S+)\t(\S+) (\d+ \d+(?:;\d+ \d+)*)\t(.*)", re.DOTALL)


def read_folder(path: Path) -> Iterator[tuple[dict[str, Any], list[Note]]]:
    """(record, notes) of every document in the folder, by name; the record's id is the document's name.

    Raises InvalidRequest where the folder holds no document or one lacks its `.ann`, and FileProblem where a file is not UTF-8.
    """
    documents = sorted(Path(path).glob("*.txt"))
    if not documents:
        raise InvalidRequest("the folder holds no .txt documents", field="path")
    for document in documents:
        annotations = document.with_suffix(".ann")
        if not annotations.exists():
            raise InvalidRequest(f"{document.name} has no {annotations.name} beside it", field=document.name)
        yield read(document.stem, _raw(document), _raw(annotations))


def _raw(file: Path) -> str:
    """The file's text with its line ends as they are: offsets count them."""
    try:
        return file.read_bytes().decode("utf-8")
    except UnicodeDecodeError as error:
        raise FileProblem(f"{file.name} is not UTF-8 at byte {error.start}", code="not_utf8", field=file.name) from None


def read(record_id: str, text: str, annotations: str) -> tuple[dict[str, Any], list[Note]]:
    """The record of one document and a note for every annotation that was set aside or moved."""
    notes: list[Note] = []
    found = list(_spans(text, annotations.split("\n"), notes))
    settled, changes = entities.settle(text, found)
    notes += [Note(change.code, change.message, change.name) for change in changes]
    return {"record_id": record_id, "text": text, "entities": settled}, notes


def _spans(text: str, lines: Iterable[str], notes: list[Note]) -> Iterator[dict[str, Any]]:
    for number, line in enumerate(lines, start=1):
        if not line.startswith("T"):
            continue
        match = _TEXT_BOUND.fullmatch(line.rstrip("\r"))
        if match is None:
            notes.append(Note("span_set_aside", f"line {number} is no text-bound annotation", f"line {number}"))
            continue
        name, label, offsets, surface = match.groups()
        reason = _unusable(text, offsets, surface)
        if reason:
            notes.append(Note("span_set_aside", f"{name} {offsets.replace(' ', ':')} {reason}", name))
        else:
            start, end = map(int, offsets.split())
            yield {"start": start, "end": end, "label": label, "name": name}


def _unusable(text: str, offsets: str, surface: str) -> str | None:
    """Why an annotation cannot become an entity, or None."""
    if ";" in offsets:
        return "is discontinuous"
    start, end = map(int, offsets.split())
    if not start < end <= len(text):
        return f"does not lie inside the text of {len(text)} characters"
    covered = text[start:end]
    if covered.isspace():
        return "covers nothing but white space"
    # brat writes the line ends inside a span as spaces
    return None if covered.split() == surface.split() else "does not cover the text that it quotes"
