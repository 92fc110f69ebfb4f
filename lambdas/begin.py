"""Begin of an execution: where does this run start, or start again?"""

from __future__ import annotations

from typing import Any

from chartloop import lifecycle
from lambdas import wiring
from lambdas.wiring import World


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    return handle(event, wiring.world())


def handle(event: dict[str, Any], world: World) -> dict[str, Any]:
    """`{"start_at": "prepare" | "promote" | "finish"}`"""
    return {"start_at": lifecycle.begin(event["task"], event["run_id"], ledger=world.ledger, objects=world.objects)}
