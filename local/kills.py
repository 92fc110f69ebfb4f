"""Kills on purpose, off by default: `CHARTLOOP_FAULT_KILL=name` kills the local cloud once, at the named boundary."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Any

from moto.stepfunctions.parser.asl.eval.event.event_manager import EventManager

from chartloop.errors import InvalidRequest
from chartloop.keys import INCOMING
from local.notifications import ObjectEvents
from local.patches import Method, wrap

VARIABLE = "CHARTLOOP_FAULT_KILL"
STEPS = ("register", "copy", "deploy", "wait", "verify", "swap", "point", "confirm", "approve")
ENTERED = {f"before-{step}": (step.title(),) for step in STEPS}
EXITED = {
    "run-started": ("Begin",),
    "prepare-done": ("Prepare",),
    "train-done": ("Train",),
    "score-done": ("Score", "ScoreFirst", "ScoreOnGpu", "ScoreFirstOnGpu"),
    "vectors-published": ("Vectors",),
    "judged": ("Judge",),
    **{f"after-{step}": (step.title(),) for step in STEPS},
}
"""Boundaries of a run, each with the states whose beginning or end it is."""
AFTER_S3_WRITE = "after-s3-write"
BOUNDARIES = (AFTER_S3_WRITE, *ENTERED, *EXITED)


class Kill:
    """Kills this process at one boundary; the marker in the state folder keeps the next start alive."""

    def __init__(self, boundary: str, state: Path) -> None:
        if boundary not in BOUNDARIES:
            raise InvalidRequest(f"no such boundary; known are {', '.join(BOUNDARIES)}", field=VARIABLE)
        self.boundary = boundary
        self._marker = state / f"killed-{boundary}"

    def install(self, events: ObjectEvents) -> None:
        """Watches the states of every execution and the events that S3 is about to send."""

        def watched(own: Method) -> Method:
            def add(manager: Any, context: Any, event_type: str, event_details: Any = None, **rest: Any) -> Any:
                self.reach(*boundaries_of(event_details or {}))
                return own(manager, context, event_type, event_details, **rest)

            return add

        wrap(EventManager, "add_event", watched)
        events.before_sending = self.on_objects

    def on_objects(self, keys: list[str]) -> None:
        """An upload is durable, its sender has no answer yet, and nobody has heard of it."""
        if any(key.startswith(INCOMING) for key in keys):
            self.reach(AFTER_S3_WRITE)

    def reach(self, *boundaries: str) -> None:
        """Dies here, if this is the place and it did not already."""
        if self.boundary in boundaries and not self._marker.exists():
            self._marker.touch()
            os.sync()
            os.kill(os.getpid(), signal.SIGKILL)


def boundaries_of(details: dict[str, Any]) -> list[str]:
    """The boundaries that a history event of a state machine stands for."""
    entered = details.get("stateEnteredEventDetails", {}).get("name")
    exited = details.get("stateExitedEventDetails", {}).get("name")
    return [name for name, states in ENTERED.items() if entered in states] + [
        name for name, states in EXITED.items() if exited in states
    ]
