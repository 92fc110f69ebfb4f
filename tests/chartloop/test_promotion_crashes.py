"""Promotion: whatever crashes or fails at whichever call, registry, folder, endpoint and pointer agree in the end."""

from __future__ import annotations

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from chartloop import runs
from tests.promotions import ENOUGH, crash_everywhere, served, waiting
from tests.worlds import TASK, Crash, FakeWorld, agree


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
