"""The order of a run to the notebook instance: one at a time, written before the instance starts, answered once and always.

The ledger's item NOTEBOOK/ORDER says whose turn it is. `claimed`: its documents are being written; `started`: the instance runs
for it; `answered`: nobody waits for it. The answer itself goes to the state machine by the order's token, which takes one.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from chartloop import keys
from chartloop.errors import JobFailed, NotebookBusy, NotFound
from chartloop.items import new, stamp
from chartloop.seams import Item, Jobs, JobState, Key, Ledger, NotebookInstance, Objects, Tokens
from chartloop.tuning import TrialState

KEY: Key = ("NOTEBOOK", "ORDER")
AT_REST = frozenset({"Stopped", "Failed"})
"""The statuses from which an instance can be started."""
CLAIM = timedelta(minutes=5)
"""How long a claim stands: longer than the function that made it may run."""
STOPPED = "notebook_stopped: the notebook instance stopped without an answer"


def order(asked: Mapping[str, Any], *, ledger: Ledger, objects: Objects, notebook: NotebookInstance, now: datetime) -> None:
    """Writes the work order (docs/contracts/notebook-order.md) and starts the instance.

    `asked`: `{"token", "execution", "training", "engine", "code_uri", "state"}`, the execution's. Raises NotebookBusy where
    the instance works for another order or is on its way to a stop, Stale where another order came first, and JobFailed where
    it failed at once or would find nothing to install from.
    """
    if not objects.exists(keys.notebook_wheels("manifest.json")):
        raise JobFailed("the notebook's wheels are not staged: chartloop stage-wheels", code="wheels_not_staged")
    if notebook.status() not in AT_REST:
        raise NotebookBusy("the notebook instance is not at rest")
    item = _claim(asked, ledger, now)
    _write(asked, objects)
    notebook.start()
    ledger.save(item := item | {"status": "started"})
    if notebook.status() in AT_REST:  # before this was written, so that whoever is told of its end ignored it
        ledger.save(item | {"status": "answered"})
        raise JobFailed("the notebook instance stopped as soon as it was started", code="notebook_stopped")


def _claim(asked: Mapping[str, Any], ledger: Ledger, now: datetime) -> Item:
    item = ledger.get(KEY) or new(KEY, status="answered", claimed_at=stamp(now))
    fresh = item["claimed_at"] > stamp(now - CLAIM)
    state = asked["state"]
    if item["status"] == "claimed" and fresh and item["run_id"] != state["run_id"]:  # its own claim is of a try that broke off
        raise NotebookBusy("another run is about to start the notebook instance")
    item |= {"status": "claimed", "execution": asked["execution"], "token": asked["token"], "claimed_at": stamp(now)}
    item |= {"run_id": state["run_id"], "task": state["task"]}
    ledger.save(item)
    return item


def _write(asked: Mapping[str, Any], objects: Objects) -> None:
    """The run's own order, for the record and without its token; the instance reads the one at the fixed place."""
    document = document_of(asked, objects.bucket)
    for key, content in (
        (keys.run(document["run_id"], "notebook/order.json"), {**document, "token": None}),
        (keys.notebook_order(), document),
    ):
        objects.put(key, json.dumps(content, indent=1, sort_keys=True).encode(), content_type="application/json")


def document_of(asked: Mapping[str, Any], bucket: str) -> dict[str, Any]:
    """The work order as the notebook reads it."""
    state = asked["state"]
    champion = state["standing"]["champion"]
    return {
        **{name: state[name] for name in ("run_id", "task", "version", "uris", "hyperparameters", "embeds", "has_embeddings")},
        **{name: asked[name] for name in ("execution", "token", "training", "engine", "code_uri")},
        "candidate": state.get("candidate"),
        "champion": {"model_uri": champion["model_uri"]} if champion["present"] else None,
        "look": state["standing"]["look"],
        "bucket": bucket,
    }


def stopped(*, ledger: Ledger, notebook: NotebookInstance, tokens: Tokens) -> str | None:
    """The instance stopped or failed: where an order is still open, its run fails. The execution of that order.

    Safe to call at any time and more than once: an event of an earlier stop finds the instance started again, or no order open.
    """
    item = ledger.get(KEY)
    if item is None or item["status"] != "started" or notebook.status() not in AT_REST:
        return None
    tokens.fail(item["token"], STOPPED)
    ledger.save(item | {"status": "answered"})
    return str(item["execution"])


def halt(execution: str, *, ledger: Ledger, notebook: NotebookInstance) -> bool:
    """Stops the instance where it still works for an execution that no longer waits for it. Whether it was told to."""
    item = ledger.get(KEY)
    if item is None or item["status"] == "answered" or item["execution"] != execution:
        return False
    if notebook.status() not in AT_REST:
        notebook.stop()
    ledger.save(item | {"status": "answered"})
    return True


class NotebookJobs:
    """Jobs where a notebook does what processing jobs would: these are described by what it leaves in the run's folder."""

    def __init__(self, jobs: Jobs, objects: Objects) -> None:
        self._jobs = jobs
        self._objects = objects

    def describe(self, kind: str, name: str) -> JobState:
        if kind != "processing":
            return self._jobs.describe(kind, name)
        try:
            left = json.loads(self._objects.get(keys.notebook_step(name)).body)
        except NotFound:
            return JobState("Missing")
        return JobState(left["status"], left["started"], left["ended"], metrics=left.get("metrics", {}))

    def trials(self, name: str) -> list[TrialState]:
        return self._jobs.trials(name)
