"""Routes of tasks, runs, models and documents: what each answers, who may call it, and what bad requests are told."""

from __future__ import annotations

import json

import pytest

from lambdas import api, openapi
from tests import contracts
from tests.chartloop.intakes import note
from tests.lambdas.gateway import Caller
from tests.lambdas.posted import post, promoted
from tests.worlds import FakeWorld

# Task and runs


def test_the_task_says_how_far_it_is(call: Caller) -> None:
    post(call, [note("a")])
    assert call("GET", "/v1/tasks/ner").json["progress"] == "1 of 100"


def test_settings_are_shown_and_changed(call: Caller) -> None:
    assert call("PATCH", "/v1/tasks/ner/settings", {"minimum_records": 5}).json["minimum_records"] == 5
    assert call("GET", "/v1/tasks/ner/settings").json["minimum_records"] == 5
    answer = call("PATCH", "/v1/tasks/ner/settings", {"minimum_records": 0})
    assert answer.status == 400 and answer.json["error"]["field"] == "minimum_records"
    assert call("PATCH", "/v1/tasks/ner/settings", {"minimum": 1}).code == "unknown_setting"


def test_a_run_can_be_started_now(call: Caller, world: FakeWorld) -> None:
    assert call("POST", "/v1/tasks/ner/runs").status == 409
    world.add_batch()
    world.change(minimum_new_records=1000)
    answer = call("POST", "/v1/tasks/ner/runs")
    contracts.validate("run", answer.json)
    assert answer.status == 202 and answer.json["by"] == "alice"
    assert call("POST", "/v1/tasks/ner/runs").code == "run_active"


def test_runs_are_listed_and_shown(call: Caller, world: FakeWorld) -> None:
    promoted(world)
    world.add_batch()
    world.consider()
    world.to_end()
    first = call("GET", "/v1/runs", query={"task": "ner", "limit": "1"}).json
    second = call("GET", "/v1/runs", query={"before": first["next"]}).json
    shown = [*first["runs"], *second["runs"]]
    assert [run["run_id"] for run in shown] == sorted((run["run_id"] for run in world.runs()), reverse=True)
    assert second["next"] is None and shown[0]["scores"]["candidate"] is None
    for run in shown:
        contracts.validate("run", run)
    full = call("GET", f"/v1/runs/{shown[0]['run_id']}").json
    contracts.validate("run", full)
    assert full["scores"]["candidate"]["version"] == full["version"]


# Models


def test_models_are_listed_promoted_rejected_and_rolled_back(call: Caller, world: FakeWorld) -> None:
    first = promoted(world)
    world.right = 9
    world.add_batch()
    world.consider()
    world.to_end()
    models = call("GET", "/v1/tasks/ner/models").json["models"]
    for model in models:
        contracts.validate("model", model)
    assert {model["version"] for model in models} >= {first}
    answer = call("POST", "/v1/tasks/ner/rollback", {"reason": "worse in the ward"})
    contracts.validate("run", answer.json)
    assert (answer.status, answer.json["kind"], answer.json["version"]) == (202, "rollback", first)
    other = models[0]["version"]
    assert call("POST", f"/v1/tasks/ner/models/{other}/promote", {"reason": "again"}).code in (
        "promotion_active",
        "not_promotable",
    )
    world.to_end()
    rejected = call("POST", f"/v1/tasks/ner/models/{other}/reject", {"reason": "wrong"})
    contracts.validate("model", rejected.json)
    assert rejected.json["status"] == "rejected"
    back = call("POST", f"/v1/tasks/ner/models/{other}/promote", {"reason": "it was right"})
    contracts.validate("run", back.json)
    assert back.status == 202 and back.json["kind"] == "promote"


def test_tasks_say_what_they_are_asked_about(call: Caller) -> None:
    tasks = {task["task"]: task for task in call("GET", "/v1/tasks").json["tasks"]}
    assert tasks["ner"]["asked"]["one"] == "text" and "min_confidence" in tasks["ner"]["asked"]["options"]
    assert tasks["ner"]["metrics"][0] == {"name": "entity_f1", "higher_is_better": True}


def test_a_person_cancels_a_run(call: Caller, world: FakeWorld) -> None:
    world.add_batch()
    run_id = world.consider()
    answer = call("POST", f"/v1/runs/{run_id}/cancel", {"reason": "wrong file"})
    contracts.validate("run", answer.json)
    assert (answer.status, answer.json["status"], answer.json["error"]["code"]) == (202, "failed", "cancelled")
    assert call("POST", "/v1/runs/other-1/cancel", {"reason": "x"}).status == 404
    assert call("POST", f"/v1/runs/{run_id}/cancel", {"reason": "x"}, scopes=("chartloop/models:read",)).status == 403


@pytest.mark.parametrize("header", ["idempotency-key", "Idempotency-Key"])
def test_what_starts_a_run_starts_one_for_each_key(call: Caller, world: FakeWorld, header: str) -> None:
    first = promoted(world)
    world.right = 9
    world.add_batch()
    world.consider()
    world.to_end()
    for route, body in (("runs", None), ("rollback", {"reason": "worse"}), (f"models/{first}/promote", {"reason": "better"})):
        key = {header: f"for {route}"}
        once = call("POST", f"/v1/tasks/ner/{route}", body, headers=key)
        again = call("POST", f"/v1/tasks/ner/{route}", body, headers=key)
        assert (once.status, once.json) == (again.status, again.json), route
        assert once.status == (202 if route != f"models/{first}/promote" else 409)
        world.to_end()


def test_a_rejection_said_again_is_told_once(call: Caller, world: FakeWorld) -> None:
    promoted(world)
    world.right = 1
    world.add_batch()
    world.consider()
    world.to_end()
    kept = call("GET", "/v1/tasks/ner/models").json["models"][0]["version"]
    answers = [call("POST", f"/v1/tasks/ner/models/{kept}/reject", {"reason": "wrong"}).json for _ in range(2)]
    assert answers[0] == answers[1] and answers[0]["reason"] == "wrong"
    audit = call("GET", "/v1/tasks/ner/audit").json["audit"]
    assert [entry["action"] for entry in audit].count("reject") == 1


# Documents


def test_health_needs_no_token(call: Caller) -> None:
    assert call("GET", "/v1/health", scopes=None).json["status"] == "ok"


def test_the_document_is_that_of_the_code() -> None:
    assert json.loads(api.OPENAPI.read_text()) == openapi.document(), "run python -m lambdas.openapi"


def test_document_and_page_are_served(call: Caller) -> None:
    document = call("GET", "/v1/openapi.json").json
    assert document["openapi"].startswith("3.1") and "/v1/tasks/{task}/predict" in document["paths"]
    page = call("GET", "/v1/docs")
    assert page.headers["content-type"].startswith("text/html")
    assert "<script" not in page.text and "src=" not in page.text and "chartloop/records:write" in page.text
