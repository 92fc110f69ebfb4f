"""Tables of records: CSV and XLSX, whose header names the fields and whose rows are the records."""

from __future__ import annotations

import csv
import io
import warnings
import zipfile
import zlib
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Any

from chartloop import strictjson
from chartloop.errors import FileProblem
from chartloop.records import Line, Problem, parse_json_line

JSON_COLUMNS = frozenset({"entities", "codes", "features", "target"})
"""Their cells hold JSON; every other cell is the field's string."""

# What reading a damaged workbook raises, wherever in it the damage is. SyntaxError is the base of XML's parse errors.
_DAMAGE = (
    zipfile.BadZipFile, zlib.error, EOFError, OSError, SyntaxError, LookupError, ValueError, TypeError, AttributeError,
    ArithmeticError, RuntimeError,
)  # fmt: skip

Row = Sequence[Any]


def csv_text(text: str, *, columns: Collection[str], gathers: str = "", own: Collection[str] = ()) -> list[Line]:
    """The records of a comma-separated table (RFC 4180) that has these columns at least. Raises FileProblem.

    Where it lacks the column `gathers`, that field is an object of the cells below all names that are not the record's `own`.
    """
    csv.field_size_limit(max(csv.field_size_limit(), len(text)))  # a text may be longer than the default; the file bounds it
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        return list(_lines(reader, columns, gathers, own))
    except csv.Error as error:
        code = "truncated" if "unexpected end" in str(error) else "not_the_format"  # csv tells them apart by message alone
        raise FileProblem(f"the quotes of line {reader.line_num} are not CSV", code=code) from None


def xlsx(body: bytes, *, columns: Collection[str], limit: int, gathers: str = "", own: Collection[str] = ()) -> list[Line]:
    """The same of a workbook's first sheet; `limit` bounds the bytes that it inflates to. Raises FileProblem."""
    if not body.startswith(b"PK"):
        raise FileProblem("the file is named .xlsx and is no workbook", code="not_the_format")
    _check_archive(body, limit)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # openpyxl's warnings quote cells
        try:
            return list(_lines(_rows(body), columns, gathers, own))
        except _DAMAGE:
            raise FileProblem("the workbook cannot be read", code="not_the_format") from None


def _check_archive(body: bytes, limit: int) -> None:
    """zipfile reads no more of a member than its declared size, so the declared sizes bound what is inflated."""
    try:
        with zipfile.ZipFile(io.BytesIO(body)) as archive:
            size = sum(member.file_size for member in archive.infolist())
    except _DAMAGE:
        raise FileProblem("the workbook is cut off or damaged", code="truncated") from None
    if size > limit:
        raise FileProblem(f"the workbook inflates to more than {limit:,} bytes", code="gzip_bomb")


def _rows(body: bytes) -> Iterator[Row]:
    from openpyxl import load_workbook  # costs 100 ms that no other format should pay

    workbook = load_workbook(io.BytesIO(body), read_only=True, data_only=True)
    sheet = workbook.worksheets[0]
    sheet.reset_dimensions()  # a sheet may claim to be larger than it is
    yield from sheet.iter_rows(values_only=True)
    workbook.close()


def _lines(rows: Iterable[Row], columns: Collection[str], gathers: str, own: Collection[str]) -> Iterator[Line]:
    """One Line for each row below the header that holds something; rows are counted from 1."""
    source = iter(rows)
    first = next(source, ())
    into = "" if gathers in _names(first) else gathers
    header = _header(first, [name for name in columns if name != into])
    for number, row in enumerate(source, start=1):
        if number > strictjson.MAX_ITEMS:
            raise FileProblem(f"more than {strictjson.MAX_ITEMS:,} rows", code="too_large")
        if any(cell not in (None, "") for cell in row):
            line = _line(number, header, row)
            yield _gathered(line, own, into) if into else line


def _names(row: Row) -> list[str]:
    return ["" if cell is None else str(cell).strip() for cell in row]


def _header(row: Row, columns: Collection[str]) -> list[str]:
    names = _names(row)
    missing = [name for name in columns if name not in names]
    if missing:
        raise FileProblem(f"the header lacks {', '.join(missing)}", code="not_the_format")
    if len(set(filter(None, names))) < len(list(filter(None, names))):
        raise FileProblem("the header names a column twice", code="not_the_format")
    return names


def _line(number: int, header: Sequence[str], row: Row) -> Line:
    """Empty cells are absent fields, so that an optional one may be left out."""
    record: dict[str, Any] = {}
    for column, cell in enumerate(row):
        if cell in (None, ""):
            continue
        name = header[column] if column < len(header) else ""
        if not name:
            return Line(number, problem=Problem("unknown_field", f"cell {column + 1} stands below no column name"))
        value = _value(name, cell)
        if isinstance(value, Problem):
            return Line(number, problem=Problem(value.code, f"{name}: {value.message}", name))
        record[name] = value
    return Line(number, record)


def _gathered(line: Line, fields: Collection[str], into: str) -> Line:
    """The line's record with all but its `fields` in the one that holds them."""
    if line.problem is not None:
        return line
    own = {name: value for name, value in line.value.items() if name in fields}
    return Line(line.number, {**own, into: {name: value for name, value in line.value.items() if name not in fields}})


def _value(name: str, cell: Any) -> Any | Problem:
    """A cell as its field's value. Sheets make numbers of ids and codes that look like one: they become strings again."""
    if name in JSON_COLUMNS:
        return parse_json_line(cell) if isinstance(cell, str) else cell
    if isinstance(cell, int | float) and not isinstance(cell, bool):
        return str(int(cell) if cell == int(cell) else cell)
    return cell
