"""The notebook instance: started with a run's order, stopped after a failure, and its run failed where it stops unanswered."""

from __future__ import annotations

from typing import Any

from chartloop import notebook
from lambdas import wiring
from lambdas.wiring import World


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    return handle(event, wiring.world())


def stopped(event: dict[str, Any], _context: object) -> dict[str, Any]:
    return handle_stopped(event, wiring.world())


def handle(event: dict[str, Any], world: World) -> dict[str, Any]:
    """`event`: `{"step": "order" | "halt", "execution", ...}`; the rest of an order is in chartloop/notebook.py."""
    if event["step"] == "halt":
        return {"halted": notebook.halt(event["execution"], ledger=world.ledger, notebook=world.notebook)}
    notebook.order(event, ledger=world.ledger, objects=world.objects, notebook=world.notebook, now=world.clock())
    return {"status": "started"}


def handle_stopped(event: dict[str, Any], world: World) -> dict[str, Any]:
    """`event`: EventBridge's "SageMaker Notebook Instance State Change" of our instance. `{"failed": execution or None}`."""
    if event["detail"]["NotebookInstanceName"] != world.settings.notebook:
        return {"failed": None}
    return {"failed": notebook.stopped(ledger=world.ledger, notebook=world.notebook, tokens=world.tokens)}
