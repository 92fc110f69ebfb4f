"""Functions `champion` and `judge`: their events and answers, as the state machine passes them on."""

from __future__ import annotations

from lambdas import judge
from tests.worlds import TASK, FakeWorld


def test_the_champions_answer_goes_into_the_judges_event() -> None:
    world = FakeWorld()
    world.add_batch()
    run_id = str(world.consider())
    event = {"task": TASK, "run_id": run_id}
    standing = judge.handle_champion(event, world)
    assert standing["look"] == 1
    world.job("score", f"{run_id}-1-score", {"run_id": run_id, "standing": standing, "uris": {"train": ""}})
    assert judge.handle({**event, "champion": standing["champion"]}, world) == {"verdict": "promote"}
