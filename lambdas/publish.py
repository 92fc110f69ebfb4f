"""A run's steps at the model folder: the only function of a run that mounts EFS."""

from __future__ import annotations

from typing import Any

from chartloop import publishing
from lambdas import wiring
from lambdas.wiring import World


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    return handle(event, wiring.world())


def handle(event: dict[str, Any], world: World) -> dict[str, Any]:
    """`event`: `{"step": "vectors" | "copy" | "point" | "remove", "task", "run_id"}`."""
    task, run_id = event["task"], event["run_id"]
    if event["step"] == "remove":
        publishing.remove(task, run_id, ledger=world.ledger, folder=world.folder)
    else:
        step = {"vectors": publishing.embeddings, "copy": publishing.copy, "point": publishing.point}[event["step"]]
        step(task, run_id, ledger=world.ledger, objects=world.objects, folder=world.folder)
    return {"status": "done"}
