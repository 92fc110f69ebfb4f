"""Curves of a run: what its training job kept of its metrics, and how the models before it did with fewer records."""

from __future__ import annotations

import json
import tarfile
from collections.abc import Iterable, Mapping
from io import BytesIO
from typing import Any

from chartloop import keys
from chartloop.items import newest_first, task_key
from chartloop.seams import Item, Ledger, Objects

FILE = "metrics.jsonl"
"""In a training job's output data: `{"name", "value"}` a line, in the order in which they were printed."""
UNTOLD = ("epoch", "progress")
MOST_POINTS = 200
MOST_RUNS = 60


def read(lines: Iterable[str]) -> dict[str, list[float]]:
    """Each metric's values in their order."""
    found: dict[str, list[float]] = {}
    for line in lines:
        told = json.loads(line)
        found.setdefault(told["name"], []).append(told["value"])
    return found


def of_training(run_id: str, objects: Objects, job: str = "") -> dict[str, list[float]]:
    """What the run's last training job, or the one named, kept, thinned out; empty where it kept nothing that can be read."""
    below = keys.run(run_id, f"train/{job}")
    stored = [each.key for each in objects.list(below) if each.key.endswith("/output/output.tar.gz")]
    if not stored:
        return {}
    last = max(stored, key=lambda key: key.split("/"))
    try:
        with tarfile.open(fileobj=BytesIO(objects.get(last).body), mode="r:gz") as archive:
            file = archive.extractfile(FILE)
            found = read(file.read().decode().splitlines()) if file else {}
    except (tarfile.TarError, KeyError, ValueError, OSError):
        return {}
    return {name: _thinned(values) for name, values in found.items() if name not in UNTOLD}


def _thinned(values: list[float]) -> list[float]:
    """At most MOST_POINTS of them, evenly, the last one among them."""
    if len(values) <= MOST_POINTS:
        return values
    return [values[(place + 1) * len(values) // MOST_POINTS - 1] for place in range(MOST_POINTS)]


def of_learning(run: Item, metric: str, *, ledger: Ledger) -> list[dict[str, Any]]:
    """The judged runs of the task up to this one, oldest first: `{run_id, records, value, outcome}`; records to learn from."""
    models = {item["model"]: item for item in newest_first(ledger, task_key(run["task"])[0], "MODEL#", f"MODEL#{run['run_id']}~")}
    found = []
    for item in newest_first(ledger, task_key(run["task"])[0], "RUN#", f"RUN#{run['run_id']}~"):
        value = _figure(models.get(item["run_id"]), metric)
        if item["kind"] == "retrain" and value is not None:
            found.append(
                {"run_id": item["run_id"], "records": item["records"]["train"], "value": value, "outcome": item["outcome"]}
            )
        if len(found) >= MOST_RUNS:
            break
    return found[::-1]


def _figure(model: Mapping[str, Any] | None, metric: str) -> float | None:
    found = model["metrics"].get(metric) if model else None
    return float(found) if found is not None else None
