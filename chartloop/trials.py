"""The trials of a run's tuning: which is the best, how much each hyper-parameter mattered, and tuning.json, which says so."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from chartloop import keys, tasks
from chartloop.errors import InvalidRequest
from chartloop.items import stamp
from chartloop.seams import Jobs, Objects
from chartloop.tuning import TrialState, Tuning

FEWEST = 4
"""Trials with a result from which it is said what mattered."""

Trial = dict[str, Any]


def choose(
    task: str, run_id: str, *, trained: Mapping[str, str], tuned: str, objects: Objects, jobs: Jobs, now: datetime
) -> dict[str, str]:
    """`{"model_uri"}` of the best trial, of whom the training with the task's own hyper-parameters is the first.

    `trained` is that one's `{"job", "model_uri"}`, `tuned` the tuning job's name. It wins wherever no other one is better.
    """
    found = _found(task, run_id, trained["job"], tuned, objects, jobs, now)
    objects.put(keys.run(run_id, "tuning.json"), json.dumps(found, indent=1).encode(), content_type="application/json")
    if found["best"] == 0:
        return {"model_uri": trained["model_uri"]}
    return {"model_uri": keys.uri(objects.bucket, keys.trained(run_id, found["trials"][found["best"]]["job"]))}


def _found(task: str, run_id: str, trained: str, tuned: str, objects: Objects, jobs: Jobs, now: datetime) -> dict[str, Any]:
    """The Tuning of docs/contracts/tuning.schema.json."""
    declared = tasks.find(task).tuning
    if declared is None:
        raise InvalidRequest("this task declares nothing to tune", code="nothing_to_tune", field="tuning")
    settings = json.loads(objects.get(keys.run(run_id, "request.json")).body)["settings"]
    first = jobs.describe("training", trained)
    own = {name: settings["hyperparameters"][name] for name in declared.ranges}
    untuned = TrialState(
        trained, first.status, {name: json.dumps(value) for name, value in own.items()}, first.metrics.get(declared.objective),
        first.started, first.ended,
    )  # fmt: skip
    trials = [_told(number, one) for number, one in enumerate([untuned, *jobs.trials(tuned)])]
    return {
        "run_id": run_id,
        "job": tuned,
        "objective": declared.objective,
        "higher_is_better": declared.higher_is_better,
        "settings": settings["tuning"],
        "ranges": {name: its.told() for name, its in declared.ranges.items()},
        "trials": trials,
        "best": best(trials, declared),
        "importance": importance(trials, list(declared.ranges)),
        "created_at": stamp(now),
    }


def _told(number: int, state: TrialState) -> Trial:
    ran = state.ended - state.started if state.started is not None and state.ended is not None else None
    value = state.objective if state.objective is not None and math.isfinite(state.objective) else None
    return {
        "number": number,
        "job": state.job,
        "status": {"Completed": "completed", "Stopped": "stopped"}.get(state.status, "failed"),
        "values": {name: json.loads(text) for name, text in sorted(state.values.items())},
        "objective": value,
        "seconds": None if ran is None else round(ran, 3),
    }


def best(trials: Sequence[Trial], declared: Tuning) -> int:
    """The number of the first one that no other is better than, of those that went to their end; 0 is the untuned one."""
    leader = trials[0]
    for trial in trials[1:]:
        if trial["status"] != "completed" or trial["objective"] is None:
            continue
        if leader["objective"] is None or declared.better(trial["objective"], leader["objective"]):
            leader = trial
    return int(leader["number"])


def importance(trials: Sequence[Trial], names: Sequence[str]) -> list[dict[str, Any]]:
    """How closely each hyper-parameter goes with the objective, closest first: 0 not at all, 1 alone.

    The squared rank correlation (Spearman); of what has no order, the part of the ranks' variance between its values. Both
    are of few trials that a search has chosen: a hint, no proof. Empty under `FEWEST`.
    """
    told = [trial for trial in trials if trial["objective"] is not None]
    if len(told) < FEWEST:
        return []
    reached = ranks([trial["objective"] for trial in told])
    found = [{"name": name, "share": round(_share([trial["values"][name] for trial in told], reached), 4)} for name in names]
    return sorted(found, key=lambda each: -each["share"])


def _share(values: Sequence[Any], reached: Sequence[float]) -> float:
    if all(isinstance(value, int | float) and not isinstance(value, bool) for value in values):
        return correlation(ranks(values), reached) ** 2
    groups = [[rank for value, rank in zip(values, reached, strict=True) if value == one] for one in {*values}]
    middle = math.fsum(reached) / len(reached)
    whole = math.fsum((rank - middle) ** 2 for rank in reached)
    between = math.fsum(len(group) * (math.fsum(group) / len(group) - middle) ** 2 for group in groups)
    return between / whole if whole else 0.0


def ranks(values: Sequence[float]) -> list[float]:
    """From 1; equal values share the mean of their places."""
    places: dict[float, list[int]] = {}
    for place, value in enumerate(sorted(values), start=1):
        places.setdefault(value, []).append(place)
    return [math.fsum(places[value]) / len(places[value]) for value in values]


def correlation(ones: Sequence[float], others: Sequence[float]) -> float:
    """Pearson's, 0 where one of them never changes."""
    middles = [math.fsum(values) / len(values) for values in (ones, others)]
    away = [[value - middle for value in values] for values, middle in zip((ones, others), middles, strict=True)]
    spread = math.sqrt(math.prod(math.fsum(value * value for value in values) for values in away))
    return math.fsum(a * b for a, b in zip(*away, strict=True)) / spread if spread else 0.0
