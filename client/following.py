"""Waiting for what the service does by itself: a batch to be processed, a run to end, the runs that a push starts."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from chartloop.errors import NotFound, Unavailable
from client.api import Api
from client.contracts import BatchReceipt, Run

Sleep = Callable[[float], None]

PAUSE = 1.0
BATCH_TRIES = 900
PATIENCE = 8
"""Looks, half a second apart: the service decides on a run right after it has processed a batch."""


def processed(api: Api, task: str, batch_id: str, sleep: Sleep) -> BatchReceipt:
    """The receipt with the final verdicts. A dropped file has no receipt until it was read."""
    for attempt in range(BATCH_TRIES):
        try:
            receipt = api.batch(task, batch_id)
        except NotFound:
            receipt = None
        if receipt is not None and receipt["status"] != "received":
            return receipt
        sleep(min(PAUSE, 0.2 * (attempt + 1)))
    raise Unavailable(f"batch {batch_id} is not processed yet; look again later", code="timed_out")


def to_the_end(api: Api, run_id: str, sleep: Sleep, show: Callable[[Run], None]) -> Run:
    """The run when it has ended; `show` sees it once a second until then."""
    while True:
        run = api.run(run_id)
        show(run)
        if run["status"] in ("succeeded", "failed"):
            return run
        sleep(PAUSE)


def started_since(api: Api, task: str, already_active: str | None, sleep: Sleep, patience: int = PATIENCE) -> Iterator[str]:
    """Ids of the runs that start one after the other, until none is active and `patience` looks found none.

    `already_active` was under way before and is waited for, not given.
    """
    seen, quiet = {already_active}, 0
    while quiet < patience:
        active = api.task(task)["active_run"]
        if active is not None and active not in seen:
            seen.add(active)
            yield active
        quiet = 0 if active is not None else quiet + 1
        sleep(PAUSE / 2)
