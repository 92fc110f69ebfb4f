"""The end of a promotion: what swap, approve and undo leave in the ledger, tell registry and endpoint, and refuse."""

from __future__ import annotations

import pytest

from chartloop import items, keys, promotion
from chartloop.errors import ChampionChanged, Conflict, EndpointBusy, NotFound
from chartloop.seams import EndpointState
from tests.promotions import check, config, deployed, held, noted, served, swapped
from tests.worlds import TASK, FakeWorld

BETTER = (
    "Better: entity F1 0.800 against 0.700 and token accuracy 0.820 against 0.780; "
    "the difference of +0.100 in entity F1 lies between +0.100 and +0.100."
)


def test_the_swap_is_whole() -> None:
    world = served(7)
    old = world.owner()["champion"]
    run_id = deployed(world)
    now = world.clock()
    promotion.swap(TASK, run_id, now=now, **world.seams("ledger", "objects"))
    owner, sha256, at = world.owner(), items.hashed(run_id), items.stamp(now)
    new = {"version": run_id, "sha256": sha256, "since": at, "by": "gate", "reason": BETTER, "run_id": run_id}
    assert (owner["champion"], owner["previous_champion"], owner["settled_run"]) == (new, old, run_id)
    model = world.model(run_id)
    found = {name: model[name] for name in ("status", "promoted_at", "promoted_by", "reason")}
    assert found == {"status": "champion", "promoted_at": at, "promoted_by": "gate", "reason": BETTER}
    assert world.model(old["version"])["status"] == "retired"
    entry = world.stores["ledger"].query(f"TASK#{TASK}", "AUDIT#")[-1]
    told = {
        "action": "champion", "by": "gate", "at": at, "model": run_id, "artifact": sha256, "before": old["version"],
        "reason": BETTER, "run_id": run_id,
    }  # fmt: skip
    assert {name: entry[name] for name in told} == told
    promotion.swap(TASK, run_id, now=world.clock(), **world.seams("ledger", "objects"))
    assert world.owner() == owner


def test_a_persons_promotion_carries_who_and_why() -> None:
    world = served(7)
    run_id = deployed(world)
    world.stores["ledger"].save(world.run(run_id) | {"by": "ada", "reason": "seen by me"})
    promotion.swap(TASK, run_id, now=world.clock(), **world.seams("ledger", "objects"))
    champion = world.owner()["champion"]
    assert (champion["by"], champion["reason"], world.model(run_id)["promoted_by"]) == ("ada", "seen by me", "ada")
    assert world.model(run_id)["reason"] == "seen by me"
    entry = world.stores["ledger"].query(f"TASK#{TASK}", "AUDIT#")[-1]
    assert (entry["by"], entry["reason"]) == ("ada", "seen by me")


def test_the_first_champion_has_none_before_it() -> None:
    world = FakeWorld()
    run_id = swapped(world)
    owner = world.owner()
    assert (owner["previous_champion"], owner["settled_run"], owner["champion"]["version"]) == (None, run_id, run_id)
    assert world.stores["ledger"].query(f"TASK#{TASK}", "AUDIT#")[-1]["before"] is None


def test_a_verdict_against_another_champion_does_not_swap_and_says_so() -> None:
    world = served(7)
    run_id = deployed(world)
    owner = world.owner()
    owner["champion"] = {**owner["champion"], "version": "ner-other"}
    world.stores["ledger"].save(owner)
    with pytest.raises(ChampionChanged) as changed:
        promotion.swap(TASK, run_id, now=world.clock(), **world.seams("ledger", "objects"))
    check(changed.value, "another model came into service after the candidate was judged", "champion_changed")
    world.stores["ledger"].save(world.run(run_id) | {"kind": "rollback"})
    assert not promotion.stale(world.run(run_id), world.owner(), world.objects)


