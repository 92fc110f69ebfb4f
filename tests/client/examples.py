"""Answers of the service as the contracts have them."""

from __future__ import annotations

from typing import Any

WHEN = "2026-11-21T08:01:02.000Z"


def receipt(
    batch_id: str = "b-1", *, status: str = "processed", entries: list[dict[str, Any]] | None = None, **more: Any
) -> dict[str, Any]:
    entries = [{"line": 1, "record_id": "n-1", "verdict": "accepted"}] if entries is None else entries
    names = ("accepted", "duplicate", "replaced", "conflict", "set_aside", "rejected")
    counts = {"total": len(entries)} | {name: sum(entry["verdict"] == name for entry in entries) for name in names}
    return {
        "batch_id": batch_id,
        "task": "ner",
        "status": status,
        "counts": counts,
        "records": entries,
        "received_at": WHEN,
        **more,
    }


def verdict(decision: str = "promote", candidate: float = 0.9, champion: float | None = 0.8, low: float = 0.05) -> dict[str, Any]:
    interval = {
        "metric": "entity_f1",
        "difference": candidate - (champion or 0),
        "low": low,
        "high": 0.15,
        "level": 0.95,
        "resamples": 2000,
        "seed": 1,
    }
    return {
        "run_id": "r-1", "task": "ner", "verdict": decision, "policy": "strict",
        "policies": {"spec": "promote", "strict": "promote"}, "candidate": "r-1",
        "champion": None if champion is None else "r-0", "holdout": "0" * 64,
        "clauses": [
            {
                "clause": 2, "name": "floor", "passed": True, "measured": candidate, "required": 0.5,
                "message": "over it", "policies": ["spec", "strict"],
            }
        ],
        "metrics": {"candidate": {"entity_f1": candidate}, "champion": None if champion is None else {"entity_f1": champion}},
        "interval": None if champion is None else interval,
        "labels": [{"label": "drug", "support": 40, "candidate": 0.9, "champion": champion, "difference": 0.1}],
        "message": "Entity F1 is better.", "created_at": WHEN,
    }  # fmt: skip


def run(run_id: str = "r-1", *, status: str = "succeeded", outcome: str | None = "promoted", **more: Any) -> dict[str, Any]:
    names = ("prepare", "embed", "train", "score", "judge", "promote")
    done = "succeeded" if status == "succeeded" else "waiting"
    steps = [{"name": name, "status": done, "seconds": 1.5 if done == "succeeded" else None} for name in names]
    return {
        "run_id": run_id, "task": "ner", "kind": "retrain", "status": status, "outcome": outcome, "attempt": 1, "version": run_id,
        "snapshot": "1" * 64, "records": {"train": 240, "holdout": 60, "new": 300}, "steps": steps,
        "verdict": verdict() if status == "succeeded" else None, "scores": {"candidate": None, "champion": None}, "error": None,
        "started_at": WHEN, "ended_at": WHEN if status == "succeeded" else None, "seconds": 90.0,
        "orchestration_seconds": 4.25, **more,
    }  # fmt: skip


def training(progress: float, loss: float) -> dict[str, Any]:
    """A run in the middle of its training."""
    going = run(status="running", outcome=None)
    going["steps"][0] |= {"status": "succeeded", "seconds": 2.0}
    going["steps"][2] |= {
        "status": "running",
        "seconds": 30.0,
        "progress": {"epoch": 2, "progress": progress, "train_loss": loss},
    }
    return going


def model(version: str = "r-1", **more: Any) -> dict[str, Any]:
    return {
        "task": "ner", "version": version, "status": "champion", "run_id": version, "snapshot": "1" * 64, "sha256": "2" * 64,
        "bytes": 90_000_000, "base_model": "minilm-l6-v2", "labels": ["drug"],
        "metrics": {"entity_f1": 0.9, "token_accuracy": 0.97},
        "created_at": WHEN, "promoted_at": WHEN, "promoted_by": "loop", "reason": None, **more,
    }  # fmt: skip


def prediction(*results: dict[str, Any]) -> dict[str, Any]:
    return {"task": "ner", "model_version": "r-1", "snapshot": "1" * 64, "offset_unit": "codepoint", "predictions": list(results)}


def found(text: str, **surfaces: str) -> dict[str, Any]:
    """A result with one entity for each `label=surface`."""
    entities = [
        {
            "label": label,
            "start": text.index(surface),
            "end": text.index(surface) + len(surface),
            "surface": surface,
            "confidence": 0.9,
        }
        for label, surface in surfaces.items()
    ]
    return {"prediction_id": "p-1", "entities": entities, "characters": len(text)}
