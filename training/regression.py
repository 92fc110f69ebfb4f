"""The task `regression` in jobs: rows of declared columns, boosted trees, and how far their answers are from the truth."""

from __future__ import annotations

import json
import shutil
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from chartloop import columns
from chartloop.columns import Column, Row
from chartloop.regression import RegressionSettings, metrics
from chartloop.scores import GroupCounts, Part
from chartloop.snapshots import StoredRecord
from training import dataset, serving
from training.kinds import Answer, Answered, Judged, Training

GOLDEN = 4
"""Rows made up to compare a model's answers on; one of them holds nothing."""


def counts(records: Sequence[StoredRecord]) -> dict[str, Any]:
    """How many rows have each column."""
    known: dict[str, int] = defaultdict(int)
    for stored in records:
        for name in stored.record["features"]:
            known[name] += 1
    return {"columns": dict(sorted(known.items()))}


def train(given: Training) -> None:
    """Of several machines one trains: all rows fit into it, and minutes are enough."""
    if int(given.environ.get("RANK", "0")):
        return
    from training import boosting
    from training.regression_served import MODEL

    settings = RegressionSettings.model_validate(given.snapshot.rules)
    schema = settings.columns
    learn, watch, _ = dataset.left_out(given.snapshot.records, given.chosen, 0)
    fitted = boosting.fit(table(learn, schema), table(watch, schema), schema, given.chosen)
    given.output.mkdir(parents=True, exist_ok=True)
    fitted.booster.save_model(given.output / MODEL)
    card = {
        "task": given.task.name, "snapshot": given.snapshot.hash, "base_model": None, "median": fitted.median,
        "schema": {"unit": settings.unit, "columns": [asdict(column) for column in (*fitted.columns, *_later(schema))]},
    }  # fmt: skip
    (given.output / "chartloop.json").write_text(json.dumps(card, indent=2, sort_keys=True) + "\n", encoding="utf-8")


def table(records: Sequence[StoredRecord], schema: Sequence[Column]) -> Any:
    from training.boosting import Table

    return Table([readable(each, schema) for each in records], [each.record["target"] for each in records])


def readable(stored: StoredRecord, schema: Sequence[Column]) -> Row:
    """Of a row what a model of this schema reads: it may be older than the schema, or have columns of a later one."""
    early = {column.name for column in schema if column.known == "admission"}
    return {name: cell for name, cell in stored.record["features"].items() if name in early}


def _later(schema: Sequence[Column]) -> list[Column]:
    """What is served refuses these by name."""
    return [column for column in schema if column.known == "discharge"]


def export(trained: Path, _snapshot: Path | None, folder: Path, _engine: str) -> dict[str, Any]:
    """The trees as they are: they have one form, whatever other tasks are served with."""
    from training.regression_served import MODEL

    folder.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(trained / MODEL, folder / MODEL)
    return {"name": "xgboost", "precision": "fp32"}


def golden(card: Mapping[str, Any]) -> Sequence[Row]:
    schema = [column for column in columns.of_json(card["schema"]["columns"]) if column.known == "admission"]
    return [{}, *({column.name: _made_up(column, number) for column in schema} for number in range(1, GOLDEN))]


def _made_up(column: Column, number: int) -> Any:
    if column.type == "flag":
        return bool(number % 2)
    return column.values[number * 7 % len(column.values)] if column.values else float(number)


def ask(judged: Judged, records: Sequence[StoredRecord]) -> list[Answer]:
    schema = columns.of_json(judged.card["schema"]["columns"])
    return serving.answers(judged.folder, [readable(stored, schema) for stored in records], reasons=0)


def figures(judged: Judged, settled: Sequence[Answered], fresh: Sequence[Answered], _left_out: Collection[str]) -> dict[str, Any]:
    """The trivial model answers the median of what the artifact learned from."""
    median = judged.card["median"]
    return {"settled": _part(settled, median), "fresh": _part(fresh, median) if fresh else None}


def _part(answered: Sequence[Answered], median: float) -> Part:
    groups: dict[str, list[float]] = defaultdict(list)
    for stored, answer in answered:
        groups[stored.group].append(answer["value"] - stored.record["target"])
    errors = [error for its in groups.values() for error in its]
    return Part(
        records=len(answered),
        groups=len(groups),
        metrics=metrics(errors),
        baseline=metrics([median - stored.record["target"] for stored, _ in answered]),
        labels={},
        per_group=tuple(
            GroupCounts(group=name, absolute_error=sum(map(abs, its)), records=len(its)) for name, its in sorted(groups.items())
        ),
    )
