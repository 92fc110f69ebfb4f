"""What tasks declare to search, what a person may ask for, and what a run that searches starts, shows, costs and ends with."""

from __future__ import annotations

import json
from typing import Any

import pytest

from chartloop import costs, keys, report_page, reporting, runs, task_settings, tasks, tuning
from chartloop.errors import InvalidRequest
from chartloop.tuning import Categorical, Continuous, Integer, TrialState, TuningSettings
from tests import contracts
from tests.worlds import TASK, FakeWorld

SEARCHED = [task for task in tasks.TASKS.values() if task.tuning]


def trial(number: int, objective: float | None, status: str = "Completed", rate: float = 1e-4) -> TrialState:
    values = {"learning_rate": repr(rate), "num_train_epochs": str(4 + number), "per_device_train_batch_size": "8",
              "weight_decay": "0.05"}  # fmt: skip
    return TrialState(f"ner-0-1-{number:03d}-ab", status, values, objective, 100.0, 160.0)


def asked(**more: Any) -> dict[str, Any]:
    return {"max_jobs": 3, "max_parallel_jobs": 2, "early_stopping": True, **more}


def searched(*tries: TrialState, right: int = 7) -> FakeWorld:
    """A world whose first run has searched."""
    world = FakeWorld()
    world.change(tuning=asked())
    world.right, world.tries = right, list(tries)
    world.add_batch()
    assert world.consider()
    world.to_end()
    return world


def found(world: FakeWorld) -> Any:
    return json.loads(world.objects.get(keys.run(world.runs()[-1]["run_id"], "tuning.json")).body)


@pytest.mark.parametrize("task", SEARCHED, ids=lambda task: task.name)
def test_both_ends_of_every_range_are_hyper_parameters_of_the_task(task: Any) -> None:
    for name, its in task.tuning.ranges.items():
        told = its.told()
        for value in told.get("values", (told.get("low"), told.get("high"))):
            assert getattr(tasks.change(task.settings(), {name: value}).hyperparameters, name) == value
        default = getattr(task.settings().hyperparameters, name)
        assert default in told["values"] if told["kind"] == "categorical" else told["low"] <= default <= told["high"], name


def test_a_task_is_still_a_key() -> None:
    assert len({*tasks.TASKS.values()}) == len(tasks.TASKS)


@pytest.mark.parametrize("task", SEARCHED, ids=lambda task: task.name)
def test_what_a_run_orders_is_within_sagemakers_limits(task: Any) -> None:
    encoded = tasks.encode(task.settings().hyperparameters)
    order = tuning.order(task.tuning, TuningSettings(max_jobs=1), (task.name, f"{task.name}-20261121-080102-3f9c"), encoded, 42)
    assert len(tuning.job_name(task.name, "r", 99)) <= 32
    assert order["config"]["ResourceLimits"] == {"MaxNumberOfTrainingJobs": 1, "MaxParallelTrainingJobs": 1}
    ranges = [its for kind in order["config"]["ParameterRanges"].values() for its in kind]
    assert {its["Name"] for its in ranges} == task.tuning.ranges.keys() == encoded.keys() - order["static"].keys()
    assert all(isinstance(value, str) for its in ranges for value in (*its.values(),) if not isinstance(value, list))


@pytest.mark.parametrize(
    "wrong", [lambda: Integer(3, 3), lambda: Continuous(2, 1), lambda: Continuous(0, 1, log=True), lambda: Categorical((1,))]
)
def test_a_range_that_is_none_is_refused(wrong: Any) -> None:
    with pytest.raises(ValueError, match=r"range|choice"):
        wrong()


@pytest.mark.parametrize(
    "wrong", [{"max_jobs": 51}, {"max_jobs": -1}, {"max_parallel_jobs": 0}, {"trials": 3}, {"max_jobs": "x"}]
)
def test_how_much_is_searched_is_bounded(wrong: dict[str, Any]) -> None:
    world = FakeWorld()
    with pytest.raises(InvalidRequest):
        task_settings.change(TASK, {"tuning": wrong}, by="alice", ledger=world.ledger, settings=world.settings, now=world.now)


def test_the_best_trial_goes_to_the_gate_and_the_report_says_what_was_tried() -> None:
    world = searched(trial(1, 0.6), trial(2, 0.9), trial(3, 0.8))
    run = world.runs()[-1]
    assert run["outcome"] == "promoted"
    told = found(world)
    contracts.validate("tuning", told)
    assert [each["objective"] for each in told["trials"]] == [0.7, 0.6, 0.9, 0.8]
    assert (told["best"], told["trials"][2]["job"]) == (2, "ner-0-1-002-ab")
    assert told["trials"][0]["values"] == {
        "learning_rate": 3e-4, "num_train_epochs": 8, "per_device_train_batch_size": 16, "weight_decay": 0.01
    }  # fmt: skip
    report = reporting.find(TASK, run["run_id"], text=False, now=world.now, **world.seams("ledger", "objects", "jobs"))
    contracts.validate("report", report)
    page = report_page.page(report)
    assert "Trial 2 of 3 trials is the candidate: eval f1 0.900, with the hyper-parameters as they are set 0.700." in page


