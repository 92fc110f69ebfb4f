"""Steps and orchestration: what is shown of a run, and which seconds belong to nobody's job."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from chartloop import steps
from chartloop.items import stamp
from chartloop.seams import Item, JobState
from tests.fakes import FakeJobs

START = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)


def ended_run(seconds: int = 100, **changes: object) -> Item:
    run = {
        "run_id": "R", "task": "ner", "kind": "retrain", "attempt": 1, "looks": 1, "marks": {}, "started_at": stamp(START),
        "ended_at": stamp(START + timedelta(seconds=seconds)),
    }  # fmt: skip
    return {**run, **changes}


def jobs(**spans: tuple[float, float | None]) -> FakeJobs:
    """Jobs by the end of their name, `1_train`, with seconds after the start."""
    fake = FakeJobs()
    for name, (start, end) in spans.items():
        began = START.timestamp()
        state = JobState("Completed" if end else "InProgress", began + start, began + end if end else None)
        fake.states["R-" + name.replace("_", "-").removeprefix("at-")] = state
    return fake


def test_seconds_in_which_two_jobs_run_count_once() -> None:
    found = jobs(at_1_prepare=(5, 10), at_1_embed=(12, 40), at_1_train=(12, 60), at_1_score=(70, 90))
    assert steps.orchestration_seconds(ended_run(), found) == 100 - 5 - 48 - 20


def test_jobs_of_every_attempt_and_look_count() -> None:
    run = ended_run(attempt=2, looks=2)
    found = jobs(at_1_prepare=(0, 10), at_2_prepare=(20, 30), at_2_score=(30, 40), at_2_score2=(50, 60))
    assert steps.orchestration_seconds(run, found) == 60


def test_a_run_that_goes_on_has_no_orchestration_yet() -> None:
    assert steps.orchestration_seconds(ended_run(ended_at=None), jobs()) is None


def test_a_persons_promotion_has_no_jobs() -> None:
    assert steps.orchestration_seconds(ended_run(kind="promote"), jobs(at_1_train=(1, 99))) == 100


@given(st.lists(st.tuples(st.integers(0, 99), st.integers(0, 99)), max_size=4))
def test_orchestration_is_what_no_second_of_a_job_covers(spans: list[tuple[int, int]]) -> None:
    ordered = [(min(span), max(span)) for span in spans]
    named = dict(zip(["at_1_prepare", "at_1_embed", "at_1_train", "at_1_score"], ordered, strict=False))
    covered = {second for start, end in ordered for second in range(start, end)}
    fake = FakeJobs()
    for name, (start, end) in named.items():
        began = START.timestamp()
        fake.states["R-" + name.removeprefix("at_").replace("_", "-")] = JobState("Completed", began + start, began + end)
    assert steps.orchestration_seconds(ended_run(), fake) == 100 - len(covered)


def test_a_resumed_run_shows_the_jobs_of_whichever_attempt_had_them() -> None:
    run = ended_run(attempt=2, ended_at=None)
    shown = steps.steps(run, jobs(at_1_prepare=(0, 5), at_1_train=(5, 9), at_2_prepare=(20, None)))
    assert [(step["name"], step["status"]) for step in shown[:4]] == [
        ("prepare", "running"), ("embed", "waiting"), ("train", "succeeded"), ("score", "waiting"),
    ]  # fmt: skip


NO_ROOM = "CapacityError: Unable to provision requested ML compute capacity."


def shown_train(run: Item, found: FakeJobs) -> tuple[str, str | None]:
    (train,) = [step for step in steps.steps(run, found) if step["name"] == "train"]
    return train["status"], train.get("message")


def test_a_job_that_got_no_machine_waits_and_its_next_try_takes_its_place() -> None:
    run, found = ended_run(ended_at=None), jobs(at_1_prepare=(0, 5))
    found.states["R-1-train"] = JobState("Failed", failure=NO_ROOM)
    assert shown_train(run, found) == ("waiting", steps.WAITING)
    found.states["R-1-train-try2"] = JobState("Stopped", stage="MaxWaitTimeExceeded")
    assert shown_train(run, found) == ("waiting", steps.WAITING)
    found.states["R-1-train-try3"] = JobState("InProgress", 20.0, stage="Training")
    assert shown_train(run, found) == ("running", None)


def test_a_run_that_ended_for_want_of_a_machine_says_so_at_the_step() -> None:
    found = jobs(at_1_prepare=(0, 5))
    found.states["R-1-train"] = JobState("Failed", failure=NO_ROOM)
    (train,) = [step for step in steps.frozen(ended_run(), found)["steps"] if step["name"] == "train"]
    assert (train["status"], train["message"]) == ("failed", steps.NO_MACHINE)


def test_a_failure_of_the_jobs_own_is_not_tried_again() -> None:
    found = jobs(at_1_prepare=(0, 5))
    found.states["R-1-train"] = JobState("Failed", failure="AlgorithmError: no_training_data: none")
    found.states["R-1-train-try2"] = JobState("InProgress")
    assert shown_train(ended_run(ended_at=None), found) == ("failed", None)


def test_a_job_that_sagemaker_does_not_take_is_waited_for_aloud() -> None:
    run = ended_run(ended_at=None)
    assert shown_train(run, jobs(at_1_prepare=(0, None))) == ("waiting", None)
    assert shown_train(run, jobs(at_1_prepare=(0, 5))) == ("waiting", steps.WAITING)


def test_an_interrupted_job_says_what_it_waits_for() -> None:
    found = jobs(at_1_prepare=(0, 5))
    found.states["R-1-train"] = JobState("InProgress", 20.0, stage="Interrupted")
    assert shown_train(ended_run(ended_at=None), found) == ("running", steps.WAITING)


def test_the_seconds_of_every_try_are_the_jobs() -> None:
    found = jobs(at_1_prepare=(0, 10), at_1_train_try2=(50, 90))
    found.states["R-1-train"] = JobState("Failed", START.timestamp() + 10, START.timestamp() + 30, failure=NO_ROOM)
    assert steps.orchestration_seconds(ended_run(), found) == 100 - 10 - 20 - 40


def test_a_mark_keeps_its_first_start() -> None:
    run = ended_run()
    steps.mark(run, "promote", START, "running")
    steps.mark(run, "promote", START + timedelta(seconds=5), "running")
    steps.mark(run, "promote", START + timedelta(seconds=9), "succeeded", "done")
    shown = steps.steps(run, jobs())[-1]
    assert shown == {
        "name": "promote", "status": "succeeded", "started_at": stamp(START), "ended_at": stamp(START + timedelta(seconds=9)),
        "seconds": 9.0, "message": "done",
    }  # fmt: skip


def test_looks_after_the_first_have_their_number_in_the_job_name() -> None:
    assert [steps.score_name(look) for look in (1, 2, 3)] == ["score", "score2", "score3"]
