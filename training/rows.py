"""Rows of declared columns as the matrix that a booster learns from and answers to. Artifacts carry this file: numpy alone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from chartloop.columns import Column, Row

Floats = npt.NDArray[np.float32]


def learned(rows: Iterable[Row], columns: Sequence[Column]) -> tuple[Column, ...]:
    """What a model is trained on: the columns that are known at admission, a category with the values that it has in `rows`."""
    found: dict[str, set[Any]] = {}
    for row in rows:
        for name, cell in row.items():
            found.setdefault(name, set()).add(cell)
    early = [column for column in columns if column.known == "admission"]
    values = {column.name: tuple(sorted(found.get(column.name, ()))) for column in early if column.type == "category"}
    return tuple(replace(column, values=values.get(column.name, column.values)) for column in early)


def matrix(rows: Sequence[Mapping[str, Any]], columns: Sequence[Column]) -> Floats:
    """rows x columns: numbers and flags as they are, categories and steps by their place among the column's values, else NaN."""
    filled = np.full((len(rows), len(columns)), np.nan, dtype=np.float32)
    for place, column in enumerate(columns):
        code = {value: float(number) for number, value in enumerate(column.values)} if column.values else None
        for line, row in enumerate(rows):
            cell = row.get(column.name)
            if cell is not None:
                filled[line, place] = cell if code is None else code.get(cell, np.nan)
    return filled


def types(columns: Iterable[Column]) -> list[str]:
    """As XGBoost names them: `c` for a category, `q` for what has an order."""
    return ["c" if column.type == "category" else "q" for column in columns]
