"""What runs found in a task's records: the newest Quality (docs/contracts/quality.schema.json), which score jobs leave."""

from __future__ import annotations

import json
from itertools import islice
from typing import Any

from chartloop import keys
from chartloop.errors import NotFound
from chartloop.items import newest_first, task_key
from chartloop.seams import Ledger, Objects

LATEST = 20
"""How many of the newest runs are looked at: hardly ever do so many end before they are scored."""


def latest(task: str, *, ledger: Ledger, objects: Objects) -> dict[str, Any]:
    """Of the newest run that got as far as scoring. Raises NotFound (no_quality) before there is one."""
    runs = newest_first(ledger, task_key(task)[0], "RUN#", at_once=LATEST)
    for run in islice((run for run in runs if run["kind"] == "retrain"), LATEST):
        if found := of_run(run["run_id"], objects):
            return found
    raise NotFound("no run of this task has scored its records yet", code="no_quality")


def of_run(run_id: str, objects: Objects) -> dict[str, Any] | None:
    """None where the run was not scored, or is older than this."""
    try:
        found: dict[str, Any] = json.loads(objects.get(keys.run(run_id, "score/quality.json")).body)
    except NotFound:
        return None
    return found
