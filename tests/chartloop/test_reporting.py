"""The report of a run: made when it ends, kept with it, whole for a failed run too, and without a word of a record."""

from __future__ import annotations

import json
from typing import Any

import pytest

from chartloop import advice, keys, lifecycle, reporting
from chartloop.errors import NotFound
from tests.contracts import validate
from tests.report_world import RichWorld, shown, world
from tests.worlds import TASK, FakeWorld


def find(world: FakeWorld, run_id: str, *, text: bool = False) -> Any:
    return reporting.find(TASK, run_id, text=text, now=world.clock(), **world.seams("ledger", "objects", "jobs"))


@pytest.fixture(scope="module")
def three() -> RichWorld:
    return world(5, 6, 8)


def test_a_run_that_ends_leaves_its_report_as_data_and_as_a_page(three: RichWorld) -> None:
    for run in three.runs():
        stored = three.stores["objects"].get(keys.run(run["run_id"], "report.json"))
        validate("report", json.loads(stored.body))
        assert json.loads(stored.body) == find(three, run["run_id"])
        page = three.stores["objects"].get(keys.run(run["run_id"], "report.html")).body.decode()
        assert page.startswith("<!doctype html>") and run["run_id"] in page


def test_it_tells_what_the_run_worked_on_and_how_it_came_there(three: RichWorld) -> None:
    run = three.runs()[-1]
    found = find(three, run["run_id"])
    assert found["data"] == {**run["records"], "snapshot": run["snapshot"], "batches": 3, "posters": 1}
    assert [each["outcome"] for each in found["learning"]["runs"]] == ["promoted"] * 3
    values = [each["value"] for each in found["learning"]["runs"]]
    records = [each["records"] for each in found["learning"]["runs"]]
    assert values == sorted(values) and records == sorted(records) and found["learning"]["metric"] == "entity_f1"
    assert found["training"].keys() == {"train_loss", "eval_loss"} and len(found["training"]["train_loss"]) == 50
    assert found["settings"]["minimum_records"] == 100 and found["metrics"][0] == {"name": "entity_f1", "higher_is_better": True}


def test_each_models_own_interval_holds_its_figure_and_groups_stay_out(three: RichWorld) -> None:
    found = find(three, three.runs()[-1]["run_id"])
    for role in ("candidate", "champion"):
        value, bounds = found["run"]["verdict"]["metrics"][role]["entity_f1"], found["intervals"][role]["entity_f1"]
        assert bounds["low"] < value < bounds["high"]
        assert found["run"]["scores"][role]["settled"]["per_group"] == []


def test_the_learning_curve_of_an_earlier_run_ends_with_it(three: RichWorld) -> None:
    first, second, _ = three.runs()
    found = find(three, second["run_id"])["learning"]["runs"]
    assert [each["run_id"] for each in found] == [first["run_id"], second["run_id"]]


def test_sentences_are_for_who_may_read_text_and_for_a_time(three: RichWorld) -> None:
    run_id = three.runs()[-1]["run_id"]
    assert find(three, run_id)["flips"] is None
    with_text = find(three, run_id, text=True)
    validate("report", with_text)
    assert with_text["flips"]["shown"] == shown()
    key = keys.flips(TASK, run_id, "flips.json")
    three.put(key, {"shown": shown(), "expires_at": "2026-11-01T08:00:00.000Z"})
    assert find(three, run_id, text=True)["flips"] is None
    del three.stores["objects"].stored[key]
    assert find(three, run_id, text=True)["flips"] is None


def test_nothing_that_is_kept_with_the_run_holds_a_sentence(three: RichWorld) -> None:
    kept = [each.body.decode(errors="replace") for each in three.stores["objects"].list("runs/")]
    assert not any(flip["text"] in body or "metoprolol" in body for body in kept for flip in shown())


def test_a_failed_run_tells_where_and_what_to_do() -> None:
    made = FakeWorld()
    made.add_batch()
    run_id = str(made.consider())
    error = {"code": "quota_exceeded", "message": "no such machines"}
    seams = made.seams("ledger", "objects", "executions", "jobs")
    lifecycle.finish(TASK, run_id, "failed", error=error, now=made.clock(), settings=made.settings, **seams)
    found = find(made, run_id)
    validate("report", found)
    assert found["advice"] == advice.BY_CODE["quota_exceeded"] and found["run"]["verdict"] is None
    assert found["intervals"] == {"candidate": {}, "champion": {}} and found["training"] == {}


def test_a_run_that_goes_on_has_a_report_as_of_now_which_is_not_kept() -> None:
    made = FakeWorld()
    made.add_batch()
    run_id = str(made.consider())
    validate("report", find(made, run_id))
    assert not made.stores["objects"].exists(keys.run(run_id, "report.json"))


def test_what_a_crash_prevented_is_made_when_somebody_asks(three: RichWorld) -> None:
    run_id = three.runs()[0]["run_id"]
    kept = three.stores["objects"].stored.pop(keys.run(run_id, "report.json"))
    made, was = find(three, run_id), json.loads(kept.body)
    assert {**made, "created_at": None} == {**was, "created_at": None}
    three.stores["objects"].stored[kept.key] = kept


def test_what_was_written_stays_unless_the_run_came_to_another_end_since(three: RichWorld) -> None:
    run = three.run(three.runs()[1]["run_id"])
    before = find(three, run["run_id"])
    reporting.keep(TASK, run["run_id"], now=three.clock(), **three.seams("ledger", "objects", "jobs"))
    assert find(three, run["run_id"]) == before
    run["outcome"] = "kept"
    three.stores["ledger"].save(run)
    assert find(three, run["run_id"])["run"]["outcome"] == "kept"
    run["outcome"] = "promoted"
    three.stores["ledger"].save(run)


def test_a_decision_by_hand_has_a_report_of_its_own() -> None:
    from chartloop import runs

    made = world(6, 8)
    first = made.runs()[0]["model"]
    seams = made.seams("ledger", "objects", "executions")
    run = runs.start_promotion(TASK, first, "rollback", "worse on the ward", "alice", now=made.clock(), **seams)
    made.to_end()
    found = find(made, run["run_id"])
    validate("report", found)
    assert found["data"] is None and found["learning"]["runs"] == [] and found["run"]["reason"] == "worse on the ward"


def test_a_run_that_is_not_there_has_none() -> None:
    with pytest.raises(NotFound):
        find(FakeWorld(), "ner-20261121-080102-3f9c")
