"""Candidates that wait for a person: until when, what a person makes of them, and what becomes of those that nobody decided."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from chartloop import deadlines, models, reviews, runs
from chartloop.items import stamp
from tests.contracts import validate
from tests.worlds import TASK, Crash, FakeWorld, agree, for_review


def shown(world: FakeWorld, run_id: str) -> dict[str, Any]:
    found = runs.to_run(world.run(run_id), objects=world.stores["objects"], jobs=world.stores["jobs"])
    validate("run", found)
    return found


def close_due(world: FakeWorld) -> list[str]:
    return deadlines.close_due(TASK, now=world.clock(), **world.seams("ledger", "objects", "registry"))


def promote(world: FakeWorld, version: str) -> None:
    seams = world.seams("ledger", "objects", "executions")
    runs.start_promotion(TASK, version, "promote", "the label is written otherwise now", "ada", now=world.clock(), **seams)
    world.to_end()


def last_entry(world: FakeWorld) -> dict[str, Any]:
    entries: list[dict[str, Any]] = world.stores["ledger"].query(f"TASK#{TASK}", "AUDIT#")
    return max(entries, key=lambda entry: entry["number"])


def test_a_run_says_until_when_its_candidate_waits() -> None:
    world, version = for_review(review_days=3)
    run = shown(world, version)
    assert (run["outcome"], run["status"]) == ("needs-review", "succeeded")
    assert run["review"] == {"until": run["review"]["until"], "status": "waiting", "by": None, "at": None, "reason": None}
    assert stamp(world.now + timedelta(days=2, hours=23)) < run["review"]["until"] <= stamp(world.now + timedelta(days=3))
    assert world.owner()["reviews"] == {version: run["review"]["until"]}
    assert "waits 3 days for one" in next(c["message"] for c in run["verdict"]["clauses"] if c["clause"] == 10)
    status = runs.status(TASK, ledger=world.stores["ledger"], settings=world.settings)
    assert status["reviews"] == {version: run["review"]["until"]}


def test_runs_that_nobody_has_to_review_have_none() -> None:
    world, _ = for_review()
    first = shown(world, world.runs()[0]["run_id"])
    assert (first["outcome"], first["review"]) == ("promoted", None)


def test_before_the_deadline_it_waits() -> None:
    world, version = for_review()
    world.now += timedelta(days=6, hours=23)
    assert close_due(world) == []
    assert world.model(version)["status"] == "needs-review"


def test_after_the_deadline_the_champion_stays_and_run_model_registry_and_audit_say_so() -> None:
    world, version = for_review()
    champion = world.owner()["champion"]
    world.now += timedelta(days=7)
    assert close_due(world) == [version]
    run, model = shown(world, version), models.to_model(world.model(version))
    reason = f"nobody decided until {run['review']['until']}: the model in service stays"
    assert (run["outcome"], run["review"]["status"], run["review"]["by"]) == ("kept", "expired", "gate")
    assert run["review"]["reason"] == model["reason"] == reason
    assert run["review"]["at"] >= run["review"]["until"]
    assert model["status"] == "rejected"
    assert world.stores["registry"].find(TASK, version).status == "Rejected"
    told = last_entry(world)
    assert (told["action"], told["by"], told["model"], told["reason"]) == ("review-expired", "gate", version, reason)
    assert told["artifact"] == world.model(version)["sha256"]
    assert world.owner()["champion"] == champion and world.owner()["reviews"] == {}
    assert close_due(world) == []
    agree(world)


def test_a_person_promotes_it_in_time() -> None:
    world, version = for_review()
    promote(world, version)
    run = shown(world, version)
    assert world.owner()["champion"]["version"] == version
    assert (run["outcome"], run["review"]["status"], run["review"]["by"]) == ("promoted", "promoted", "ada")
    assert run["review"]["reason"] == "the label is written otherwise now"
    world.now += timedelta(days=30)
    assert close_due(world) == [] and world.owner()["reviews"] == {}
    agree(world)


def test_a_person_rejects_it_in_time() -> None:
    world, version = for_review()
    models.reject(TASK, version, reason="it fell", by="ada", now=world.clock(), **world.seams("ledger", "registry"))
    run = shown(world, version)
    assert (run["outcome"], run["review"]["status"], run["review"]["reason"]) == ("kept", "rejected", "it fell")
    assert world.owner()["reviews"] == {}


def test_another_model_in_service_ends_the_review() -> None:
    world, version = for_review()
    world.right, world.fallen = 9, False
    world.add_batch()
    world.to_end()
    assert world.owner()["champion"]["version"] == world.runs()[-1]["run_id"] != version
    close_due(world)  # the sweep of to_end may have been first
    run = shown(world, version)
    assert (run["outcome"], run["review"]["status"]) == ("kept", "superseded")
    assert run["review"]["reason"] == "another model came into service than the one that it was judged against"
    assert last_entry(world)["action"] in ("review-superseded", "champion", "verdict")


def test_nothing_is_ended_during_a_promotion() -> None:
    world, version = for_review()
    seams = world.seams("ledger", "objects", "executions")
    runs.start_promotion(TASK, version, "promote", "late", "ada", now=world.clock(), **seams)
    world.now += timedelta(days=8)
    assert close_due(world) == []
    world.to_end()
    assert world.owner()["champion"]["version"] == version


def test_a_task_that_is_older_than_reviews_has_none() -> None:
    world, _ = for_review()
    owner = world.owner()
    del owner["reviews"]
    assert reviews.waiting(owner) == {}


def test_a_version_without_a_package_is_ended_in_the_ledger_alone() -> None:
    world, version = for_review()
    world.stores["registry"].packages.clear()
    world.now += timedelta(days=8)
    assert close_due(world) == [version]
    assert world.stores["registry"].find(TASK, version) is None


@pytest.mark.parametrize("at", range(12))
def test_a_crash_anywhere_is_made_good_by_the_next_sweep(at: int) -> None:
    world, version = for_review()
    world.now += timedelta(days=8)
    world.fuse.set(at)
    try:
        close_due(world)
    except Crash:
        world.fuse.set(-1)
        close_due(world)
    world.fuse.set(-1)
    assert shown(world, version)["review"]["status"] == "expired"
    entries = [entry for entry in world.stores["ledger"].query(f"TASK#{TASK}", "AUDIT#") if entry["action"] == "review-expired"]
    assert len(entries) == 1
    agree(world)
