"""Promotion: whatever crashes or fails at whichever call, registry, folder, endpoint and pointer agree in the end."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from chartloop import promotion, publishing, runs, steps
from chartloop.errors import ChampionChanged, Conflict, EndpointBusy, JobFailed, PromotionActive
from chartloop.seams import EndpointState
from tests.worlds import TASK, Crash, FakeWorld, agree

ENOUGH = 400
"""More calls of seams than a run makes."""


def served(*right: int) -> FakeWorld:
    """A world with as many champions one after the other."""
    world = FakeWorld()
    for found in right:
        world.right = found
        world.add_batch()
        world.to_end()
    return world


def waiting(world: FakeWorld, right: int = 8) -> FakeWorld:
    """The same with enough records for the next run, whose candidate finds `right` of 10 entities."""
    world.right = right
    world.add_batch()
    return world


def crash_everywhere(prepare: Any) -> list[FakeWorld]:
    """The worlds after a crash instead of call 0, 1, 2 ... of a run, each restarted until nothing is left to do."""
    worlds = []
    for at in range(ENOUGH):
        world = prepare()
        world.fuse.set(at)
        world.to_end()
        worlds.append(world)
        if world.fuse.calls <= at:
            return worlds
    raise AssertionError("the run never ended without a crash")


@pytest.mark.parametrize("forgetful", [True, False])
@pytest.mark.parametrize("champions", [(), (7,)])
def test_a_crash_before_any_call_ends_as_if_nothing_had_happened(champions: tuple[int, ...], forgetful: bool) -> None:
    def prepare() -> FakeWorld:
        world = waiting(served(*champions))
        world.forgetful = forgetful
        return world

    worlds = crash_everywhere(prepare)
    assert len(worlds) > 60
    for world in worlds:
        agree(world)
        done = [run for run in world.runs() if run["outcome"] == "promoted"]
        assert len(done) == len(world.runs()) == len(champions) + 1
        assert world.owner()["champion"]["version"] == done[-1]["run_id"]
        audit = world.stores["ledger"].query(f"TASK#{TASK}", "AUDIT#")
        assert [entry["action"] for entry in audit] == ["verdict", "champion"] * len(done)
        assert all(run["attempt"] <= 2 for run in done)


def test_a_crash_in_a_run_that_is_kept_changes_nothing_in_service() -> None:
    for world in crash_everywhere(lambda: waiting(served(7), right=6)):
        agree(world)
        assert [run["outcome"] for run in world.runs()] == ["promoted", "kept"]
        assert world.owner()["champion"]["version"] == world.runs()[0]["run_id"]


def test_a_crash_in_a_persons_rollback() -> None:
    def prepare() -> FakeWorld:
        world = served(7, 8)
        seams = world.seams("ledger", "objects", "executions")
        runs.start_promotion(TASK, None, "rollback", "worse at night", "ada", now=world.clock(), **seams)
        return world

    for world in crash_everywhere(prepare):
        agree(world)
        first, second, rollback = world.runs()
        assert (rollback["kind"], rollback["outcome"]) == ("rollback", "promoted")
        assert world.owner()["champion"]["version"] == first["run_id"]
        assert world.owner()["previous_champion"]["version"] == second["run_id"]
        assert world.owner()["settled_run"] == second["run_id"]
        assert world.model(second["run_id"])["status"] == "retired"


class Strange(Exception):
    """No error that anyone expects."""


class Stale(Exception):
    """One that the state machine tries again, by its name."""


@pytest.mark.parametrize("error", [Strange, Stale])
def test_a_failing_call_ends_in_the_old_or_the_new_model_whole(error: type[Exception]) -> None:
    outcomes = set()
    for at in range(ENOUGH):
        world = waiting(served(7))
        run_id = world.consider()
        world.fuse.set(at, error)
        world.execute()
        if world.fuse.calls <= at:
            break
        world.fuse.set(ENOUGH)
        for _ in range(3):  # what stays for the sweep is soon done
            if world.owner()["active_run"]:
                world.sweep()
                world.execute()
        agree(world)
        run = world.run(str(run_id))
        outcomes.add(run["outcome"])
        serving = world.owner()["champion"]["version"]
        assert (serving == run_id) == (run["outcome"] == "promoted")
        assert (run["error"] is None) == (run["outcome"] != "failed")
    assert outcomes == ({"promoted", "failed"} if error is Strange else {"promoted"})


def test_a_deployment_that_goes_back_by_itself_fails_and_the_champion_serves() -> None:
    """SageMaker says InService, on the old configuration."""
    world = waiting(served(7))
    world.stores["endpoints"].break_next = True
    world.to_end()
    agree(world)
    first, failed = world.runs()
    assert (failed["outcome"], failed["error"]["code"]) == ("failed", "step_failed")
    assert "went back to the old one" in failed["error"]["message"]
    assert world.model(failed["run_id"])["status"] == "rejected"
    assert world.stores["registry"].find(TASK, failed["run_id"]).status == "Rejected"
    assert world.owner()["champion"]["version"] == first["run_id"]


def test_a_first_deployment_that_fails_leaves_no_endpoint() -> None:
    world = waiting(FakeWorld(), right=7)
    world.stores["endpoints"].break_next = True
    world.to_end()
    agree(world)
    assert world.runs()[0]["outcome"] == "failed"


def test_an_endpoint_that_failed_before_is_replaced() -> None:
    world = waiting(FakeWorld(), right=7)
    world.stores["endpoints"].failure[TASK] = "left from before"
    world.to_end()
    agree(world)
    assert world.runs()[0]["outcome"] == "promoted"


def test_an_endpoint_that_is_busy_takes_the_model_when_it_is_done() -> None:
    world = waiting(served(7))
    world.stores["endpoints"].going[TASK] = (world.stores["endpoints"].live[TASK], 5)
    world.to_end()
    agree(world)
    assert world.runs()[1]["outcome"] == "promoted"


@pytest.mark.parametrize(
    "answer",
    [
        {"model_version": "another", "predictions": [{"entities": []}]},
        {"model_version": None, "predictions": [{"entities": [{"start": 0, "end": 7, "label": "drug"}]}]},
        {"model_version": None, "predictions": [{"error": {"code": "model_error", "message": "no"}}]},
        {"model_version": None, "predictions": []},
        {},
    ],
)
def test_golden_requests_must_be_answered_as_recorded(answer: dict[str, Any]) -> None:
    world = waiting(served(7))
    run_id = world.consider()
    endpoints = world.stores["endpoints"]
    endpoints.invoke = lambda task, payload, config: {
        **answer,
        **({} if answer.get("model_version", 1) else {"model_version": run_id}),
    }
    world.execute()
    agree(world)
    failed = world.runs()[1]
    assert (failed["outcome"], world.owner()["champion"]["version"]) == ("failed", world.runs()[0]["run_id"])
    assert failed["error"]["code"] == "step_failed"  # ours, not that of a stray exception


def test_a_champion_that_changed_meanwhile_leads_to_a_second_judgement_without_training() -> None:
    world = served(6, 7)
    waiting(world, right=8)
    run_id = str(world.consider())
    judge = world.functions()["judge"]
    seams = world.seams("ledger", "objects", "executions")

    def judged(event: dict[str, Any]) -> Any:
        answer = judge(event)
        if world.run(run_id)["looks"] == 1:  # a person is faster
            rollback = runs.start_promotion(TASK, None, "rollback", "worse at night", "ada", now=world.clock(), **seams)
            world.drive(f"{rollback['run_id']}-1")
        return answer

    functions = {**world.functions(), "judge": judged}
    world.functions = lambda: functions  # type: ignore[method-assign]
    world.execute()
    agree(world)
    run = world.run(run_id)
    assert (run["outcome"], run["looks"]) == ("promoted", 2)
    trained = [name for name in world.stores["jobs"].states if name.endswith("-train") and run_id in name]
    assert trained == [f"{run_id}-1-train"]
    assert f"{run_id}-1-score2" in world.stores["jobs"].states


def held(world: FakeWorld) -> str:
    """A run whose verdict says promote, as `register` finds it."""
    run_id = str(waiting(world).consider())
    for function, event in (("champion", {}), ("judge", {"champion": None})):
        told = {"task": TASK, "run_id": run_id}
        if function == "champion":
            champion = world.functions()[function](told)["champion"]
            world.job("score", "x", {"run_id": run_id, "standing": {"champion": champion}, "uris": {"train": ""}})
        else:
            world.functions()[function]({**told, **event, "champion": champion})
    return run_id


def test_two_promotions_of_a_task_do_not_overlap() -> None:
    world = served(6, 7)
    run_id = held(world)
    seams = world.seams("ledger", "objects", "executions")
    runs.start_promotion(TASK, None, "rollback", "worse", "ada", now=world.clock(), **seams)
    register = world.seams("ledger", "objects", "registry")
    with pytest.raises(PromotionActive):
        promotion.register(TASK, run_id, now=world.clock(), **register)
    with pytest.raises(PromotionActive):
        runs.start_promotion(TASK, None, "rollback", "worse", "eve", now=world.clock(), **seams)
    with pytest.raises(Conflict):
        promotion.swap(TASK, run_id, now=world.clock(), **world.seams("ledger", "objects"))
    with pytest.raises(Conflict):
        publishing.copy(TASK, run_id, **world.seams("ledger", "objects", "folder"))


def test_a_stale_verdict_does_not_swap() -> None:
    world = served(6, 7)
    run_id = held(world)
    owner = world.owner()
    owner["champion"], owner["previous_champion"] = owner["previous_champion"], owner["champion"]
    owner["promotion"] = run_id
    world.stores["ledger"].save(owner)
    with pytest.raises(ChampionChanged) as caught:
        promotion.swap(TASK, run_id, now=world.clock(), **world.seams("ledger", "objects"))
    assert (type(caught.value).__name__, caught.value.code) == ("ChampionChanged", "champion_changed")


def test_undo_waits_until_the_endpoint_takes_the_champion_back() -> None:
    world = served(7)
    run_id = held(world)
    promotion.register(TASK, run_id, now=world.clock(), **world.seams("ledger", "objects", "registry"))
    promotion.deploy(TASK, run_id, **world.seams("ledger", "objects", "endpoints"))
    tries = 0
    while world.owner()["promotion"]:
        tries += 1
        try:
            promotion.undo(TASK, run_id, now=world.clock(), **world.seams("ledger", "objects", "endpoints", "registry"))
        except EndpointBusy:
            assert world.owner()["promotion"] == run_id
    assert tries > 1
    owner = world.owner()
    owner["active_run"] = None
    world.stores["ledger"].save(owner)
    agree(world)


def test_nothing_is_approved_before_the_swap() -> None:
    world = served(7)
    run_id = held(world)
    promotion.register(TASK, run_id, now=world.clock(), **world.seams("ledger", "objects", "registry"))
    assert steps.steps(world.run(run_id), world.jobs)[-1]["status"] == "running"
    with pytest.raises(Conflict):
        promotion.approve(TASK, run_id, now=world.clock(), **world.seams("ledger", "registry"))
    assert world.stores["registry"].find(TASK, run_id).status == "PendingManualApproval"
    assert world.owner()["promotion"] == run_id


def test_a_rollback_that_fails_leaves_the_earlier_model_approved() -> None:
    world = served(6, 7)
    earlier, champion = (run["run_id"] for run in world.runs())
    seams = world.seams("ledger", "objects", "executions")
    runs.start_promotion(TASK, None, "rollback", "worse", "ada", now=world.clock(), **seams)
    world.stores["endpoints"].break_next = True
    world.to_end()
    agree(world)
    assert world.runs()[2]["outcome"] == "failed" and world.owner()["champion"]["version"] == champion
    assert world.stores["registry"].find(TASK, earlier).status == "Approved"
    assert world.model(earlier)["status"] == "retired"
    assert earlier in world.stores["folder"].versions(TASK)


def test_after_the_swap_undo_does_nothing() -> None:
    world = served(7)
    owner = world.owner()
    run_id = owner["champion"]["run_id"]
    owner["promotion"] = run_id
    world.stores["ledger"].save(owner)
    promotion.undo(TASK, run_id, now=world.clock(), **world.seams("ledger", "objects", "endpoints", "registry"))
    assert world.owner() == {**owner, "version": owner["version"]}


def test_missing_endpoint_after_the_request_is_a_failure_and_no_endless_wait() -> None:
    world = served(7)
    run_id = held(world)
    promotion.register(TASK, run_id, now=world.clock(), **world.seams("ledger", "objects", "registry"))
    seams = world.seams("ledger", "objects", "endpoints")
    promotion.deploy(TASK, run_id, **seams)
    world.stores["endpoints"].state = lambda task, wanted: EndpointState("Missing")
    with pytest.raises(JobFailed):
        promotion.wait(TASK, run_id, **seams)


def test_the_folder_keeps_the_champion_and_the_one_before() -> None:
    world = served(6, 7, 8)
    assert world.stores["folder"].versions(TASK) == sorted(run["run_id"] for run in world.runs()[1:])


def test_remove_takes_away_only_what_is_not_in_service() -> None:
    world = served(6, 7)
    run_id = held(world)
    promotion.register(TASK, run_id, now=world.clock(), **world.seams("ledger", "objects", "registry"))
    publishing.copy(TASK, run_id, **world.seams("ledger", "objects", "folder"))
    seams = world.seams("ledger", "folder")
    for run in world.runs():
        publishing.remove(TASK, run["run_id"], **seams)
    assert world.stores["folder"].versions(TASK) == sorted(run["run_id"] for run in world.runs()[:2])


class Loop(RuleBasedStateMachine):
    """Uploads, people's decisions, failing deployments, crashes and restarts, in any order."""

    @initialize()
    def begin(self) -> None:
        self.world = FakeWorld()

    @rule(right=st.integers(4, 10), crash=st.one_of(st.none(), st.integers(0, 120)))
    def upload(self, right: int, crash: int | None) -> None:
        self.world.right = right
        self.world.add_batch()
        self.go(crash)

    @rule(crash=st.integers(0, 120), again=st.integers(0, 120))
    def crash_twice(self, crash: int, again: int) -> None:
        self.world.add_batch()
        for at in (crash, again):
            self.world.fuse.set(at)
            try:
                self.world.sweep()
                self.world.execute()
            except Crash:
                continue
        self.go(None)

    @precondition(lambda self: self.world.owner()["previous_champion"])
    @rule(crash=st.one_of(st.none(), st.integers(0, 120)))
    def roll_back(self, crash: int | None) -> None:
        seams = self.world.seams("ledger", "objects", "executions")
        runs.start_promotion(TASK, None, "rollback", "worse", "ada", now=self.world.clock(), **seams)
        self.go(crash)

    @rule()
    def break_the_next_deployment(self) -> None:
        self.world.stores["endpoints"].break_next = True

    def go(self, crash: int | None) -> None:
        self.world.fuse.set(-1 if crash is None else crash)
        self.world.to_end()
        self.world.fuse.set(-1)

    @invariant()
    def all_agree(self) -> None:
        agree(self.world)

    @invariant()
    def what_serves_is_what_was_promoted_last(self) -> None:
        promoted = [run for run in self.world.runs() if run["outcome"] == "promoted"]
        champion = self.world.owner()["champion"]
        assert bool(champion) == bool(promoted)
        assert all(run["status"] in ("succeeded", "failed") for run in self.world.runs())


TestLoop = Loop.TestCase
TestLoop.settings = settings(max_examples=25, stateful_step_count=8, deadline=None)
