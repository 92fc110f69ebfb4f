"""The routes of what can be trusted."""

from __future__ import annotations

import json

from chartloop import batches, keys, quality
from chartloop.items import batch_key, require
from chartloop.snapshots import StoredRecord
from lambdas import api
from lambdas.http import GOLD_WRITE, MODELS_PROMOTE, MODELS_READ, RECORDS_WRITE
from tests import contracts
from tests.chartloop.intakes import Desk, note
from tests.lambdas.gateway import Caller
from tests.worlds import TASK, FakeWorld

QUALITY = f"/v1/tasks/{TASK}/quality"


def found(run_id: str) -> dict[str, object]:
    twins = [StoredRecord(name, "b", 1, 1, "t:a", "0" * 64, {"text": "same", "entities": []}) for name in ("a", "b")]
    return {
        "task": TASK,
        "run_id": run_id,
        "created_at": "2026-11-21T08:00:00.000Z",
        "alarms": [],
        **quality.report(TASK, twins, [], {}),
    }


def test_the_quality_is_that_of_the_newest_run_that_was_scored() -> None:
    world = FakeWorld()
    call = Caller(api.handle, world)
    assert call("GET", QUALITY).code == "no_quality"
    world.add_batch()
    first = world.consider()
    assert first is not None and call("GET", QUALITY).code == "no_quality"  # it is not that far
    world.to_end()
    world.put(keys.run(first, "score/quality.json"), found(first))
    world.add_batch()
    assert world.consider() != first
    shown = call("GET", QUALITY).json
    contracts.validate("quality", shown)
    assert shown["run_id"] == first


def test_an_unknown_task_has_no_quality() -> None:
    assert Caller(api.handle, FakeWorld())("GET", "/v1/tasks/nonsense/quality").code == "unknown_task"


def test_an_alarm_holds_the_run_and_is_told_with_its_batch() -> None:
    world = FakeWorld()
    batch_id = world.add_batch()
    run_id = world.consider()
    assert run_id is not None
    alarm = {"code": "rare_word", "label": "O", "found": 9, "records": ["n"], "batches": [batch_id], "p": 1e-9}
    world.put(keys.run(run_id, "score/quality.json"), {**found(run_id), "alarms": [alarm]})
    world.to_end()
    assert world.run(run_id)["outcome"] == "needs-review"
    (warning,) = require(world.stores["ledger"], batch_key(TASK, batch_id), "batch")["warnings"]
    assert warning == {"code": "rare_word", "label": "O", "found": 9, "run_id": run_id}


def test_a_person_may_decide_that_alarms_hold_nothing() -> None:
    world = FakeWorld()
    world.change(hold_on_alarm=False)
    batch_id = world.add_batch()
    run_id = world.consider()
    assert run_id is not None
    alarm = {"code": "rare_word", "label": "O", "found": 9, "records": ["n"], "batches": [batch_id], "p": 1e-9}
    world.put(keys.run(run_id, "score/quality.json"), {**found(run_id), "alarms": [alarm]})
    world.to_end()
    assert world.run(run_id)["outcome"] == "promoted"


NOTE = {"record_id": "n-1", "text": "Takes aspirin.", "entities": [{"start": 6, "end": 13, "label": "drug"}]}


def test_gold_is_written_and_withdrawn_by_its_own_scope_alone() -> None:
    call = Caller(api.handle, FakeWorld())
    posters = (RECORDS_WRITE, MODELS_READ, MODELS_PROMOTE)
    assert call("POST", f"/v1/tasks/{TASK}/gold", [NOTE], scopes=posters).code == "forbidden"
    added = call("POST", f"/v1/tasks/{TASK}/gold", [NOTE], scopes=(GOLD_WRITE,))
    contracts.validate("batch_receipt", added.json)
    assert (added.status, added.json["source"]) == (202, "gold")
    away = f"/v1/tasks/{TASK}/batches/{added.json['batch_id']}/withdraw"
    assert call("POST", away, {"reason": "x"}, scopes=posters).code == "forbidden"
    assert call("POST", away, {"reason": "x"}).code == "conflict"  # it is not taken in yet


