"""The end of a promotion: golden requests after the switch, and the way back that is taken where they fail.

A model that answered before it took the traffic, and not after, is followed by a rollback to the champion before it: a run of
its own, with the reason, to which the promotion passes in one transaction. A rollback is not followed by another one.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from chartloop import failures
from chartloop.errors import Conflict
from chartloop.items import GATE, until_first
from chartloop.promotion import ask_golden, holding, read, swapped
from chartloop.runs import LONGEST_REASON, decide, start_saved
from chartloop.seams import Endpoints, Executions, Item, Ledger, Objects
from chartloop.steps import mark


def confirm(task: str, run_id: str, *, ledger: Ledger, objects: Objects, endpoints: Endpoints) -> None:
    """Asks what callers are answered by, and leaves nothing of the deployment behind.

    Raises JobFailed, ModelError or Unavailable.
    """
    run, owner = holding(task, run_id, ledger)
    if not swapped(owner, run_id):
        raise Conflict("this run's model is not in service", details={"run_id": run_id})
    ask_golden(run, objects, endpoints, config=None)
    endpoints.settle(task)


def withdraw(
    task: str, run_id: str, *, error: Mapping[str, str], ledger: Ledger, objects: Objects, executions: Executions, now: datetime
) -> bool:
    """Notes the failure on the run and starts the rollback; False where there is nothing to go back to, and the model stays.

    `error` is what a Catch gives. Done again, it only sees to it that the rollback is started.
    """

    def attempt() -> Item | None:
        run, owner = read(task, run_id, ledger)
        if owner["promotion"] != run_id:  # done before
            return read(task, owner["promotion"], ledger)[0] if owner["promotion"] else None
        told, before = failures.coded(error), owner["previous_champion"]
        if run["kind"] == "rollback" or before is None:
            mark(run, "promote", now, "running", f"in service, but not as recorded: {told['message']}")
            ledger.save(run)
            return None
        reason = f"{run['model']} is in service, but not as recorded: {told['message']}"[:LONGEST_REASON]
        rollback, noted = decide(owner, before["version"], "rollback", reason, GATE, ledger=ledger, objects=objects, now=now)
        mark(run, "promote", now, "failed", f"rolled back by {rollback['run_id']}: {told['message']}")
        run |= {"error": told, "withdrawn": True}
        ledger.save(run, owner, rollback, noted)
        return rollback

    rollback = until_first(attempt)
    if rollback is not None:
        start_saved(rollback, executions)
    return bool(read(task, run_id, ledger)[0]["withdrawn"])
