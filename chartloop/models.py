"""Model versions in the ledger: one MODEL item each, named by the run that made it (docs/contracts/model.schema.json)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from chartloop import keys, reviews, trail
from chartloop.errors import Conflict, NotFound, PromotionActive, Unavailable
from chartloop.items import model_key, new, require, stamp, task_item, until_first
from chartloop.seams import Item, Ledger, Objects, Registry

ARTIFACT, MANIFEST = "model.tar.gz", "manifest.json"
AFTER_VERDICT = {"promote": "candidate", "needs-review": "needs-review", "keep": "rejected"}

SHOWN = (
    "task", "status", "run_id", "snapshot", "sha256", "bytes", "base_model", "labels", "metrics", "created_at", "promoted_at",
    "promoted_by", "reason",
)  # fmt: skip


def manifest(objects: Objects, task: str, version: str) -> dict[str, Any]:
    """The artifact's manifest (docs/contracts/run-handover.md). Raises NotFound."""
    found: dict[str, Any] = json.loads(objects.get(keys.model(task, version, MANIFEST)).body)
    return found


def artifact_uri(objects: Objects, task: str, version: str) -> str:
    return keys.uri(objects.bucket, keys.model(task, version, ARTIFACT))


def judged(
    stored: Item | None,
    made: Mapping[str, Any],
    *,
    verdict: str,
    metrics: Mapping[str, float | None],
    reason: str,
    code_version: str,
    now: datetime,
) -> Item:
    """The MODEL item after a verdict on the artifact that manifest `made` describes; `stored` is what the ledger has of it."""
    item = stored or new(
        model_key(made["task"], made["version"]), task=made["task"], model=made["version"], run_id=made["version"],
        created_at=stamp(now), promoted_at=None, promoted_by=None,
    )  # fmt: skip
    facts = {name: made.get(name) for name in ("snapshot", "sha256", "bytes", "base_model")}
    labels = list(made.get("labels") or ())
    told = {"status": AFTER_VERDICT[verdict], "metrics": dict(metrics), "reason": reason, "code_version": code_version}
    return item | facts | told | {"labels": labels, "schema": made.get("schema")}


def to_model(item: Item) -> dict[str, Any]:
    """The Model of the contract."""
    return {**{name: item[name] for name in SHOWN}, "version": item["model"]}


def schema(task: str, ledger: Ledger) -> dict[str, Any]:
    """What a row holds that the model in service is asked about: its columns, with the values that training found.

    Raises Unavailable before the first promotion, and NotFound for a task that is not asked about rows.
    """
    champion = task_item(ledger, task)["champion"]
    if champion is None:
        raise Unavailable("no model of this task is in service yet", code="no_model")
    item = require(ledger, model_key(task, champion["version"]), "version")
    if item.get("schema") is None:
        raise NotFound("a model of this task is not asked about rows", field="task")
    return {"task": task, "model_version": item["model"], **item["schema"]}


def reject(task: str, version: str, *, reason: str, by: str, ledger: Ledger, registry: Registry, now: datetime) -> Item:
    """A person's no to a version that is not in service; said again it changes nothing.

    Raises NotFound, or Conflict for the champion or in a promotion.
    """

    def attempt() -> Item:
        item, owner = require(ledger, model_key(task, version), "version"), task_item(ledger, task)
        if owner["champion"] and owner["champion"]["version"] == version:
            raise Conflict("the model in service cannot be rejected: roll back first", code="not_promotable", field="version")
        if owner["promotion"]:
            raise PromotionActive("a promotion of this task is under way", field="version")
        if item["status"] == "rejected" and item["reason"] == reason:
            return item
        if registry.find(task, version):
            registry.set_status(task, version, "Rejected", reason)
        item |= {"status": "rejected", "reason": reason}
        told = trail.enter(owner, now, action="reject", by=by, model=version, artifact=item["sha256"], reason=reason)
        ended = reviews.closed(owner, version, reviews.REJECTED, by=by, reason=reason, ledger=ledger, now=now)
        ledger.save(item, owner, told, *ended)
        return item

    return until_first(attempt)