def sent(world: FakeWorld, poster: str, size: int) -> str:
    batch_id = world.add_batch(train=size - 10, holdout=10)
    item = require(world.stores["ledger"], batch_key(TASK, batch_id), "batch")
    world.stores["ledger"].save(item | {"poster": poster})
    return batch_id


def test_what_one_poster_sends_over_the_cap_waits() -> None:
    world = FakeWorld()
    call = Caller(api.handle, world)
    world.change(poster_cap_percent=60)
    sent(world, "eve", 120), sent(world, "ann", 90)
    assert world.consider() is not None and call("GET", f"/v1/tasks/{TASK}").json["waiting"] == 0
    world.to_end()
    late, ours = sent(world, "eve", 120), sent(world, "ann", 60)
    run_id = world.consider()
    assert run_id is not None and call("GET", f"/v1/tasks/{TASK}").json["waiting"] == 1
    request = json.loads(world.stores["objects"].get(keys.run(run_id, "request.json")).body)
    named = [entry["batch_id"] for entry in request["records"]]
    assert ours in named and late not in named and [entry["new"] for entry in request["records"]] == [False, False, True]


def test_a_run_does_not_start_where_all_that_is_new_waits() -> None:
    world = FakeWorld()
    world.add_batch()
    world.consider()
    world.to_end()
    world.change(poster_cap_percent=50)
    sent(world, "eve", 120)
    assert world.consider() is None and world.owner()["blocked"]["code"] == "poster_cap"
    assert Caller(api.handle, world)("POST", f"/v1/tasks/{TASK}/runs").code == "poster_cap"


def test_a_batch_that_waits_says_so_in_its_receipt() -> None:
    desk = Desk()
    receipt = desk.post([note("a"), note("b")])
    assert "waiting" not in receipt
    owner = desk.task()
    owner["waiting"] = [receipt["batch_id"]]
    desk.ledger.save(owner)
    shown = desk.show(receipt["batch_id"])
    contracts.validate("batch_receipt", shown)
    assert shown["waiting"]["code"] == "poster_cap"
    (listed,) = batches.recent(TASK, ledger=desk.ledger, limit=5)["batches"]
    assert listed["waiting"]["code"] == "poster_cap"


def test_changes_and_provenance_are_asked_by_address() -> None:
    call = Caller(api.handle, FakeWorld())
    assert call("GET", f"/v1/tasks/{TASK}/batches/no%20id/changes").code == "not_found"
    assert call("GET", f"/v1/tasks/{TASK}/provenance", query={"record_id": "nobody/knows it"}).code == "not_found"
    assert call("GET", f"/v1/tasks/{TASK}/provenance").code == "invalid_request"


def test_posters_are_told_with_what_waits_and_who_wrote_the_gold_set() -> None:
    world = FakeWorld()
    world.change(poster_cap_percent=60)
    sent(world, "alice", 100)
    sent(world, "bob", 30)
    sent(world, "bob", 30)
    over = sent(world, "alice", 200)
    assert world.consider() and world.owner()["waiting"] == [over]
    gold = require(world.stores["ledger"], batch_key(TASK, sent(world, "board", 20)), "batch")
    world.stores["ledger"].save(gold | {"source": "gold", "train": None, "holdout": None, "gold": {"records": 20}})
    found = Caller(api.handle, world)("GET", f"/v1/tasks/{TASK}/posters").json
    contracts.validate("posters", found)
    assert [(each["poster"], each["records"], each["waiting"]) for each in found["posters"]] == [
        ("alice", 300, 200),
        ("bob", 60, 0),
    ]
    assert found["cap_percent"] == 60 and (found["gold"]["records"], found["gold"]["batches"]) == (20, 1)
    assert found["gold"]["posters"][0]["poster"] == "board"
