"""Worlds to look at: runs of every end, each made by what really decides it; their jobs alone leave only traces."""

from __future__ import annotations

import json
from typing import Any

from chartloop import keys, lifecycle, quality, receipts
from chartloop.items import batch_key, require, stamp
from chartloop.snapshots import StoredRecord
from tests.report_world import HOSTILE, RichWorld, comparison, world
from tests.worlds import TASK

ALARM = {"code": "rare_word", "label": "drug", "found": 9, "records": [f"note-{n:03d}" for n in range(40, 49)], "p": 3.1e-9}
FAILURE = {"code": "quota_exceeded", "message": "ml.g4dn.xlarge for training job usage: 0 instances"}
CHEAPER = {
    "name": "TF-IDF and logistic regression", "metrics": {"entity_f1": 0.967}, "interval": None, "proposed": True,
    "message": "The encoder is not proven better, so the cheaper TF-IDF and logistic regression is proposed.",
}  # fmt: skip


def promoted() -> RichWorld:
    """Two models, of which the second one is in service."""
    return world(6, 8)


def kept(made: RichWorld) -> str:
    """A candidate that is worse; its run."""
    made.right = 7
    run_id = begun(made)
    made.to_end()
    return run_id


def failed(made: RichWorld) -> str:
    """A run that found no machine."""
    run_id = begun(made)
    seams = made.seams("ledger", "objects", "executions", "jobs")
    lifecycle.finish(TASK, run_id, "failed", error=FAILURE, now=made.clock(), settings=made.settings, **seams)
    made.to_end()
    return run_id


def held(made: RichWorld, right: int = 9) -> str:
    """A better candidate that an alarm keeps for a person; its run."""
    made.right = right
    run_id = begun(made)
    [batch_id] = [item["batch_id"] for item in made.stores["ledger"].query(f"TASK#{TASK}", "BATCH#")][-1:]
    twins = [StoredRecord(name, batch_id, 1, 1, "t:a", "0" * 64, {"text": "same", "entities": []}) for name in ("n-1", "n-2")]
    found = {"task": TASK, "run_id": run_id, "created_at": "2026-11-21T08:00:00.000Z", **quality.report(TASK, twins, [], {})}
    made.put(keys.run(run_id, "score/quality.json"), {**found, "alarms": [{**ALARM, "batches": [batch_id]}]})
    made.to_end()
    return run_id


def beside_its_base(made: RichWorld, run_id: str) -> None:
    """As the run of a task that answers in words, by a model that was fine-tuned on a base made on the spot."""
    score = json.loads(made.stores["objects"].get(keys.run(run_id, "score/candidate.json")).body)
    changed(made, keys.run(run_id, "score/candidate.json"), extras={**score["extras"], "comparison": comparison()})
    said = {"truth": "A kind of arthritis.", "candidate": "Arthritis of the joints.", "champion": "Arthritis.", "base": "A a a"}
    answers = {who: {"value": value} for who, value in said.items()}
    beside = [
        {"way": "beside", "label": "", "record_id": f"q-{number}", "text": text, "answers": answers}
        for number, text in enumerate(("What is gout?", HOSTILE))
    ]
    changed(made, keys.flips(TASK, run_id, "flips.json"), shown=beside)
    del made.stores["objects"].stored[keys.run(run_id, "report.json")]


def compared(made: RichWorld, run_id: str) -> None:
    """As the verdict of a task that counts whole records, and trains a cheaper model beside."""
    changed(made, keys.run(run_id, "verdict.json"), mcnemar={"fixed": 41, "broken": 17, "p": 0.0023})
    score = json.loads(made.stores["objects"].get(keys.run(run_id, "score/candidate.json")).body)
    changed(made, keys.run(run_id, "score/candidate.json"), extras={**score["extras"], "baselines": [CHEAPER]})
    del made.stores["objects"].stored[keys.run(run_id, "report.json")]  # else it tells what was kept


def changed(made: RichWorld, key: str, **parts: Any) -> None:
    made.put(key, {**json.loads(made.stores["objects"].get(key).body), **parts})


def begun(made: RichWorld) -> str:
    ledger, batch_id = made.stores["ledger"], made.add_batch(train=400, holdout=80)
    at = stamp(made.clock())
    told = {"task": TASK, "counts": {**receipts.count(()), "total": 480, "accepted": 480}, "received_at": at, "processed_at": at}
    told["changes"] = {"records": 480, "training": 400, "holdout": 80, "replaced": 0, "characters": 0, "labels": {"drug": 480}}
    ledger.save(require(ledger, batch_key(TASK, batch_id), "batch") | told)
    run_id = made.consider()
    assert run_id is not None
    return run_id
