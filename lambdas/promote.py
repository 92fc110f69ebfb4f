"""The promotion's steps at registry, endpoint and ledger, one a call: the state machine waits, not a function."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from chartloop import confirming, promotion
from lambdas import wiring
from lambdas.wiring import World


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    return handle(event, wiring.world())


def handle(event: dict[str, Any], world: World) -> dict[str, Any]:
    """`event`: `{"step", "task", "run_id"}`. `wait` answers `{"status": "wait" | "ready"}`, the others `{"status": "done"}`.

    `withdraw` also wants the `error` that confirming ended with, and answers `{"status": "withdrawn" | "stays"}`.
    """
    if event["step"] == "withdraw":
        return {"status": _withdraw(event["task"], event["run_id"], world, event["error"])}
    return {"status": STEPS[event["step"]](event["task"], event["run_id"], world) or "done"}


def _register(task: str, run_id: str, world: World) -> None:
    promotion.register(task, run_id, ledger=world.ledger, objects=world.objects, registry=world.registry, now=world.clock())


def _deploy(task: str, run_id: str, world: World) -> None:
    promotion.deploy(task, run_id, ledger=world.ledger, objects=world.objects, endpoints=world.endpoints)


def _wait(task: str, run_id: str, world: World) -> str:
    return promotion.wait(task, run_id, ledger=world.ledger, objects=world.objects, endpoints=world.endpoints)


def _verify(task: str, run_id: str, world: World) -> None:
    promotion.verify(task, run_id, ledger=world.ledger, objects=world.objects, endpoints=world.endpoints)


def _swap(task: str, run_id: str, world: World) -> None:
    promotion.swap(task, run_id, ledger=world.ledger, objects=world.objects, now=world.clock())


def _confirm(task: str, run_id: str, world: World) -> None:
    confirming.confirm(task, run_id, ledger=world.ledger, objects=world.objects, endpoints=world.endpoints)


def _withdraw(task: str, run_id: str, world: World, error: dict[str, str]) -> str:
    withdrawn = confirming.withdraw(
        task,
        run_id,
        error=error,
        ledger=world.ledger,
        objects=world.objects,
        executions=world.executions,
        now=world.clock(),
    )
    return "withdrawn" if withdrawn else "stays"


def _approve(task: str, run_id: str, world: World) -> None:
    promotion.approve(task, run_id, ledger=world.ledger, registry=world.registry, now=world.clock())


def _undo(task: str, run_id: str, world: World) -> None:
    promotion.undo(
        task,
        run_id,
        ledger=world.ledger,
        objects=world.objects,
        endpoints=world.endpoints,
        registry=world.registry,
        now=world.clock(),
    )


STEPS: dict[str, Callable[[str, str, World], str | None]] = {
    "register": _register,
    "deploy": _deploy,
    "wait": _wait,
    "verify": _verify,
    "swap": _swap,
    "confirm": _confirm,
    "approve": _approve,
    "undo": _undo,
}
