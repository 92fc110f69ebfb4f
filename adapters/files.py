"""Files of records: JSON Lines, JSON, CSV and XLSX, each also gzipped, read strictly into one line per record."""

from __future__ import annotations

import gzip
import io
import re
import zlib
from collections.abc import Collection

from adapters import spreadsheet
from chartloop import strictjson, tasks
from chartloop.errors import FileProblem
from chartloop.records import Line, Problem, parse_json_line

__all__ = ["EXTENSIONS", "LIMIT", "FileProblem", "parse", "read_text"]

EXTENSIONS = ("jsonl", "json", "csv", "xlsx")
"""Each may be followed by `.gz`."""

LIMIT = 64 * 2**20
"""Bytes of a file, and of what it inflates to."""

_GZIP, _ZIP = b"\x1f\x8b", b"PK\x03\x04"
_RECORDS = re.compile(r'[ \t\r\n]*"records"[ \t\r\n]*:[ \t\r\n]*(?=\[)')


def parse(data: bytes, name: str, *, task: str, columns: Collection[str] | None = None, limit: int = LIMIT) -> list[Line]:
    """One Line for every record in `data`, whose format `name` tells by its ending.

    `number` is the line of a JSON Lines file (blank lines are counted, and have no Line), else the element or row from 1, a
    table's header not counted. A table has to have the `columns`, or those that a record of the task needs; the field that the
    task's form gathers may be spread out over columns of its own. A byte order mark at the start is dropped; everything else
    stays raw. A bad record is its Line's problem; raises FileProblem where the file cannot be read as a whole.
    """
    extension, body = _unpacked(data, name, limit)
    form = tasks.form(task)
    needed = form.required if columns is None else columns
    own = (*form.required, *form.optional)
    if extension == "xlsx":
        return spreadsheet.xlsx(body, columns=needed, limit=limit, gathers=form.gathers, own=own)
    text = _decode(body, extension)
    if extension == "csv":
        return spreadsheet.csv_text(text, columns=needed, gathers=form.gathers, own=own)
    return _json(text) if extension == "json" else _json_lines(text)


def read_text(data: bytes, name: str, limit: int = LIMIT) -> str:
    """The text of a file that is no workbook, unpacked where its name ends in `.gz`. Raises FileProblem."""
    extension, body = _unpacked(data, name, limit)
    return _decode(body, extension)


def _unpacked(data: bytes, name: str, limit: int) -> tuple[str, bytes]:
    """(extension, what the file holds)."""
    extension, packed = _format(name)
    body = _inflate(data, limit) if packed else data
    if len(body) > limit:
        raise FileProblem(f"the file is larger than {limit:,} bytes", code="too_large")
    return extension, body


def _format(name: str) -> tuple[str, bool]:
    """(extension, whether gzipped)."""
    lower = name.lower()
    extension = lower.removesuffix(".gz").rpartition(".")[2]
    if extension not in EXTENSIONS or "." not in lower:
        known = ", ".join(f".{known}" for known in EXTENSIONS)
        raise FileProblem(f"the file's name must end in one of {known}, or that and .gz", code="unsupported_format")
    return extension, lower.endswith(".gz")


def _inflate(data: bytes, limit: int) -> bytes:
    """Stops one byte past the limit, however much would follow."""
    if not data.startswith(_GZIP):
        raise FileProblem("the file is named .gz and is not gzipped", code="not_the_format")
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(data)) as stream:
            body = stream.read(limit + 1)
    except (EOFError, zlib.error, gzip.BadGzipFile):
        raise FileProblem("the gzip stream is cut off or damaged", code="truncated") from None
    if len(body) > limit:
        raise FileProblem(f"the file inflates to more than {limit:,} bytes", code="gzip_bomb")
    return body


def _decode(body: bytes, extension: str) -> str:
    if body.startswith((_GZIP, _ZIP)):
        raise FileProblem(f"the file is named .{extension} and is compressed", code="not_the_format")
    try:
        return body.decode("utf-8").removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        raise FileProblem(f"the file is not UTF-8 at byte {error.start}", code="not_utf8") from None


def _json_lines(text: str) -> list[Line]:
    rows = text.split("\n")
    if len(rows) > strictjson.MAX_ITEMS:
        raise FileProblem(f"more than {strictjson.MAX_ITEMS:,} lines", code="too_large")
    filled = [(number, row) for number, row in enumerate(rows, start=1) if row.strip(strictjson.SPACE)]
    if filled and not any(row.lstrip(strictjson.SPACE).startswith(("{", "[")) for _, row in filled):
        raise FileProblem("not one line begins like JSON", code="not_the_format")
    return [_line(number, row) for number, row in filled]


def _line(number: int, text: str) -> Line:
    value = parse_json_line(text)
    return Line(number, problem=value) if isinstance(value, Problem) else Line(number, value)


def _json(text: str) -> list[Line]:
    """An array of records, an object whose `records` is one (its other members are not read here), or one record."""
    start = len(text) - len(text.lstrip(strictjson.SPACE))
    if start == len(text):
        raise FileProblem("the file is empty", code="truncated")
    if text[start] not in "[{":
        raise FileProblem("the file is neither a JSON array nor an object", code="not_the_format")
    items, end = strictjson.split(text, start)
    if text[end:].strip(strictjson.SPACE):
        raise FileProblem("the file goes on after its JSON ends; JSON Lines files are named .jsonl", code="not_the_format")
    if text[start] == "{":
        arrays = [match.end() for item in items if (match := _RECORDS.match(text, *item))]
        if not arrays:
            return [_line(1, text)]
        if len(arrays) > 1:
            raise FileProblem("the file has records twice", code="not_the_format")
        items, _ = strictjson.split(text, arrays[0])
    return [_line(number, text[first:last]) for number, (first, last) in enumerate(items, start=1)]
