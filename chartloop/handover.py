"""What a run hands to its jobs: request.json and the execution's input (docs/contracts/run-handover.md), references only."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from chartloop import keys, tasks, tuning
from chartloop.errors import InvalidRequest
from chartloop.items import newest_first, task_key
from chartloop.seams import Item, Ledger, Objects
from chartloop.settings import LAMBDA, Settings
from chartloop.task import TaskSettings

Request = dict[str, Any]


def settled_batches(objects: Objects, owner: Item, batches: Sequence[Item]) -> set[str]:
    """Ids of the batches whose holdout may judge: those of the run promoted last; all of them before the first promotion."""
    if owner["settled_run"] is None:
        return {batch["batch_id"] for batch in batches}
    request = json.loads(objects.get(keys.run(owner["settled_run"], "request.json")).body)
    return {shard["batch_id"] for shard in request["holdout"]}


def known_batches(objects: Objects, ledger: Ledger, task: str) -> set[str]:
    """Ids of the batches of the newest run that ended well; none before there is one."""
    runs = newest_first(ledger, task_key(task)[0], "RUN#", at_once=20)
    last = next((run for run in runs if run["kind"] == "retrain" and run["status"] == "succeeded"), None)
    if last is None:
        return set()
    request = json.loads(objects.get(keys.run(last["run_id"], "request.json")).body)
    return {shard["batch_id"] for side in ("records", "holdout", "gold") for shard in request.get(side, ())}


def check(request: Request, chosen: TaskSettings, objects: Objects, settings: Settings) -> None:
    """Raises InvalidRequest with the reason why a run cannot work on this."""
    if settings.serving == LAMBDA and not tasks.find(request["task"]).in_function:
        rule = "the predict function cannot hold such a model: deploy with serving=realtime or serving=serverless"
        raise InvalidRequest(rule, code="not_served_here", field="serving")
    base = chosen.hyperparameters.base_model
    if base is not None and not objects.exists(keys.base_model(base, "manifest.json")):
        hint = f"the base model is not staged: chartloop stage-model {base} (of a hub, with --revision COMMIT)"
        raise InvalidRequest(hint, code="base_model_not_staged", field="model_name_or_path")
    if chosen.tuning.max_jobs:
        _check_tuning(request["task"], chosen, settings)
    if not count(request["records"]):
        raise InvalidRequest("no record stands on the training side", code="no_training_records")
    if not count(shard for shard in request["holdout"] if shard["settled"]):
        raise InvalidRequest("no settled record stands in the holdout", code="no_settled_holdout")


def _check_tuning(task: str, chosen: TaskSettings, settings: Settings) -> None:
    if tasks.find(task).tuning is None:
        raise InvalidRequest("this task declares nothing to tune", code="nothing_to_tune", field="tuning")
    if settings.notebook:
        rule = "a notebook trains here, and it tunes nothing: deploy with compute=jobs"
        raise InvalidRequest(rule, code="no_tuning_here", field="tuning")
    its = chosen.hyperparameters
    if not (its.do_eval and its.validation_percent):
        rule = "trials are compared on records that training only watches: set do_eval and validation_percent"
        raise InvalidRequest(rule, code="nothing_to_tune_by", field="validation_percent")


def count(shards: Any) -> int:
    return sum(shard["records"] for shard in shards)


def write(objects: Objects, request: Request) -> None:
    body = json.dumps(request, sort_keys=True, indent=1).encode()
    objects.put(keys.run(request["run_id"], "request.json"), body, content_type="application/json")


def codes_place(run_id: str, objects: Objects) -> str:
    """The prefix of the staged code tables. Where none is staged it is the run's request: a job's input must not be empty."""
    staged = next(iter(objects.list(keys.codes())), None)
    return keys.codes() if staged else keys.run(run_id, "request.json")


def _base_place(run_id: str, chosen: TaskSettings) -> str:
    """The prefix of the staged base model; the run's request, which nobody reads there, where the task has none."""
    base = chosen.hyperparameters.base_model
    return keys.run(run_id, "request.json") if base is None else keys.base_model(base)


def retrain_input(
    run: Item, request: Request, embedded: str | None, codes: str, chosen: TaskSettings, bucket: str
) -> dict[str, Any]:
    """The input of a retraining execution; `embedded` is the snapshot whose vectors can be built on, `codes` of `codes_place`."""
    task, run_id, snapshot = run["task"], run["run_id"], request["snapshot"]
    declared, encoded = tasks.find(task).tuning, tasks.encode(chosen.hyperparameters)
    searched = {}
    if declared is not None and chosen.tuning.max_jobs:
        searched["tuning"] = tuning.order(declared, chosen.tuning, (task, run_id), encoded, seed=chosen.hyperparameters.seed)
    places = {
        "request": keys.run(run_id, "request.json"),
        "records": keys.records(task),
        "holdout": keys.holdout(task),
        "snapshot": keys.snapshot(task, snapshot),
        "base_model": _base_place(run_id, chosen),
        "train": keys.run(run_id, "train/"),
        "checkpoints": keys.run(run_id, "checkpoints/"),
        "score": keys.run(run_id, "score/"),
        "flips": keys.flips(task, run_id),
        "model": keys.model(task, run["model"]),
        "embeddings": keys.embeddings(task, snapshot),
        "previous_embeddings": keys.embeddings(task, embedded or snapshot),
        "codes": codes,
    }
    return {
        **_who(run, places, bucket),
        "hyperparameters": encoded,
        **searched,
        "embeds": tasks.find(task).embeds,
        "has_embeddings": embedded is not None,
        "tries": {"made": 0},
    }


def promotion_input(run: Item, bucket: str) -> dict[str, Any]:
    """The input of an execution that only promotes."""
    places = {"request": keys.run(run["run_id"], "request.json"), "model": keys.model(run["task"], run["model"])}
    return _who(run, places, bucket)


def _who(run: Item, places: Mapping[str, str], bucket: str) -> dict[str, Any]:
    uris = {name: keys.uri(bucket, key) for name, key in places.items()}
    return {"run_id": run["run_id"], "task": run["task"], "kind": run["kind"], "version": run["model"], "uris": uris}
