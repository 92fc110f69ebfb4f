"""The states of a promotion: into service step by step, forward after the swap, back before it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from infra.states import NO_ENDPOINT_NOW, RUN, State, call, choice, crashed, retry, step, to


def deploying(functions: Mapping[str, str], pause_seconds: int) -> dict[str, State]:
    promote, publish = functions["promote"], functions["publish"]
    busy = retry(["PromotionActive"], first=pause_seconds, attempts=60, longest=600)
    waking = woken(pause_seconds)
    full = [retry(NO_ENDPOINT_NOW, first=pause_seconds, attempts=10, longest=1800), waking, crashed()]
    return {
        "Register": step(promote, "register", "Copy", catch=to("Undo"), retry=[busy, crashed()]),
        "Copy": step(publish, "copy", "Deploy", catch=to("Undo")),
        "Deploy": step(promote, "deploy", "Pause", catch=to("Undo"), retry=full),
        "Pause": {"Type": "Wait", "Seconds": pause_seconds, "Next": "Wait"},
        "Wait": step(promote, "wait", "Ready?", catch=to("Undo"), retry=full, keep={"status": "status"}),
        "Ready?": choice("$.promotion.status", {"ready": "Verify"}, default="Pause"),
        "Verify": step(promote, "verify", "Swap", catch=to("Undo"), retry=[waking, crashed()]),
        "Swap": step(promote, "swap", "Point", catch=[*to("PutBack", "ChampionChanged"), *to("Undo")]),
    }


def swapping(functions: Mapping[str, str], pause_seconds: int) -> dict[str, State]:
    """Past the swap there is only forward: to approval, or to a rollback that is a run of its own."""
    forward = [retry(["States.ALL"], first=2, attempts=12, longest=300)]
    settling = retry(["EndpointBusy"], first=pause_seconds, attempts=30, longest=300)
    promote = functions["promote"]
    payload = {**RUN, "step": "withdraw", "error.$": "$.error"}
    return {
        "Point": step(functions["publish"], "point", "Confirm", retry=forward),
        "Confirm": step(promote, "confirm", "Approve", catch=to("Withdraw"), retry=[woken(pause_seconds), settling, crashed()]),
        "Withdraw": call(promote, payload, "Withdrawn?", keep={"status": "status"}, at="$.promotion", retry=forward),
        "Withdrawn?": choice("$.promotion.status", {"withdrawn": "Failed"}, default="Approve"),
        "Approve": step(promote, "approve", "Promoted", retry=forward),
    }


def undoing(functions: Mapping[str, str], pause_seconds: int) -> dict[str, State]:
    """The endpoint may still be busy with what is undone, so an undo is repeated for a long time."""
    patient = [retry(["States.ALL"], first=pause_seconds, attempts=30, longest=300)]
    # At another path than the failure that led here: that one is what the run's record tells.
    give_up = to("Failed", at="$.undo_error")
    return {
        "Undo": step(functions["promote"], "undo", "Remove", retry=patient, catch=give_up),
        "PutBack": step(functions["promote"], "undo", "Again?", retry=patient, catch=give_up),
        # A person's decision, or a run that was resumed after its verdict, has no trained candidate at hand to judge again.
        "Again?": {
            "Type": "Choice",
            "Choices": [{"Variable": "$.candidate", "IsPresent": True, "Next": "Champion"}],
            "Default": "Remove",
        },
        "Remove": step(functions["publish"], "remove", "Failed", catch=give_up),
    }


def woken(pause_seconds: int) -> dict[str, Any]:
    """A serverless model wakes while it is first asked."""
    return retry(["Unavailable"], first=pause_seconds, attempts=10, longest=120)
