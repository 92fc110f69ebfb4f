"""What a search gains on real hospital stays: hyper-parameters as they are set against the best trial, on patients neither saw.

Run: CLINICAL_DATA_DIR=... python -m benchmarks.tune_regression [TRIALS]. The same rows, the same watched part and the same search
as a run of the loop with `tuning`, one trial at a time and each to its end, without the jobs around them.
"""

from __future__ import annotations

import os
import sys
import time
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import xgboost
from rich.console import Console
from rich.table import Table

from adapters import diabetes130
from chartloop import bootstrap, splits, stays, tasks, trials, tuning
from chartloop.records import BatchOptions, examine
from chartloop.regression import RegressionHyperparameters
from chartloop.scores import GroupCounts
from chartloop.snapshots import StoredRecord
from chartloop.tuning import TuningSettings
from local.search import Search
from training import boosting, dataset, regression, rows

FILE = Path("diabetes130", "diabetic_data.csv.gz")
TRIALS = 12
TASK = "regression"

Trial = dict[str, Any]


def stored() -> Iterator[tuple[str, StoredRecord]]:
    """(side, record) of every stay, on the side of its patient."""
    form = tasks.find(TASK).form
    for number, (record, _) in enumerate(diabetes130.read_file(Path(os.environ["CLINICAL_DATA_DIR"]) / FILE), start=1):
        checked = examine(form, record, BatchOptions(), {}).record if record else None
        if checked is not None:
            group = splits.group_of(checked, "", None)
            yield splits.side(TASK, group), StoredRecord(checked["record_id"], "b", 1, number, group, "", checked)


class Bench:
    """The three parts of the rows as matrices, made once."""

    def __init__(self) -> None:
        sides: dict[str, list[StoredRecord]] = defaultdict(list)
        for side, record in stored():
            sides[side].append(record)
        learn, watch = dataset.split_validation(sides["training"], RegressionHyperparameters().validation_percent)
        tables = [regression.table(part, stays.COLUMNS) for part in (learn, watch, sides["holdout"])]
        known = rows.learned(tables[0].rows, stays.COLUMNS)
        self.learn, self.watch, self.held_out = (boosting.matrix(each, known) for each in tables)
        self.holdout = sides["holdout"]

    def tried(self, values: dict[str, Any]) -> tuple[float, xgboost.Booster]:
        """(mean absolute error on the watched rows, model) with these over the defaults."""
        booster = boosting.boost(self.learn, self.watch, RegressionHyperparameters(**values))
        return float(np.abs(booster.predict(self.watch) - self.watch.get_label()).mean()), booster

    def groups(self, booster: xgboost.Booster) -> list[GroupCounts]:
        """Errors on the holdout, by patient."""
        errors: dict[str, list[float]] = defaultdict(list)
        for record, value in zip(self.holdout, booster.predict(self.held_out), strict=True):
            errors[record.group].append(abs(float(value) - record.record["target"]))
        return [GroupCounts(group=name, absolute_error=sum(its), records=len(its)) for name, its in sorted(errors.items())]


def main(count: int) -> None:
    declared, console, bench = tasks.TASKS[TASK].tuning, Console(width=130), Bench()
    assert declared is not None
    asked = TuningSettings(max_jobs=count, max_parallel_jobs=1, early_stopping=False)
    search = Search(tuning.order(declared, asked, (TASK, "bench"), {}, RegressionHyperparameters().seed)["config"])
    best, untuned = bench.tried({})
    leader, told = untuned, [trial(0, {name: getattr(RegressionHyperparameters(), name) for name in declared.ranges}, best)]
    for number in range(1, count + 1):
        step, started = search.ask(), time.monotonic()
        values = {name: float(text) if "." in text or "e" in text else int(text) for name, text in step.values.items()}
        reached, booster = bench.tried(values)
        search.tell(step, reached, stopped=False)
        told.append(trial(number, values, reached))
        console.print(f"trial {number}: watched MAE {reached:.4f}, {time.monotonic() - started:.0f} s, {values}", soft_wrap=True)
        if reached < best:
            best, leader = reached, booster
    show(console, bench, told, untuned, leader)


def trial(number: int, values: dict[str, Any], reached: float) -> Trial:
    return {"number": number, "status": "completed", "values": values, "objective": reached}


def show(console: Console, bench: Bench, told: list[Trial], untuned: xgboost.Booster, tuned: xgboost.Booster) -> None:
    ours, theirs = bench.groups(tuned), bench.groups(untuned)
    table = Table("", "watched MAE", "holdout MAE")
    best = min(told, key=lambda each: float(each["objective"]))
    for name, its, groups in (("as set", told[0], theirs), (f"best of {len(told) - 1} trials", best, ours)):
        table.add_row(name, f"{its['objective']:.4f}", f"{mae(groups):.4f}")
    found = bootstrap.paired("mae", ours, theirs)
    assert found is not None
    bounds = f"{found.difference:+.4f} days, {found.low:+.4f} to {found.high:+.4f}"
    console.print(table, f"tuned - untuned on {len(ours):,} patients: {bounds}")
    console.print("best values", best["values"], "what mattered", trials.importance(told, list(best["values"])))


def mae(groups: list[GroupCounts]) -> float:
    return float(np.sum([group.absolute_error for group in groups]) / sum(group.records for group in groups))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else TRIALS)
