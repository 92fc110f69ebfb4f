"""What the API says of rows, as types."""

from __future__ import annotations

from typing import Literal, TypedDict


class Column(TypedDict):
    name: str
    type: Literal["number", "category", "ordinal", "flag"]
    known: Literal["admission", "discharge"]
    missing: list[str]
    values: list[str]
    title: str
    words: dict[str, str]


class RowSchema(TypedDict):
    task: str
    model_version: str
    unit: str
    columns: list[Column]


class AddedByColumn(TypedDict):
    column: str
    given: str | float | bool | None
    adds: float


class ChangedInRow(TypedDict):
    code: str
    message: str
    field: str | None
