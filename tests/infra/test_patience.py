"""Jobs that find no machine: further tries under other names, on demand in place of spot, and an end to trying."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from infra import patience
from infra.definition import definition
from infra.requests import TRIES
from tests.infra.asl import machines, reachable, run
from tests.infra.executions import FUNCTIONS, JOBS, Tasks, an_input, finished_as, ran

NO_ROOM = 'States.TaskFailed|{"FailureReason": "CapacityError: Unable to provision requested ML compute capacity."}'


@pytest.mark.parametrize("job", ["prepare", "embed", "train", "score"])
def test_a_job_without_a_machine_is_tried_again_under_another_name(job: str) -> None:
    tasks = Tasks(failing={job: NO_ROOM, f"{job}-try2": NO_ROOM})
    end, trace = ran(tasks)
    assert end == "succeeded"
    assert [call for call in tasks.calls if call.startswith(job)] == [job, f"{job}-try2", f"{job}-try3"]
    assert [state for state in trace if state.endswith(": pause")] == [f"{job.title()}: pause"] * 2
    assert finished_as(tasks) == "promoted"


def test_a_further_look_begins_with_its_first_try() -> None:
    tasks = Tasks(failing={"swap": "ChampionChanged", "score": NO_ROOM, "score2": NO_ROOM})
    assert ran(tasks)[0] == "succeeded"
    assert [call for call in tasks.calls if call.startswith("score")] == ["score", "score-try2", "score2", "score2-try2"]


@pytest.mark.parametrize("job", ["prepare", "embed", "train", "score"])
def test_there_is_an_end_to_trying(job: str) -> None:
    names = [job, *(f"{job}-try{number}" for number in range(2, 99))]
    tasks = Tasks(failing=dict.fromkeys(names, NO_ROOM))
    assert ran(tasks)[0] == "RunFailed"
    assert sum(call.startswith(job) for call in tasks.calls) == TRIES
    assert "CapacityError" in tasks.parameters[-1]["Payload"]["error"]["Cause"]


def test_pauses_grow_and_half_of_each_is_by_chance() -> None:
    assert patience.pauses(30) == [60, 120, 240, 480, 960, 1800, 1800, 1800]
    assert patience.pauses(1)[0] == 2


def spot_machine(**changes: Any) -> dict[str, Any]:
    jobs = replace(JOBS, spot=True, **changes)
    return definition(functions={name: f"arn:{name}" for name in FUNCTIONS}, jobs=jobs, pause_seconds=1)


def test_spot_without_a_machine_goes_on_on_demand_where_fallbacks_are_named() -> None:
    tasks = Tasks(failing={"train": 'States.TaskFailed|{"SecondaryStatus": "MaxWaitTimeExceeded"}', "train-try2": NO_ROOM})
    trace: list[str] = []
    machine = spot_machine(training_fallbacks=("ml.g5.xlarge",))
    run(machine, an_input(), tasks, {"Execution": {"Name": "ner-1-1"}}, trace)
    assert [state for state in trace if state in ("Train", "TrainOnDemand")] == ["Train", "TrainOnDemand", "TrainOnDemand"]
    spot, on_demand, _ = [p for p in tasks.parameters if "TrainingJobName" in p]
    assert spot["EnableManagedSpotTraining"] is True
    assert "EnableManagedSpotTraining" not in on_demand
    assert on_demand["CheckpointConfig"] == spot["CheckpointConfig"]
    for part in machines(machine):
        assert reachable(part) == set(part["States"])


def test_spot_alone_is_tried_again_as_spot() -> None:
    tasks = Tasks(failing={"train": NO_ROOM})
    run(spot_machine(), an_input(), tasks, {"Execution": {"Name": "ner-1-1"}}, [])
    assert all(p["EnableManagedSpotTraining"] for p in tasks.parameters if "TrainingJobName" in p)