def test_going_back_to_an_older_model_unsettles_nothing() -> None:
    world = served(6, 7)
    first, second = (run["run_id"] for run in world.runs())
    run_id = deployed(world)
    world.stores["ledger"].save(world.run(run_id) | {"kind": "rollback", "model": first})
    promotion.swap(TASK, run_id, now=world.clock(), **world.seams("ledger", "objects"))
    owner = world.owner()
    assert (owner["champion"]["version"], owner["settled_run"]) == (first, second)


def test_the_swap_ends_the_candidates_review_and_no_other() -> None:
    world = served(7)
    run_id = deployed(world)
    until = "2026-11-28T08:00:00.000Z"
    waits = {"until": until, "status": "waiting", "by": None, "at": None, "reason": None}
    world.stores["ledger"].save(world.run(run_id) | {"review": waits, "outcome": "needs-review"})
    world.stores["ledger"].save(world.owner() | {"reviews": {run_id: until, "ner-other": until}})
    now = world.clock()
    promotion.swap(TASK, run_id, now=now, **world.seams("ledger", "objects"))
    run = world.run(run_id)
    ended = {"until": until, "status": "promoted", "by": "gate", "at": items.stamp(now), "reason": BETTER}
    assert (run["review"], run["outcome"], world.owner()["reviews"]) == (ended, "promoted", {"ner-other": until})


@pytest.mark.parametrize(("lost", "told"), [("settled_run", "no such run"), ("champion", "no such version")])
def test_what_the_swap_does_not_find_it_names(lost: str, told: str) -> None:
    world = served(7)
    run_id = deployed(world)
    owner = world.owner()
    owner[lost] = "ner-lost" if lost == "settled_run" else {**owner["champion"], "version": "ner-lost"}
    world.stores["ledger"].save(owner)
    world.stores["ledger"].save(world.run(run_id) | {"kind": "rollback"})
    with pytest.raises(NotFound) as missed:
        promotion.swap(TASK, run_id, now=world.clock(), **world.seams("ledger", "objects"))
    assert missed.value.message == told


def test_approval_tells_the_registry_why_and_frees_the_promotion() -> None:
    world = served(7)
    run_id = swapped(world)
    before = world.run(run_id)
    before["marks"]["promote"]["message"] = "in service"
    world.stores["ledger"].save(before)
    registry, now = noted(world, "registry"), world.clock()
    promotion.approve(TASK, run_id, now=now, **world.seams("ledger", "registry"))
    assert registry.of("set_status") == [((TASK, run_id, "Approved", BETTER), {})]
    assert world.owner()["promotion"] is None
    started = before["marks"]["promote"]["started_at"]
    marked = {"started_at": started, "ended_at": items.stamp(now), "status": "succeeded", "message": "in service"}
    run = world.run(run_id)
    assert run["marks"]["promote"] == marked
    promotion.approve(TASK, run_id, now=world.clock(), **world.seams("ledger", "registry"))
    assert world.run(run_id) == run


@pytest.mark.parametrize(
    ("kind", "by", "rejected"), [("rollback", "gate", True), ("rollback", "ada", False), ("retrain", "gate", False)]
)
def test_what_a_rollback_by_the_gate_replaced_is_rejected(kind: str, by: str, rejected: bool) -> None:
    world = served(7)
    old = world.owner()["champion"]["version"]
    run_id = swapped(world)
    world.stores["ledger"].save(world.run(run_id) | {"kind": kind, "by": by, "reason": "it failed"})
    registry = noted(world, "registry")
    promotion.approve(TASK, run_id, now=world.clock(), **world.seams("ledger", "registry"))
    told = [((TASK, old, "Rejected", "it failed"), {})] if rejected else []
    assert registry.of("set_status")[1:] == told
    assert registry.of("find") == ([((TASK, old), {})] if rejected else [])


def test_approval_needs_the_swap_and_says_so() -> None:
    world = served(7)
    run_id = deployed(world)
    with pytest.raises(Conflict) as refused:
        promotion.approve(TASK, run_id, now=world.clock(), **world.seams("ledger", "registry"))
    check(refused.value, "this run's model is not in service", "conflict", run_id=run_id)


UNDO = ("ledger", "objects", "endpoints", "registry")


