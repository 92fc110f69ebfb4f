"""What a run costs: estimated before, counted after, and refused over the cap."""

from __future__ import annotations

from typing import Any

import pytest

from chartloop import costs, prices, runs, tasks
from chartloop.costs import Work
from chartloop.errors import InvalidRequest
from chartloop.ner import NerSettings
from chartloop.seams import JobState
from chartloop.settings import Settings
from chartloop.task import TaskSettings
from chartloop.tasks import change
from tests.worlds import TASK, FakeWorld

WORK = Work(train=800, holdout=200, new=1000, train_bytes=2_400_000, holdout_bytes=600_000, embedded=False, compared=True)


def settings(**more: Any) -> Settings:
    return Settings(bucket="b", ledger="l", **more)


def estimated(work: Work = WORK, chosen: TaskSettings | None = None, **more: Any) -> dict[str, Any]:
    return costs.estimate(TASK, work, chosen or NerSettings(), settings(**more))


def seconds(found: dict[str, Any]) -> dict[str, int]:
    return {step["name"]: step["seconds"] for step in found["steps"]}


def test_the_whole_is_its_steps_and_embed_runs_beside_train() -> None:
    found = estimated()
    took = seconds(found)
    assert found["usd"] == pytest.approx(sum(step["usd"] for step in found["steps"]), abs=0.01)
    assert found["seconds"] == took["prepare"] + max(took["embed"], took["train"]) + took["score"]
    assert found["steps"][2]["usd"] == pytest.approx(took["train"] / 3600 * 0.736, abs=0.001)


def test_twice_the_epochs_train_twice_as_long() -> None:
    once, twice = (seconds(estimated(chosen=change(NerSettings(), {"num_train_epochs": epochs})))["train"] for epochs in (20, 40))
    assert twice - costs.BILLED_START_SECONDS == pytest.approx(2 * (once - costs.BILLED_START_SECONDS), abs=2)


def test_each_task_is_estimated_by_the_work_of_its_kind_of_model() -> None:
    def working(name: str, step: str) -> int:
        chosen = tasks.find(name).settings()
        return seconds(costs.estimate(name, WORK, chosen, settings()))[step] - costs.BILLED_START_SECONDS

    pace = costs.gpu_pace("ml.g5.xlarge") / (4 * costs.CPU_TOKENS_PER_SECOND)  # it is scored on a GPU
    assert working("generation", "score") == pytest.approx(10 * working("ner", "score") / pace, abs=10)
    assert working("generation", "train") == pytest.approx(working("ner", "train") * 10 * 3 / (8 * 128 / 96), rel=0.01)
    assert working("regression", "train") < 10 > working("regression", "score")


@pytest.mark.parametrize(
    ("deployment", "instance"),
    [
        ({}, "ml.g5.xlarge"),
        ({"generation_instance": "ml.g5.12xlarge"}, "ml.g5.12xlarge"),
        ({"serving": "serverless"}, "ml.m5.xlarge"),
        ({"notebook": "chartloop"}, "ml.m5.xlarge"),
    ],
)
def test_a_language_model_is_scored_and_paid_for_where_it_answers(deployment: dict[str, str], instance: str) -> None:
    chosen, told = tasks.find("generation").settings(), settings(**deployment)
    (score,) = [step for step in costs.estimate("generation", WORK, chosen, told)["steps"] if step["name"] == "score"]
    assert (score["instance"], score["instances"]) == (instance, 1)
    assert costs.rates("generation", told)["score"] == prices.hourly(instance, told.region)
    assert score["usd"] == pytest.approx(score["seconds"] / 3600 * (prices.hourly(instance, told.region) or 0), abs=0.001)


def test_a_transform_is_paid_for_where_its_model_answers() -> None:
    ner, generation = (costs.of_transform(name, 6_000_000, settings()) for name in ("ner", "generation"))
    assert (ner["instance"], generation["instance"]) == ("ml.m5.xlarge", "ml.g5.xlarge")
    assert generation["seconds"] < ner["seconds"]


def test_more_machines_take_less_time_and_cost_the_same_but_for_their_start() -> None:
    one, two = estimated(training_instances=1), estimated(training_instances=2)
    assert seconds(two)["train"] < seconds(one)["train"]
    assert two["steps"][2]["usd"] >= one["steps"][2]["usd"]


