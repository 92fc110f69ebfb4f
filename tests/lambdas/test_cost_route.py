"""The route that says what a run would cost."""

from __future__ import annotations

from lambdas import api
from tests import contracts
from tests.lambdas.gateway import Caller
from tests.worlds import FakeWorld


def test_a_cost_is_the_contracts_and_grows_with_the_records() -> None:
    world = FakeWorld(run_cost_cap_usd=3)
    call = Caller(api.handle, world)
    nothing = call("GET", "/v1/tasks/ner/cost").json
    world.add_batch()
    some = call("GET", "/v1/tasks/ner/cost").json
    for found in (nothing, some):
        contracts.validate("cost", found)
        assert found["cap_usd"] == 3 and found["allowed"] is True
    assert (some["records"], nothing["tokens"]) == ({"train": 80, "holdout": 20, "new": 100}, 0)
    assert some["tokens"] > 0 and some["usd"] >= nothing["usd"]


def test_an_unknown_task_has_no_cost() -> None:
    assert Caller(api.handle, FakeWorld())("GET", "/v1/tasks/nonsense/cost").code == "unknown_task"


def test_a_start_by_hand_over_the_cap_is_refused_by_its_code() -> None:
    world = FakeWorld(run_cost_cap_usd=0.01)
    world.add_batch()
    call = Caller(api.handle, world)
    refused = call("POST", "/v1/tasks/ner/runs")
    assert (refused.status, refused.code) == (400, "cost_cap")
    assert call("GET", "/v1/tasks/ner").json["active_run"] is None
