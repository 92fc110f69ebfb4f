"""Functions `notebook` and `notebook_stopped` in whole runs: the instance answers, fails, stops without a word, or is busy."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from chartloop import keys
from chartloop.errors import ChampionChanged
from chartloop.notebook import NotebookJobs
from lambdas import notebook
from tests.fakes import FakeNotebook, FakeTokens
from tests.machine import Failed
from tests.worlds import TASK, FakeWorld, agree

EVENT = {
    "version": "0",
    "detail-type": "SageMaker Notebook Instance State Change",
    "source": "aws.sagemaker",
    "time": "2026-11-21T08:05:00Z",
    "detail": {
        "NotebookInstanceName": "chartloop-training",
        "NotebookInstanceStatus": "Stopped",
        "LastModifiedTime": 1795248300000,
    },
}


class NotebookWorld(FakeWorld):
    """A world where a notebook trains. `says`: what it sends instead of its answer, or nothing where it just stops."""

    def __init__(self) -> None:
        super().__init__(notebook="chartloop-training")
        self.notebook, self.tokens = FakeNotebook(), FakeTokens()
        self.jobs = NotebookJobs(self.stores["jobs"], self.objects)
        self.put(keys.notebook_wheels("manifest.json"), {})
        self.says: str | None = None
        self.mute = False
        self.orders: list[dict[str, Any]] = []

    def functions(self) -> dict[str, Callable[[dict[str, Any]], Any]]:
        return {**super().functions(), "notebook": lambda event: notebook.handle(event, self)}

    def answer(self, token: str) -> Any:
        """The instance's whole work; what the state machine gets for `token`."""
        order = json.loads(self.stores["objects"].get(keys.notebook_order()).body)
        self.orders.append(order)
        assert order["token"] == token
        self.notebook.now = "InService"
        if self.says or self.mute:
            self.notebook.now = "Stopped"
            notebook.handle_stopped(EVENT, self)
            told = self.says or self.tokens.failed[token]
            raise Failed("NotebookFailed", json.dumps({"FailureReason": told}))
        made = order["candidate"] or self._trained(order)
        self._step(order, "score" if order["look"] == 1 else f"score{order['look']}")
        self.notebook.now = "Stopped"
        notebook.handle_stopped(EVENT, self)
        return {"candidate": made}

    def _trained(self, order: dict[str, Any]) -> dict[str, str]:
        for step in ("prepare", "embed"):
            self._step(order, step)
        done = self.job("train", order["training"]["job"], self._state(order))
        return {"model_uri": done["ModelArtifacts"]["S3ModelArtifacts"]}

    def _step(self, order: dict[str, Any], step: str) -> None:
        name = f"{order['execution']}-{step}"
        self.put(keys.notebook_step(name), {"status": "Completed", "started": self._at(), "ended": self._at()})
        self.job(step.rstrip("23"), "unseen", self._state(order))

    def _at(self) -> float:
        return self._tick().timestamp()

    def _state(self, order: dict[str, Any]) -> dict[str, Any]:
        champion = order["champion"]
        version = champion["model_uri"].split("/")[-2] if champion else None
        return {**order, "standing": {"champion": {"present": champion is not None, "version": version}}}


@pytest.fixture
def world() -> NotebookWorld:
    made = NotebookWorld()
    made.add_batch()
    return made


def test_a_notebook_leads_a_run_to_promotion(world: NotebookWorld) -> None:
    world.to_end()
    (run,) = world.runs()
    assert run["outcome"] == "promoted"
    steps = {step["name"]: step["status"] for step in run["steps"]}
    assert all(steps[name] == "succeeded" for name in ("prepare", "embed", "score", "judge", "promote"))
    agree(world)


def test_the_next_run_is_compared_with_the_champion(world: NotebookWorld) -> None:
    world.to_end()
    world.add_batch()
    world.right = 9
    world.consider()
    world.to_end()
    first, second = world.runs()
    assert second["outcome"] == "promoted"
    assert [bool(order["champion"]) for order in world.orders] == [False, True]
    assert world.orders[1]["champion"]["model_uri"].endswith(f"{first['run_id']}/model.tar.gz")


def test_a_notebook_that_fails_fails_the_run_with_its_reason(world: NotebookWorld) -> None:
    world.says = "shard_missing: records/ner/b1.jsonl is not there"
    world.to_end()
    (run,) = world.runs()
    assert (run["outcome"], run["error"]["code"]) == ("failed", "shard_missing")


def test_an_instance_that_stops_without_an_answer_fails_the_run(world: NotebookWorld) -> None:
    world.mute = True
    world.to_end()
    (run,) = world.runs()
    assert (run["outcome"], run["error"]["code"]) == ("failed", "notebook_stopped")
    assert world.owner()["champion"] is None


def test_a_busy_instance_is_waited_for(world: NotebookWorld) -> None:
    world.notebook.now = "Stopping"
    asked = world.notebook.status
    looks: list[str] = []

    def status() -> str:
        looks.append(asked())
        if len(looks) == 5:
            world.notebook.now = "Stopped"
        return looks[-1]

    world.notebook.status = status  # type: ignore[method-assign]
    world.to_end()
    assert looks[:6] == ["Stopping"] * 5 + ["Stopped"]
    assert world.runs()[0]["outcome"] == "promoted"


def test_a_champion_that_changed_has_the_notebook_only_score(world: NotebookWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    functions = world.functions()
    promote = functions["promote"]
    swaps: list[str] = []

    def interfered(event: dict[str, Any]) -> Any:
        if event["step"] == "swap" and not swaps:
            swaps.append(event["run_id"])
            raise ChampionChanged("another one serves")
        return promote(event)

    monkeypatch.setattr(world, "functions", lambda: {**functions, "promote": interfered})
    world.to_end()
    assert [order["look"] for order in world.orders] == [1, 2]
    assert world.orders[0]["candidate"] is None
    assert world.orders[1]["candidate"]["model_uri"].endswith("model.tar.gz")
    assert world.runs()[0]["outcome"] == "promoted"


def test_an_event_of_another_instance_is_not_ours(world: NotebookWorld) -> None:
    event = {**EVENT, "detail": {**EVENT["detail"], "NotebookInstanceName": "someone-elses"}}  # type: ignore[dict-item]
    assert notebook.handle_stopped(event, world) == {"failed": None}


def test_a_step_that_the_notebook_did_not_come_to_is_missing(world: NotebookWorld) -> None:
    assert world.jobs.describe("processing", f"{TASK}-1-1-score").status == "Missing"
    world.put(
        keys.notebook_step(f"{TASK}-1-1-score"),
        {"status": "InProgress", "started": 5.0, "ended": None, "metrics": {"progress": 40.0}},
    )
    state = world.jobs.describe("processing", f"{TASK}-1-1-score")
    assert (state.status, state.started, state.ended, state.metrics) == ("InProgress", 5.0, None, {"progress": 40.0})
