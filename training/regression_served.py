"""The task `regression` in the artifact: rows in, a number with its reasons out, with numpy and XGBoost alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import xgboost

from chartloop import columns as declared
from chartloop.columns import Column, Remark
from chartloop.errors import ChartloopError, InvalidRequest
from training import rows

MODEL = "model.ubj"
"""Trees in universal binary JSON, which XGBoost reads without running anything."""
MOST_REASONS = 50
REASONS = 5
DIGITS = 4


def load(folder: Path, card: Mapping[str, Any]) -> Regressor:
    """The card's `schema` has the columns in the booster's order, after them those that are refused; and the unit."""
    booster = xgboost.Booster(model_file=folder / MODEL)
    booster.set_param({"nthread": 1})  # a row is answered in a millisecond; threads would wait for each other longer
    return Regressor(booster, declared.of_json(card["schema"]["columns"]), card["schema"]["unit"])


class Regressor:
    """A loaded booster."""

    def __init__(self, booster: xgboost.Booster, columns: Sequence[Column], unit: str) -> None:
        self._booster = booster
        self._declared = columns
        self._columns = [column for column in columns if column.known == "admission"]
        self._unit = unit

    def refusal(self, value: Any, place: str) -> ChartloopError | None:
        """What is wrong with a row, by the names of its columns."""
        try:
            declared.check(value, self._declared, place)
        except InvalidRequest as error:
            return error
        return None

    def options(self, said: Mapping[str, Any]) -> dict[str, Any]:
        """`reasons`: how many columns to name with what each added; at 0 none is computed."""
        reasons = said.get("reasons", REASONS)
        if isinstance(reasons, bool) or not isinstance(reasons, int) or not 0 <= reasons <= MOST_REASONS:
            raise InvalidRequest(f"reasons must be a whole number from 0 to {MOST_REASONS}", field="reasons")
        return {"reasons": reasons}

    def answers(self, inputs: Sequence[Mapping[str, Any]], options: Mapping[str, Any]) -> list[dict[str, Any]]:
        """`value` in `unit`; with reasons `base`, `reasons` and `others`, which add up to it; `notes` where a row was changed."""
        checked = [declared.check(each, self._declared) for each in inputs]
        filled, kinds = rows.matrix([row for row, _ in checked], self._columns), rows.types(self._columns)
        matrix = xgboost.DMatrix(filled, feature_types=kinds, enable_categorical=True)
        values = self._booster.predict(matrix)
        found = [{"value": round(float(value), DIGITS), "unit": self._unit} for value in values]
        if options["reasons"]:
            added = self._booster.predict(matrix, pred_contribs=True)
            for answer, (row, _), its in zip(found, checked, added, strict=True):
                answer |= self._explained(answer["value"], row, its, options["reasons"])
        return [answer | _notes(remarks) for answer, (_, remarks) in zip(found, checked, strict=True)]

    def _explained(self, value: float, row: Mapping[str, Any], added: np.ndarray, most: int) -> dict[str, Any]:
        """`added`: what each column adds to the prediction (TreeSHAP, Lundberg et al. 2018), the base value last."""
        *each, base = (round(float(one), DIGITS) for one in added)
        strongest = sorted(range(len(each)), key=lambda place: -abs(each[place]))[:most]
        reasons = [
            {"column": name, "given": row.get(name), "adds": each[place]}
            for place, name in ((place, self._columns[place].name) for place in strongest if each[place])
        ]
        named = base + sum(reason["adds"] for reason in reasons)
        return {"base": base, "reasons": reasons, "others": round(value - named, DIGITS)}


def _notes(remarks: Sequence[Remark]) -> dict[str, Any]:
    return {"notes": [vars(remark) for remark in remarks]} if remarks else {}