@pytest.mark.parametrize(
    ("tries", "candidate"),
    [
        ([trial(1, 0.7)], 0),  # as good is not better
        ([trial(1, 0.9, "Stopped")], 0),  # ended before its end, so what it came to is no model's
        ([trial(1, None, "Failed"), trial(2, 0.8)], 2),
        ([trial(1, float("nan")), trial(2, 0.6)], 0),
        ([], 0),
    ],
)
def test_the_hyper_parameters_as_set_win_unless_another_trial_is_better(tries: list[TrialState], candidate: int) -> None:
    world = searched(*tries)
    contracts.validate("tuning", found(world))
    assert found(world)["best"] == candidate
    [execution] = world.stores["executions"].started
    answer = world.functions()["tune"]({
        "task": TASK, "run_id": world.runs()[-1]["run_id"], "trained": {"job": f"{execution}-train", "model_uri": "s3://data/own"},
        "tuned": found(world)["job"],
    })  # fmt: skip
    own = keys.trained(world.runs()[-1]["run_id"], f"ner-0-1-{candidate:03d}-ab")
    assert answer == {"model_uri": f"s3://data/{own}" if candidate else "s3://data/own"}


def test_where_none_is_better_the_report_says_so() -> None:
    world = searched(trial(1, 0.6), trial(2, 0.5))
    run_id = world.runs()[-1]["run_id"]
    report = reporting.find(TASK, run_id, text=False, now=world.now, **world.seams("ledger", "objects", "jobs"))
    assert "None of 2 trials was better than the hyper-parameters as they are set (eval f1 0.700)." in report_page.page(report)


def test_a_run_shows_its_tuning_as_a_step_and_others_have_none() -> None:
    world = searched(trial(1, 0.9))
    run = runs.to_run(world.runs()[-1], objects=world.objects, jobs=world.jobs)
    contracts.validate("run", run)
    names = [step["name"] for step in run["steps"]]
    assert names == ["prepare", "embed", "train", "tune", "score", "judge", "promote"]
    step = run["steps"][3]
    assert (step["status"], step["job"]) == ("succeeded", tuning.job_name(TASK, run["run_id"], 1))
    world.change(tuning=asked(max_jobs=0))
    world.add_batch()
    world.to_end()
    later = runs.to_run(world.runs()[-1], objects=world.objects, jobs=world.jobs)
    assert "tune" not in [step["name"] for step in later["steps"]]


def test_the_estimate_counts_every_trial() -> None:
    world = FakeWorld()
    world.add_batch()
    plain = runs.cost(TASK, ledger=world.ledger, settings=world.settings)
    tuned = runs.cost(TASK, ledger=world.ledger, settings=world.settings, trials=5)
    contracts.validate("cost", tuned)
    train, tune = ({step["name"]: step for step in tuned["steps"]}[name] for name in ("train", "tune"))
    assert (tune["seconds"], tune["usd"]) == (3 * train["seconds"], pytest.approx(5 * train["usd"], rel=1e-3))
    assert tuned["usd"] - plain["usd"] == pytest.approx(tune["usd"], abs=0.02)
    assert costs.rates(TASK, world.settings)["tune"] == costs.rates(TASK, world.settings)["train"]


def test_a_person_asks_for_a_search_of_one_run() -> None:
    world = FakeWorld()
    world.add_batch()
    run_id = runs.start_now(
        TASK, "alice", settings=world.settings, now=world.now, tuning=asked(max_jobs=2),
        **world.seams("ledger", "objects", "executions"),
    )  # fmt: skip
    started = world.stores["executions"].started[f"{run_id}-1"]
    assert started["tuning"]["config"]["ResourceLimits"]["MaxNumberOfTrainingJobs"] == 2
    assert runs.settings_of(world.owner(), world.settings).tuning.max_jobs == 0
    request = json.loads(world.objects.get(keys.run(run_id, "request.json")).body)
    assert request["settings"]["tuning"]["max_jobs"] == 2


@pytest.mark.parametrize(
    ("settings", "deployment", "code"),
    [({"do_eval": False}, {}, "nothing_to_tune_by"), ({"validation_percent": 0}, {}, "nothing_to_tune_by"),
     ({}, {"notebook": "chartloop-training"}, "no_tuning_here")],
)  # fmt: skip
def test_what_cannot_be_searched_does_not_start(settings: dict[str, Any], deployment: dict[str, str], code: str) -> None:
    world = FakeWorld(**deployment)
    world.change(tuning=asked(), **settings)
    world.add_batch()
    assert world.consider() is None
    assert world.owner()["blocked"]["code"] == code
