"""The notebook instance's orders: one at a time, never without an answer, and an event of an earlier stop harms none."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from chartloop import keys, notebook
from chartloop.errors import JobFailed, NotebookBusy
from tests.fakes import FakeLedger, FakeNotebook, FakeObjects, FakeTokens

NOW = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)


def asked(execution: str = "ner-1-1", **state: Any) -> dict[str, Any]:
    return {
        "step": "order",
        "execution": execution,
        "token": f"token of {execution}",
        "training": {"TrainingJobName": f"{execution}-train"},
        "engine": "torch",
        "code_uri": "s3://assets/0123.gz",
        "state": {
            **{"run_id": execution.rpartition("-")[0], "task": "ner", "version": "ner-1", "kind": "retrain"},
            **{"uris": {"snapshot": "s3://data/s/"}, "hyperparameters": {"seed": "42"}, "embeds": True, "has_embeddings": False},
            "standing": {"champion": {"present": True, "version": "ner-0", "model_uri": "s3://data/m.tar.gz"}, "look": 1},
            **state,
        },
    }


class World:
    def __init__(self, **instance: Any) -> None:
        self.ledger, self.objects, self.tokens = FakeLedger(), FakeObjects(), FakeTokens()
        self.notebook = FakeNotebook(**instance)
        self.objects.put(keys.notebook_wheels("manifest.json"), b"{}")

    def order(self, wanted: dict[str, Any], now: datetime = NOW) -> None:
        notebook.order(wanted, ledger=self.ledger, objects=self.objects, notebook=self.notebook, now=now)

    def stopped(self) -> str | None:
        return notebook.stopped(ledger=self.ledger, notebook=self.notebook, tokens=self.tokens)

    def halt(self, execution: str) -> bool:
        return notebook.halt(execution, ledger=self.ledger, notebook=self.notebook)

    def document(self) -> Any:
        return json.loads(self.objects.get(keys.notebook_order()).body)


def test_an_order_is_written_before_the_instance_starts() -> None:
    world = World()
    written: list[bool] = []
    start = world.notebook.start
    world.notebook.start = lambda: (written.append(world.objects.exists(keys.notebook_order())), start())[1]  # type: ignore[method-assign]
    world.order(asked())
    assert written == [True] and world.notebook.starts == 1
    assert world.document() == {
        **{"run_id": "ner-1", "task": "ner", "version": "ner-1", "execution": "ner-1-1", "token": "token of ner-1-1"},
        **{"uris": {"snapshot": "s3://data/s/"}, "hyperparameters": {"seed": "42"}, "embeds": True, "has_embeddings": False},
        **{"candidate": None, "champion": {"model_uri": "s3://data/m.tar.gz"}, "look": 1, "bucket": "data"},
        **{"training": {"TrainingJobName": "ner-1-1-train"}, "engine": "torch", "code_uri": "s3://assets/0123.gz"},
    }


def test_the_runs_own_copy_of_the_order_holds_no_token() -> None:
    world = World()
    world.order(asked())
    copy = json.loads(world.objects.get("runs/ner-1/notebook/order.json").body)
    assert copy == {**world.document(), "token": None}


def test_before_the_first_promotion_there_is_no_champion_and_later_looks_bring_their_candidate() -> None:
    world = World()
    world.order(
        asked(standing={"champion": {"present": False, "version": None}, "look": 2}, candidate={"model_uri": "s3://data/c"})
    )
    document = world.document()
    assert document["champion"] is None
    assert (document["look"], document["candidate"]) == (2, {"model_uri": "s3://data/c"})


def test_an_instance_that_would_find_nothing_to_install_from_is_not_started() -> None:
    world = World()
    del world.objects.stored[keys.notebook_wheels("manifest.json")]
    with pytest.raises(JobFailed) as failed:
        world.order(asked())
    assert failed.value.code == "wheels_not_staged" and world.notebook.starts == 0


@pytest.mark.parametrize("status", ["Pending", "InService", "Stopping", "Updating", "Deleting"])
def test_a_busy_instance_takes_no_order_and_keeps_its_own(status: str) -> None:
    world = World(status=status)
    with pytest.raises(NotebookBusy):
        world.order(asked())
    assert not world.objects.exists(keys.notebook_order()) and not world.ledger.items


@pytest.mark.parametrize("status", ["Stopped", "Failed"])
def test_an_instance_at_rest_takes_the_next_order(status: str) -> None:
    world = World(status=status)
    world.order(asked())
    assert world.notebook.now == "Pending"


def test_another_run_waits_while_one_is_about_to_start_the_instance() -> None:
    world = World()
    begun = world.notebook.start
    world.notebook.start = lambda: (_ for _ in ()).throw(ConnectionError())  # type: ignore[method-assign]
    with pytest.raises(ConnectionError):
        world.order(asked("ner-1-1"))
    world.notebook.start = begun  # type: ignore[method-assign]
    with pytest.raises(NotebookBusy):
        world.order(asked("ner-2-1"))
    assert world.document()["execution"] == "ner-1-1"
    world.order(asked("ner-1-2"))  # the same run, tried again
    world.notebook.now = "Stopped"
    assert world.stopped() == "ner-1-2"


def test_a_claim_that_nothing_came_of_runs_out() -> None:
    world = World()
    begun = world.notebook.start
    world.notebook.start = lambda: (_ for _ in ()).throw(ConnectionError())  # type: ignore[method-assign]
    with pytest.raises(ConnectionError):
        world.order(asked("ner-1-1"))
    world.notebook.start = begun  # type: ignore[method-assign]
    world.order(asked("ner-2-1"), NOW + timedelta(minutes=6))
    assert world.document()["execution"] == "ner-2-1"


@pytest.mark.parametrize("status", ["Stopped", "Failed"])
def test_an_instance_that_stops_without_an_answer_fails_the_run_once(status: str) -> None:
    world = World()
    world.order(asked())
    world.notebook.now = status
    assert [world.stopped(), world.stopped()] == ["ner-1-1", None]
    assert world.tokens.failed == {"token of ner-1-1": notebook.STOPPED}


def test_an_event_of_an_earlier_stop_does_not_touch_the_order_that_came_after_it() -> None:
    world = World()
    world.order(asked("ner-1-1"))
    world.notebook.now = "Stopped"
    world.order(asked("ner-2-1"))
    assert world.stopped() is None
    assert not world.tokens.failed


def test_an_event_before_any_order_is_nothing() -> None:
    assert World().stopped() is None


def test_an_instance_that_fails_at_once_fails_the_run_at_once() -> None:
    world = World(comes_up="Failed")
    with pytest.raises(JobFailed) as failed:
        world.order(asked())
    assert failed.value.code == "notebook_stopped"
    assert world.stopped() is None


def test_an_execution_that_no_longer_waits_has_its_instance_stopped() -> None:
    world = World(comes_up="InService")
    world.order(asked())
    assert world.halt("ner-2-1") is False and world.notebook.now == "InService"
    assert world.halt("ner-1-1") is True and world.notebook.now == "Stopping"
    assert world.halt("ner-1-1") is False
    world.notebook.now = "Stopped"
    assert world.stopped() is None
