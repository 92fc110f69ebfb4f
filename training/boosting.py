"""Gradient boosted trees for a number: fitted to the absolute error, stopped where rows of other groups gain no more."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import xgboost

from chartloop.columns import Column, Row
from chartloop.errors import JobFailed
from chartloop.regression import RegressionHyperparameters
from training import rows
from training.jobs import Progress, metric

ROWS_A_THREAD = 5_000
"""With fewer rows threads wait for each other longer than they work."""


@dataclass(frozen=True)
class Table:
    """Rows in canonical form, each with its target."""

    rows: Sequence[Row]
    targets: Sequence[float]


@dataclass(frozen=True)
class Fitted:
    """`columns` are those that the booster reads, in its order; `median` is of the targets that it learned from."""

    booster: xgboost.Booster
    columns: tuple[Column, ...]
    median: float


def fit(learn: Table, watch: Table, columns: Sequence[Column], chosen: RegressionHyperparameters) -> Fitted:
    """The same tables, columns and choice give the same model on the same number of cores.

    Without rows to watch all rounds are made. Raises JobFailed where there is nothing to learn.
    """
    if not learn.rows:
        raise JobFailed("the snapshot holds no rows to train on", code="no_training_data")
    known = rows.learned(learn.rows, columns)
    booster = boost(matrix(learn, known), matrix(watch, known) if watch.rows else None, chosen)
    return Fitted(booster, known, float(np.median(learn.targets)))


def boost(learn: xgboost.DMatrix, watch: xgboost.DMatrix | None, chosen: RegressionHyperparameters) -> xgboost.Booster:
    """The trees up to the round that was best on `watch`; all of them without it."""
    watched, teller = [(watch, "eval")] if watch else [], _Teller(chosen.n_estimators)
    booster = xgboost.train(
        _parameters(chosen, learn.num_row()), learn, chosen.n_estimators, evals=watched, verbose_eval=False,
        early_stopping_rounds=chosen.early_stopping_rounds if watched else None, callbacks=[teller],
    )  # fmt: skip
    teller.end()
    if not watched:
        return booster
    metric(best_round=booster.best_iteration + 1, eval_mae=booster.best_score)
    return booster[: booster.best_iteration + 1]


def _parameters(chosen: RegressionHyperparameters, count: int) -> dict[str, Any]:
    """The median has the least absolute error, and a length of stay has a long tail: squared errors follow the tail instead."""
    names = ("max_depth", "learning_rate", "min_child_weight", "subsample", "colsample_bytree", "reg_lambda", "seed")
    return {
        "objective": "reg:absoluteerror", "eval_metric": "mae", "tree_method": "hist",
        "nthread": min(len(os.sched_getaffinity(0)), 1 + count // ROWS_A_THREAD),
        **{name: getattr(chosen, name) for name in names},
    }  # fmt: skip


def matrix(table: Table, columns: Sequence[Column]) -> xgboost.DMatrix:
    kinds = rows.types(columns)
    return xgboost.DMatrix(
        rows.matrix(table.rows, columns), np.array(table.targets), feature_types=kinds, enable_categorical=True
    )


class _Teller(xgboost.callback.TrainingCallback):  # type: ignore[misc]
    """Prints the job's progress, and with it the error on the watched rows."""

    def __init__(self, total: int) -> None:
        super().__init__()
        self._progress = Progress(total)

    def after_iteration(self, model: xgboost.Booster, epoch: int, evals_log: Any) -> bool:  # noqa: ARG002 (XGBoost calls it)
        """Never ends the training."""
        if self._progress.at(epoch + 1) and evals_log:
            metric(eval_mae=evals_log["eval"]["mae"][-1])
        return False

    def end(self) -> None:
        """A training that stopped early is done all the same."""
        self._progress.at(self._progress.total)
