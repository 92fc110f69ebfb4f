"""The task `regression`: a number for a row of declared columns; as it stands, the days of a hospital stay."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from pydantic import Field, field_validator

from chartloop import columns, fields, measures, stays
from chartloop.columns import Column
from chartloop.hyperparameters import Hyperparameters
from chartloop.task import Answer, Asked, Form, Note, Options, Record, Rules, Task, TaskSettings
from chartloop.tuning import Continuous, Integer, Tuning

if TYPE_CHECKING:
    from chartloop.records import BatchOptions

MOST_REASONS = 50
NEAR = 1e-3
"""By how much an answer may differ from machine to machine, in the target's unit."""


class RegressionHyperparameters(Hyperparameters):
    """XGBoost's names, with the bounds of what makes sense."""

    n_estimators: int = Field(600, ge=1, le=5000)
    """Trees at most: fewer are kept where the watched rows gain no more."""
    early_stopping_rounds: int = Field(30, ge=1, le=1000)
    learning_rate: float = Field(0.1, gt=0, le=1)
    max_depth: int = Field(6, ge=1, le=16)
    min_child_weight: float = Field(5.0, ge=0, le=1000)
    subsample: float = Field(0.8, gt=0, le=1)
    colsample_bytree: float = Field(0.8, gt=0, le=1)
    reg_lambda: float = Field(1.0, ge=0, le=1000)
    validation_percent: int = Field(10, ge=0, le=50)
    """Part of the training side, by group, that is not learned from: the trees end where it gains no more. Never the holdout."""

    @property
    def weight(self) -> float:
        """Of trees: 65,000 rows in half a minute of two cores."""
        return 0.02


class RegressionSettings(TaskSettings):
    """Settings of the task `regression`."""

    columns: tuple[Column, ...] = Field(default_factory=lambda: stays.COLUMNS, min_length=1, max_length=500)
    """What a row may hold; those of hospital stays where nobody declared others."""
    unit: str = Field("days", min_length=1, max_length=40)
    """What the target counts."""
    hyperparameters: RegressionHyperparameters = RegressionHyperparameters()

    @field_validator("columns")
    @classmethod
    def _of_use(cls, declared: tuple[Column, ...]) -> tuple[Column, ...]:
        if len({column.name for column in declared}) < len(declared):
            raise ValueError("two columns have the same name")
        if all(column.known == "discharge" for column in declared):
            raise ValueError("no column is known at admission")
        return declared


class RegressionOptions(Options):
    """What a number may be asked for."""

    reasons: int = Field(5, ge=0, le=MOST_REASONS, description="How many columns to name with what each added, strongest first.")


def body(
    members: dict[str, Any], _record: dict[str, Any], _options: BatchOptions, rules: Rules
) -> tuple[dict[str, Any], list[Note]]:
    """The row in canonical form. Raises InvalidRequest by the column's name."""
    row, remarks = columns.check(members["features"], declared(rules))
    notes = [Note(remark.code, remark.message, remark.field) for remark in remarks]
    return {"features": row, "target": fields.number(members["target"], "target")}, notes


def declared(rules: Rules) -> tuple[Column, ...]:
    """The columns that somebody declared, else those of hospital stays."""
    return _read(json.dumps(rules["columns"])) if rules.get("columns") else stays.COLUMNS


@lru_cache(maxsize=4)
def _read(said: str) -> tuple[Column, ...]:
    """A batch has thousands of records under the same rules."""
    return columns.of_json(json.loads(said))


def same(given: Answer, recorded: Answer) -> bool:
    """The same number, but for the last digits."""
    ours, theirs = given.get("value"), recorded.get("value")
    return isinstance(ours, float | int) and isinstance(theirs, float | int) and math.isclose(ours, theirs, abs_tol=NEAR)


class ErrorTally:
    """Absolute and squared errors of the answers to lines that carry the target."""

    def __init__(self) -> None:
        self._errors: list[float] = []

    def add(self, record: Record, answer: Answer) -> None:
        self._errors.append(float(answer["value"]) - float(record["target"]))

    def score(self) -> dict[str, Any] | None:
        if not self._errors:
            return None
        return {"records": len(self._errors), "metrics": metrics(self._errors), "labels": {}}


def metrics(errors: Sequence[float]) -> dict[str, float | None]:
    """Mean absolute error and root mean squared error, in the target's unit; None of nothing."""
    if not errors:
        return {"mae": None, "rmse": None}
    return {
        "mae": math.fsum(map(abs, errors)) / len(errors),
        "rmse": math.sqrt(math.fsum(error * error for error in errors) / len(errors)),
    }


FORM = Form(("record_id", "features", "target"), ("patient_id",), (), body, gathers="features")
TASK = Task(
    name="regression",
    form=FORM,
    asked=Asked("features", "rows", RegressionOptions),
    settings=RegressionSettings,
    measures=measures.REGRESSION,
    tally=ErrorTally,
    same=same,
    rules=("columns", "unit"),
    base=None,
    module="regression",
    served="regression_served",
    files=("chartloop/columns.py", "chartloop/fields.py", "training/regression_served.py", "training/rows.py"),
    packages=("xgboost", "scipy"),
    tuning=Tuning("eval_mae", higher_is_better=False, ranges={
        "learning_rate": Continuous(0.02, 0.3, log=True), "max_depth": Integer(3, 10),
        "min_child_weight": Continuous(1, 100, log=True), "subsample": Continuous(0.5, 1),
        "colsample_bytree": Continuous(0.3, 1), "reg_lambda": Continuous(0.1, 100, log=True),
    }),
)  # fmt: skip