def test_undo_is_whole() -> None:
    world = served(7)
    old = world.owner()["champion"]
    run_id = deployed(world)
    endpoints, registry = noted(world, "endpoints"), noted(world, "registry")
    world.stores["endpoints"].live[TASK] = config(world, old["version"])
    before, now = world.run(run_id), world.clock()
    promotion.undo(TASK, run_id, now=now, **world.seams(*UNDO))
    wanted = config(world, old["version"])
    assert endpoints.of("redeploy") == [((TASK, wanted), {})] and endpoints.of("state") == [((TASK, wanted), {})]
    assert endpoints.of("settle") == [((TASK,), {})]
    assert registry.of("find") == [((TASK, run_id), {})]
    assert registry.of("set_status") == [((TASK, run_id, "Rejected", "its promotion failed"), {})]
    owner, run = world.owner(), world.run(run_id)
    assert (owner["promotion"], run["requested"], world.model(run_id)["status"]) == (None, None, "rejected")
    assert owner["champion"] == old
    assert run["marks"]["promote"] == {
        "started_at": before["marks"]["promote"]["started_at"], "ended_at": items.stamp(now), "status": "failed",
        "message": "undone: the model in service is as before",
    }  # fmt: skip


@pytest.mark.parametrize(
    "state", [EndpointState("Updating", "chartloop-old"), EndpointState("InService", "chartloop-other"), EndpointState("Missing")]
)
def test_undo_is_not_done_before_the_champion_serves(state: EndpointState) -> None:
    world = served(7)
    run_id = deployed(world)
    endpoints, registry = noted(world, "endpoints", state=[state]), noted(world, "registry")
    with pytest.raises(EndpointBusy) as busy:
        promotion.undo(TASK, run_id, now=world.clock(), **world.seams(*UNDO))
    check(busy.value, f"the endpoint is {state.status}, not yet as before", "endpoint_busy")
    assert world.owner()["promotion"] == run_id and not endpoints.of("settle") and not registry.calls


def test_undo_of_the_first_model_leaves_no_endpoint() -> None:
    world = FakeWorld()
    run_id = deployed(world)
    endpoints = noted(world, "endpoints")
    promotion.undo(TASK, run_id, now=world.clock(), **world.seams(*UNDO))
    assert endpoints.of("redeploy") == [((TASK, None), {})] and endpoints.of("state") == [((TASK, None), {})]
    assert world.owner()["promotion"] is None


def test_a_candidate_that_only_has_to_be_judged_again_is_not_rejected() -> None:
    """Nor is a model that a person went back to."""
    for change in ("champion", "kind"):
        world = served(7)
        run_id = deployed(world)
        if change == "kind":
            world.stores["ledger"].save(world.run(run_id) | {"kind": "rollback"})
        else:
            verdict = promotion.verdict_of(world.run(run_id), world.objects)
            world.put(keys.run(run_id, "verdict.json"), {**verdict, "champion": "ner-other"})
        status, registry = world.model(run_id)["status"], noted(world, "registry")
        world.stores["endpoints"].live[TASK] = config(world, world.owner()["champion"]["version"])
        promotion.undo(TASK, run_id, now=world.clock(), **world.seams(*UNDO))
        assert (world.owner()["promotion"], world.model(run_id)["status"]) == (None, status)
        assert not registry.of("set_status")


def test_a_candidate_that_the_registry_does_not_know_is_undone_too() -> None:
    world = served(7)
    run_id = deployed(world)
    del world.stores["registry"].packages[TASK, run_id]
    world.stores["endpoints"].live[TASK] = config(world, world.owner()["champion"]["version"])
    promotion.undo(TASK, run_id, now=world.clock(), **world.seams(*UNDO))
    assert (world.owner()["promotion"], world.model(run_id)["status"]) == (None, "rejected")


def test_undo_leaves_alone_what_another_run_holds() -> None:
    world = served(7)
    run_id = held(world)
    endpoints = noted(world, "endpoints")
    promotion.undo(TASK, run_id, now=world.clock(), **world.seams(*UNDO))
    assert not endpoints.calls
