"""The declared columns of a row: how each is checked, what counts as missing, and what may not be known yet.

Artifacts carry this file too, so that a row is read in service as it was in training: it needs no pydantic.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal, NoReturn

from chartloop import fields
from chartloop.errors import InvalidRequest

FLAGS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
"""How tables and forms write a flag, whatever the case of its letters."""

Cell = str | float | bool
Row = dict[str, Cell]
"""A row in canonical form: a number is a float, a category or step of an order a string; what is missing is left out."""


@dataclass(frozen=True)
class Column:
    """One column of a task's rows."""

    name: str
    type: Literal["number", "category", "ordinal", "flag"]
    known: Literal["admission", "discharge"] = "admission"
    """A column known only at discharge is refused: nobody has it when a prediction is wanted."""
    missing: tuple[str, ...] = ()
    """Strings that stand for no value. Any other string, `None` and `NaN` among them, is a value."""
    values: tuple[str, ...] = ()
    """Of an ordinal its steps, least first; of a category those there are. Empty: a category takes what training finds."""
    title: str = ""
    """What a person reads in place of the name."""
    words: Mapping[str, str] = field(default_factory=dict)
    """By value: what a person reads in place of it."""

    __pydantic_config__: ClassVar[Any] = {"extra": "forbid"}

    def __post_init__(self) -> None:
        if not 1 <= len(self.name) <= fields.MAX_LABEL:
            raise ValueError(f"a column's name must have 1 to {fields.MAX_LABEL} characters")
        if self.type == "ordinal" and not self.values:
            raise ValueError("an ordinal column must list its values, least first")


@dataclass(frozen=True)
class Remark:
    """What was changed in a row that is accepted; nothing of the row stands in it."""

    code: str
    message: str
    field: str | None = None


def of_json(declared: Iterable[Mapping[str, Any]]) -> tuple[Column, ...]:
    """Columns as settings and cards hold them."""
    lists = ("missing", "values")
    return tuple(Column(**{**each, **{name: tuple(each.get(name, ())) for name in lists}}) for each in declared)


def check(value: Any, columns: Sequence[Column], place: str = "features") -> tuple[Row, list[Remark]]:
    """(the row in canonical form, what was changed in it).

    A category that its column does not list is accepted as missing, with a remark. Raises InvalidRequest: `unknown_column`,
    `known_at_discharge`, `wrong_type`, `not_finite`. An unknown column is told by its position: its name may be anything.
    """
    by_name = {column.name: column for column in columns}
    row, remarks = Row(), list[Remark]()
    for position, (name, held) in enumerate(fields.an_object(value, place).items(), start=1):
        column = by_name.get(name) or _unknown(name, position, place, by_name)
        where = f"{place}.{column.name}"
        if column.known == "discharge":
            message = f"{where} is known only at discharge, and a prediction is made at admission: leave the column out"
            raise InvalidRequest(message, code="known_at_discharge", field=where)
        if held is None or held == "" or (isinstance(held, str) and held in column.missing):
            continue
        cell = READERS[column.type](held, where)
        if column.values and cell not in column.values:
            remarks.append(Remark("unseen_category", f"{where} is none of the values that are known; taken as missing", where))
        else:
            row[column.name] = cell
    return row, remarks


def _unknown(name: str, position: int, place: str, known: Mapping[str, Column]) -> NoReturn:
    near = difflib.get_close_matches(str(name), known, n=1)
    hint = f"did you mean {near[0]}?" if near else f"the task declares {len(known)}, see its setting columns"
    raise InvalidRequest(
        f"column {position} of {place} is none that the task declares; {hint}", code="unknown_column", field=place
    )


def _number(value: Any, where: str) -> float:
    """Tables and forms write a number as a string."""
    if not isinstance(value, str):
        return fields.number(value, where)
    try:
        found = float(value)
    except ValueError:
        raise InvalidRequest(f"{where} must be a number", code="wrong_type", field=where) from None
    return fields.number(found, where)


def _category(value: Any, where: str) -> str:
    """A whole number is the name of a category too: ids and codes often are."""
    written = str(int(value)) if isinstance(value, int | float) and not isinstance(value, bool) and value % 1 == 0 else value
    return fields.short(written, where, fields.MAX_LABEL)


def _flag(value: Any, where: str) -> bool:
    written = str(value).strip().casefold() if isinstance(value, str | bool | int) else ""
    if written not in FLAGS:
        raise InvalidRequest(f"{where} must be true or false", code="wrong_type", field=where)
    return FLAGS[written]


READERS: Mapping[str, Callable[[Any, str], Cell]] = {
    "number": _number,
    "category": _category,
    "ordinal": _category,
    "flag": _flag,
}