def test_what_was_embedded_before_is_not_embedded_again() -> None:
    again = Work(**{**vars(WORK), "embedded": True, "new": 100})
    assert seconds(estimated(again))["embed"] - costs.BILLED_START_SECONDS == pytest.approx(
        (seconds(estimated())["embed"] - costs.BILLED_START_SECONDS) / 10, abs=1
    )


def test_spot_costs_its_part_of_the_list_price() -> None:
    listed, spot = (estimated(spot=spot)["steps"][2]["usd"] for spot in (False, True))
    assert spot == pytest.approx(listed * prices.SPOT, abs=0.001)


def test_another_region_is_dearer_and_one_machine_is_free() -> None:
    assert estimated(region="eu-central-1")["usd"] > estimated()["usd"]
    assert estimated(region=prices.UNBILLED)["usd"] == 0


def test_an_unknown_machine_has_no_price_and_no_cap_lets_it_through() -> None:
    found = estimated(training_instance="ml.g99.huge", run_cost_cap_usd=1000)
    assert found["usd"] is None and found["allowed"] is False
    with pytest.raises(InvalidRequest, match="without a known price") as refused:
        costs.hold_cap(found)
    assert refused.value.code == "cost_cap"
    assert estimated(training_instance="ml.g99.huge")["allowed"] is True


def test_only_a_realtime_endpoint_costs_while_nobody_asks() -> None:
    assert costs.standing(settings()) == 83.95
    assert costs.standing(settings(serving="serverless")) == 0
    assert costs.standing(settings(serving_instances=2)) == 167.9


@pytest.mark.parametrize(
    ("instance", "cpus"), [("ml.m5.large", 2), ("ml.m5.xlarge", 4), ("ml.m5.4xlarge", 16), ("ml.t3.medium", 2), ("ml.x.odd", 2)]
)
def test_cpus_are_read_from_the_size(instance: str, cpus: int) -> None:
    assert costs.cpus(instance) == cpus


@pytest.mark.parametrize(
    ("instance", "gpus"),
    [("ml.g4dn.xlarge", 1), ("ml.g5.12xlarge", 4), ("ml.p3.8xlarge", 4), ("ml.p3.2xlarge", 1), ("ml.p4d.24xlarge", 8)],
)
def test_a_machine_with_more_gpus_is_as_much_faster(instance: str, gpus: int) -> None:
    family = instance.split(".")[1]
    assert costs.gpu_pace(instance) == gpus * costs.GPU_TOKENS_PER_SECOND[family]


def test_the_cap_holds_a_run_back_and_the_status_says_why_until_it_is_lifted() -> None:
    world = FakeWorld(run_cost_cap_usd=0.05)
    world.add_batch()
    assert world.consider() is None
    blocked = world.owner()["blocked"]
    assert blocked["code"] == "cost_cap" and "0.05 USD" in blocked["message"]
    with pytest.raises(InvalidRequest) as refused:
        runs.start_now(
            TASK, "alice", now=world.clock(), settings=world.settings, **world.seams("ledger", "objects", "executions")
        )
    assert refused.value.code == "cost_cap" and not world.runs()
    world.settings = world.settings.model_copy(update={"run_cost_cap_usd": 100.0})
    assert world.consider() and world.owner()["blocked"] is None


def test_a_run_says_what_it_cost_by_the_seconds_that_are_billed() -> None:
    world = FakeWorld()
    world.add_batch()
    run_id = str(world.consider())
    world.execute()
    name = f"{run_id}-1-train"
    world.stores["jobs"].states[name] = JobState("Completed", 0.0, 7200.0, billed=3600.0)
    run = world.run(run_id) | {"steps": None}
    shown = runs.to_run(run, objects=world.objects, jobs=world.jobs)
    by_step = {step["name"]: step.get("cost_usd") for step in shown["steps"]}
    assert by_step["train"] == 0.736
    assert by_step["judge"] is None
    assert shown["cost_usd"] == pytest.approx(sum(cost for cost in by_step.values() if cost is not None), abs=0.001)
    assert shown["estimated_usd"] is not None


def test_every_price_is_a_machine_of_sagemaker_and_over_nothing() -> None:
    assert all(name.startswith("ml.") and price > 0 for name, price in prices.HOURLY.items())
    assert prices.hourly("ml.m5.large", "us-gov-west-1") == pytest.approx(0.115 * 1.3, abs=0.001)
    assert prices.hourly("ml.m5.large", "xx-new-1") == pytest.approx(0.115 * prices.ELSEWHERE, abs=0.001)
