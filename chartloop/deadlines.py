"""The end of reviews that no person decided: after the deadline, or when the candidate was judged against another champion."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from chartloop import registration, reviews, trail
from chartloop.items import GATE, model_key, require, run_key, stamp, task_item, until_first
from chartloop.promotion import verdict_of
from chartloop.seams import Item, Ledger, Objects, Registry


def close_due(task: str, *, ledger: Ledger, objects: Objects, registry: Registry, now: datetime) -> list[str]:
    """Ends the reviews that nobody decided in time, or whose champion is gone; the versions. Not during a promotion."""
    return [
        version for version in reviews.waiting(task_item(ledger, task)) if _close(task, version, ledger, objects, registry, now)
    ]


def _close(task: str, version: str, ledger: Ledger, objects: Objects, registry: Registry, now: datetime) -> bool:
    def attempt() -> bool:
        owner, model = task_item(ledger, task), require(ledger, model_key(task, version), "version")
        ground = None if owner["promotion"] else next(_grounds(owner, version, ledger, objects, now), None)
        if ground is None:
            return False
        status, reason = ground
        if registry.find(task, version):
            registry.set_status(task, version, registration.REJECTED, reason)
        ended = reviews.closed(owner, version, status, by=GATE, reason=reason, ledger=ledger, now=now)
        model |= {"status": "rejected", "reason": reason}
        told = trail.enter(owner, now, action=f"review-{status}", by=GATE, model=version, artifact=model["sha256"], reason=reason)
        ledger.save(owner, model, told, *ended)
        return True

    return until_first(attempt)


def _grounds(owner: Item, version: str, ledger: Ledger, objects: Objects, now: datetime) -> Iterator[tuple[str, str]]:
    until = reviews.waiting(owner).get(version)
    if until is None:
        return
    run = require(ledger, run_key(owner["task"], version), "run")
    champion = owner["champion"]["version"] if owner["champion"] else None
    if verdict_of(run, objects)["champion"] != champion:
        yield reviews.SUPERSEDED, "another model came into service than the one that it was judged against"
    if until <= stamp(now):
        yield reviews.EXPIRED, f"nobody decided until {until}: the model in service stays"
