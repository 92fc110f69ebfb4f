"""After a tuning: the best of its trials and of the training before it becomes the run's candidate."""

from __future__ import annotations

from typing import Any

from chartloop import trials
from lambdas import wiring
from lambdas.wiring import World


def handler(event: dict[str, Any], _context: object) -> dict[str, str]:
    return handle(event, wiring.world())


def handle(event: dict[str, Any], world: World) -> dict[str, str]:
    """`{"model_uri"}`; all trials lie at runs/{run_id}/tuning.json. `event`: `{"trained": {"job", "model_uri"}, "tuned"}`."""
    return trials.choose(
        event["task"], event["run_id"], trained=event["trained"], tuned=event["tuned"],
        objects=world.objects, jobs=world.jobs, now=world.clock(),
    )  # fmt: skip
