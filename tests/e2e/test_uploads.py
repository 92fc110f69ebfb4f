"""Uploads while a run is active, and the same upload again: one more run, and no second effect."""

from __future__ import annotations

from typing import Any

from chartloop.runs import ENDED
from client.api import Api
from tests.e2e import easy
from tests.e2e.conftest import BUCKET, Cloud, until
from tests.e2e.test_loop import QUICK, RUN_SECONDS

NOTES = 40
"""Of a batch: as many as QUICK asks for a new run."""


def idle(api: Api) -> bool:
    return api.task("ner")["active_run"] is None


def ended(api: Api, runs: int) -> list[Any] | None:
    """The runs, newest first, once there are so many and all have ended; between two runs the task is idle for a moment."""
    found = api.runs("ner")["runs"]
    return found if len(found) >= runs and {run["status"] for run in found} <= ENDED and idle(api) else None


def shards(cloud: Cloud) -> dict[str, str]:
    """The accepted records' objects and what they hold, as hashes."""
    objects = cloud.client("s3").list_objects_v2(Bucket=BUCKET, Prefix="records/ner/")
    return {found["Key"]: found["ETag"] for found in objects["Contents"]}


def test_two_uploads_while_a_run_is_active_give_one_more(cloud: Cloud, api: Api) -> None:
    api.change_settings("ner", QUICK)
    until(lambda: idle(api), RUN_SECONDS)
    before, records = len(api.runs("ner")["runs"]), api.task("ner")["records"]
    api.post_records("ner", easy.notes(max(NOTES, 120 - records), seed=11))
    active = until(lambda: api.task("ner")["active_run"], 60)
    waiting = [api.post_records("ner", easy.notes(NOTES, seed=seed)) for seed in (12, 13)]
    until(lambda: all(api.batch("ner", receipt["batch_id"])["status"] == "processed" for receipt in waiting), 60)
    task = api.task("ner")
    assert (task["active_run"], task["pending"], task["new_records"]) == (active, True, 2 * NOTES)

    runs = until(lambda: ended(api, before + 2), 2 * RUN_SECONDS)
    assert len(runs) == before + 2
    assert [run["status"] for run in runs[:2]] == ["succeeded", "succeeded"]
    assert runs[0]["records"]["new"] == 2 * NOTES

    stored = shards(cloud)
    again = api.post_records("ner", easy.notes(NOTES, seed=12))
    assert again["batch_id"] == waiting[0]["batch_id"]
    assert shards(cloud) == stored
    task = api.task("ner")
    assert (task["new_records"], task["active_run"]) == (0, None)
    assert task["records"] == sum(batch["counts"]["accepted"] for batch in api.batches("ner")["batches"])
    assert len(api.runs("ner")["runs"]) == before + 2
