"""Runs: when one starts, what it is given, and how it and its task are shown."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chartloop import items, keys, runs, tasks
from chartloop.errors import Conflict, InvalidRequest, Stale
from chartloop.seams import JobState
from tests.contracts import validate
from tests.worlds import BASE, TASK, FakeWorld


def status(world: FakeWorld) -> dict[str, Any]:
    return runs.status(TASK, ledger=world.ledger, settings=world.settings)


def shown(world: FakeWorld, run_id: str) -> dict[str, Any]:
    found = runs.to_run(world.run(run_id), objects=world.objects, jobs=world.jobs)
    validate("run", found)
    return found


def request_of(world: FakeWorld, run_id: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(world.stores["objects"].get(keys.run(run_id, "request.json")).body)
    return found


def test_too_few_records_start_nothing_and_the_status_counts_them() -> None:
    world = FakeWorld()
    world.change(minimum_records=1000)
    world.add_batch(512, 128)
    assert world.consider() is None
    assert not world.stores["executions"].started
    found = status(world)
    assert (found["progress"], found["new_records"], found["active_run"]) == ("640 of 1,000", 640, None)


def test_enough_records_start_one_run_with_references_only() -> None:
    world = FakeWorld()
    world.add_batch()
    run_id = str(world.consider())
    assert re.fullmatch(r"ner-\d{8}-\d{6}-[0-9a-f]{4}", run_id)
    given_input = world.stores["executions"].started[f"{run_id}-1"]
    request = request_of(world, run_id)
    assert given_input == {
        "run_id": run_id,
        "task": "ner",
        "kind": "retrain",
        "version": run_id,
        "uris": {
            "request": f"s3://data/runs/{run_id}/request.json",
            "records": "s3://data/records/ner/",
            "holdout": "s3://data/holdout/ner/",
            "snapshot": f"s3://data/snapshots/ner/{request['snapshot']}/",
            "base_model": f"s3://data/base-models/{BASE}/",
            "train": f"s3://data/runs/{run_id}/train/",
            "checkpoints": f"s3://data/runs/{run_id}/checkpoints/",
            "score": f"s3://data/runs/{run_id}/score/",
            "flips": f"s3://data/flips/ner/{run_id}/",
            "model": f"s3://data/models/ner/{run_id}/",
            "embeddings": f"s3://data/embeddings/ner/{request['snapshot']}/",
            "previous_embeddings": f"s3://data/embeddings/ner/{request['snapshot']}/",
            "codes": f"s3://data/runs/{run_id}/request.json",
        },
        "hyperparameters": given_input["hyperparameters"],
        "embeds": True,
        "has_embeddings": False,
        "tries": {"made": 0},
    }
    assert given_input["hyperparameters"]["model_name_or_path"] == json.dumps(BASE)
    assert all(isinstance(value, str) for value in given_input["hyperparameters"].values())
    assert status(world)["active_run"] == run_id


def test_code_tables_that_are_staged_are_an_input() -> None:
    world = FakeWorld()
    world.stores["objects"].put(keys.codes("icd10cm"), b"")
    world.add_batch()
    run_id = world.consider()
    assert world.stores["executions"].started[f"{run_id}-1"]["uris"]["codes"] == "s3://data/codes/"


def test_what_arrives_during_a_run_waits_for_one_more() -> None:
    world = FakeWorld()
    world.add_batch()
    first = world.consider()
    for _ in range(3):
        world.add_batch()
        assert world.consider() is None
    assert status(world)["pending"] is True
    assert [shard["batch_id"] for shard in request_of(world, str(first))["records"]] == ["b1"]
    world.execute()
    _, second = world.runs()
    assert len(world.runs()) == 2
    assert [shard["batch_id"] for shard in request_of(world, second["run_id"])["records"]] == ["b1", "b2", "b3", "b4"]
    assert world.stores["executions"].started[f"{second['run_id']}-1"]["has_embeddings"] is True


@settings(max_examples=40, deadline=None)
@given(st.lists(st.sampled_from(["upload", "consider", "execute", "sweep"]), max_size=14))
def test_however_uploads_come_at_most_one_runs_and_one_waits(actions: list[str]) -> None:
    world = FakeWorld()
    uploads = 0
    for action in actions:
        if action == "upload":
            world.add_batch()
            uploads += 1
        else:
            getattr(world, action)()
        running = [run for run in world.runs() if run["ended_at"] is None]
        assert len(running) <= 1
    world.to_end()
    assert len(world.runs()) <= uploads
    assert status(world)["new_records"] < 10


def test_the_first_holdout_settles_itself_and_later_ones_with_a_promotion() -> None:
    world = FakeWorld()
    world.add_batch()
    world.to_end()
    world.right = 4
    world.add_batch()
    world.to_end()
    world.add_batch()
    world.to_end()
    settled = [[shard["settled"] for shard in request_of(world, run["run_id"])["holdout"]] for run in world.runs()]
    assert [run["outcome"] for run in world.runs()] == ["promoted", "kept", "kept"]
    assert settled == [[True], [True, False], [True, False, False]]
    world.right = 9
    world.add_batch()
    world.to_end()
    world.add_batch()
    world.to_end()
    assert [shard["settled"] for shard in request_of(world, world.runs()[-1]["run_id"])["holdout"]] == [True] * 4 + [False]


def test_before_the_first_promotion_every_holdout_judges() -> None:
    world = FakeWorld()
    world.right = 3
    for _ in range(2):
        world.add_batch()
        world.to_end()
    assert [run["outcome"] for run in world.runs()] == ["kept", "kept"]
    assert [shard["settled"] for shard in request_of(world, world.runs()[1]["run_id"])["holdout"]] == [True, True]


def test_a_withdrawn_batch_is_in_no_later_run() -> None:
    world = FakeWorld()
    world.add_batch()
    gone = world.add_batch()
    batch = items.require(world.stores["ledger"], items.batch_key(TASK, gone), "batch")
    world.stores["ledger"].save(batch | {"status": "withdrawn"})
    run_id = str(world.consider())
    assert [shard["batch_id"] for shard in request_of(world, run_id)["records"]] == ["b1"]


@pytest.mark.parametrize(
    ("train", "holdout", "staged", "code"),
    [
        (100, 0, True, "no_settled_holdout"),
        (0, 100, True, "no_training_records"),
        (80, 20, False, "base_model_not_staged"),
    ],
)
def test_a_run_that_has_nothing_to_work_on_does_not_start_and_says_why(train: int, holdout: int, staged: bool, code: str) -> None:
    world = FakeWorld()
    if not staged:
        world.stores["objects"].stored.clear()
    world.add_batch(train, holdout)
    assert world.consider() is None and world.consider() is None
    assert not world.stores["executions"].started and not world.runs()
    assert status(world)["blocked"]["code"] == code
    with pytest.raises(InvalidRequest) as caught:
        runs.start_now(TASK, "ada", now=world.clock(), settings=world.settings, **world.seams("ledger", "objects", "executions"))
    assert caught.value.code == code
    world.stores["objects"].put(keys.base_model(BASE, "manifest.json"), b"{}")
    world.add_batch()
    assert world.consider() and status(world)["blocked"] is None


def test_what_a_function_cannot_hold_is_refused_before_anything_is_trained(monkeypatch: pytest.MonkeyPatch) -> None:
    world = FakeWorld()
    world.settings = world.settings.model_copy(update={"serving": "lambda"})
    world.add_batch(80, 20)
    with monkeypatch.context() as patch:
        patch.setitem(tasks.TASKS, TASK, replace(tasks.TASKS[TASK], in_function=False))
        assert world.consider() is None
        assert status(world)["blocked"]["code"] == "not_served_here"
    world.add_batch()
    assert world.consider()


def test_a_person_need_not_wait_for_new_records_but_for_the_minimum() -> None:
    world = FakeWorld()
    seams = world.seams("ledger", "objects", "executions")

    def start() -> str:
        return runs.start_now(TASK, "ada", now=world.clock(), settings=world.settings, **seams)

    world.add_batch(40, 10)
    with pytest.raises(Conflict, match="50 of 100"):
        start()
    world.add_batch()
    world.to_end()
    run_id = start()
    assert (world.run(run_id)["by"], world.run(run_id)["records"]["new"]) == ("ada", 0)
    with pytest.raises(Conflict) as caught:
        start()
    assert caught.value.code == "run_active"


def test_a_writer_that_was_faster_is_taken_into_account() -> None:
    world = FakeWorld()
    world.add_batch()
    save, world.stores["ledger"].raced = world.stores["ledger"].save, False

    def racing(*saved: Any) -> None:
        if not world.stores["ledger"].raced:
            world.stores["ledger"].raced = True
            world.add_batch()
        save(*saved)

    world.stores["ledger"].save = lambda *saved: save(*saved) if world.stores["ledger"].raced else racing(*saved)
    run_id = str(world.consider())
    assert world.run(run_id)["records"] == {"train": 160, "holdout": 40, "new": 200}


def test_writers_that_are_always_faster_are_told_to_the_queue() -> None:
    world = FakeWorld()
    world.add_batch()

    def never(*saved: Any) -> None:
        raise Stale("another writer was first")

    world.stores["ledger"].save = never
    with pytest.raises(Stale):
        world.consider()


def test_hyperparameters_of_the_task_reach_the_run() -> None:
    world = FakeWorld()
    world.change(num_train_epochs=3, model_name_or_path="other/encoder")
    world.stores["objects"].put(keys.base_model("other/encoder", "manifest.json"), b"{}")
    world.add_batch()
    run_id = str(world.consider())
    given_input = world.stores["executions"].started[f"{run_id}-1"]
    assert given_input["hyperparameters"]["num_train_epochs"] == "3"
    assert given_input["uris"]["base_model"] == "s3://data/base-models/other--encoder/"
    assert request_of(world, run_id)["settings"]["hyperparameters"]["num_train_epochs"] == 3


def test_a_run_is_shown_as_the_contract_says_from_start_to_end() -> None:
    world = FakeWorld()
    world.add_batch()
    run_id = str(world.consider())
    found = shown(world, run_id)
    assert (found["status"], found["outcome"], found["seconds"]) == ("starting", None, None)
    assert [step["status"] for step in found["steps"]] == ["waiting"] * 6
    metrics = {"progress": 40.0, "eval_f1": float("nan")}
    world.stores["jobs"].states[f"{run_id}-1-train"] = JobState("InProgress", 1795248000.0, metrics=metrics)
    train = shown(world, run_id)["steps"][2]
    assert (train["status"], train["progress"]) == ("running", {"progress": 40.0})
    world.execute()
    found = shown(world, run_id)
    assert (found["status"], found["outcome"]) == ("succeeded", "promoted")
    assert found["verdict"]["verdict"] == "promote" and found["scores"]["candidate"]["version"] == run_id
    assert found["scores"]["champion"] is None
    assert [step["status"] for step in found["steps"]] == ["succeeded"] * 6


def test_steps_of_an_ended_run_outlive_its_jobs() -> None:
    world = FakeWorld()
    world.add_batch()
    run_id = str(world.consider())
    world.execute()
    before = shown(world, run_id)
    world.stores["jobs"].states.clear()
    assert shown(world, run_id) == before


def test_a_kept_run_skips_its_promotion() -> None:
    world = FakeWorld()
    world.right = 2
    world.add_batch()
    world.to_end()
    found = shown(world, world.runs()[0]["run_id"])
    assert (found["outcome"], found["error"]) == ("kept", None)
    assert [step["status"] for step in found["steps"]] == ["succeeded"] * 5 + ["skipped"]
    assert world.model(found["run_id"])["status"] == "rejected"
