"""CoNLL files: one token and its IOB tag a line, read into one NER record per document or sentence."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from chartloop import spans
from chartloop.errors import FileProblem, InvalidRequest
from chartloop.task import Note

EXTENSIONS = (".tsv", ".conll", ".iob", ".bio", ".txt")
_DOCUMENT = "-DOCSTART-"

Sentence = list[tuple[str, str]]
"""(token, tag)."""


def read_folder(path: Path) -> Iterator[tuple[dict[str, Any], list[Note]]]:
    """(record, notes) of every document in a folder's files, or in one file; there is never anything to note.

    A file with `-DOCSTART-` lines gives one record a document, its sentences on lines of their own; any other file one record a
    sentence. The text is the tokens joined by one space, and a record's id is the file's name and a number from 1. Raises
    InvalidRequest for a line that is no token and tag, naming file and line, and FileProblem where a file is not UTF-8.
    """
    path = Path(path)
    files = [path] if path.is_file() else sorted(file for file in path.glob("*") if file.suffix in EXTENSIONS)
    if not files:
        raise InvalidRequest(f"the folder holds no file ending in {', '.join(EXTENSIONS)}", field="path")
    for file in files:
        for number, document in enumerate(_documents(file), start=1):
            yield _record(f"{file.stem}-{number}", document), []


def _documents(file: Path) -> Iterator[list[Sentence]]:
    try:
        lines = file.read_bytes().decode("utf-8").removeprefix("\ufeff").split("\n")
    except UnicodeDecodeError as error:
        raise FileProblem(f"{file.name} is not UTF-8 at byte {error.start}", code="not_utf8", field=file.name) from None
    marked = any(line.startswith(_DOCUMENT) for line in lines)
    document: list[Sentence] = []
    for sentence in _sentences(lines, file.name):
        if marked and sentence is not None:
            document.append(sentence)
        elif marked and document:
            yield document
            document = []
        elif sentence is not None:
            yield [sentence]
    if document:
        yield document


def _sentences(lines: Iterable[str], name: str) -> Iterator[Sentence | None]:
    """Sentences in order; None where a document begins."""
    sentence: Sentence = []
    for number, line in enumerate(lines, start=1):
        begins = line.startswith(_DOCUMENT)
        if line.strip() and not begins:
            sentence.append(_token(line, f"{name}, line {number}"))
            continue
        if sentence:
            yield sentence
            sentence = []
        if begins:
            yield None
    if sentence:
        yield sentence


def _token(line: str, place: str) -> tuple[str, str]:
    """The first and the last column; columns are separated by tabs, or by white space where there is no tab."""
    columns = [column.strip() for column in line.split("\t")] if "\t" in line else line.split()
    token, tag = columns[0], columns[-1]
    if len(columns) < 2 or not token:
        raise InvalidRequest(f"{place}: not a token and its tag", code="not_the_format", field=place)
    if tag != "O" and not (tag[:2] in ("B-", "I-") and tag[2:]):
        raise InvalidRequest(f"{place}: the tag is neither O nor begins with B- or I-", code="not_the_format", field=place)
    return token, tag


def _record(record_id: str, document: list[Sentence]) -> dict[str, Any]:
    lines: list[str] = []
    found: list[dict[str, Any]] = []
    start = 0
    for sentence in document:
        places = []
        for token, _ in sentence:
            places.append((start, start + len(token)))
            start += len(token) + 1
        found += spans.decode(places, [tag for _, tag in sentence])
        lines.append(" ".join(token for token, _ in sentence))
    return {"record_id": record_id, "text": "\n".join(lines), "entities": found}
