"""Judging a run: whom the candidate is compared with, and the gate's verdict on the score reports."""

from __future__ import annotations

from typing import Any

from chartloop import judging
from lambdas import wiring
from lambdas.wiring import World


def champion(event: dict[str, Any], _context: object) -> dict[str, Any]:
    return handle_champion(event, wiring.world())


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    return handle(event, wiring.world())


def handle_champion(event: dict[str, Any], world: World) -> dict[str, Any]:
    """`{"champion": {"present", "version", "model_uri"}, "look": n}`, and the look is counted."""
    return judging.look(event["task"], event["run_id"], ledger=world.ledger, objects=world.objects)


def handle(event: dict[str, Any], world: World) -> dict[str, Any]:
    """`{"verdict": "promote" | "keep" | "needs-review"}`; the whole verdict lies at runs/{run_id}/verdict.json."""
    verdict = judging.judge(
        event["task"],
        event["run_id"],
        champion=event["champion"],
        ledger=world.ledger,
        objects=world.objects,
        registry=world.registry,
        settings=world.settings,
        now=world.clock(),
    )
    return {"verdict": verdict.verdict}
