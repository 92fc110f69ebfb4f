"""The model registry's entry of a version: where it is, what it was measured at, and where it comes from."""

from __future__ import annotations

import hashlib
import json

from chartloop import keys, models
from chartloop.seams import Item, Objects, Package, Quality, Registry

PENDING, APPROVED, REJECTED = "PendingManualApproval", "Approved", "Rejected"
AFTER_VERDICT = {"promote": PENDING, "needs-review": PENDING, "keep": REJECTED}
"""Approval is given once the version serves, or by a person."""
LINEAGE = ("run_id", "snapshot", "base_model", "code_version")


def enter(model: Item, *, objects: Objects, registry: Registry) -> Package:
    """The version's package, which is made where the registry has none with its sha256."""
    return registry.register(
        model["task"],
        model["model"],
        model_uri=models.artifact_uri(objects, model["task"], model["model"]),
        sha256=model["sha256"],
        lineage={name: str(model[name]) for name in LINEAGE},
        quality=_quality(model, objects),
    )


def judged(model: Item, *, verdict: str, reason: str, objects: Objects, registry: Registry) -> None:
    """Enters a version that was just judged, with the approval status that follows its verdict."""
    wanted = AFTER_VERDICT[verdict]
    if enter(model, objects=objects, registry=registry).status != wanted:
        registry.set_status(model["task"], model["model"], wanted, reason)


def _quality(model: Item, objects: Objects) -> Quality:
    """Writes runs/{run_id}/quality.json in the form that SageMaker shows (model quality statistics)."""
    known = {name: value for name, value in model["metrics"].items() if value is not None}
    told = {name: {"value": value, "standard_deviation": "NaN"} for name, value in known.items()}
    body = json.dumps({"multiclass_classification_metrics": told}, indent=1, sort_keys=True, allow_nan=False).encode()
    key = keys.run(model["run_id"], "quality.json")
    objects.put(key, body, content_type="application/json")
    return Quality(keys.uri(objects.bucket, key), hashlib.sha256(body).hexdigest(), known)
