"""What AWS does to a deployment on a bad day: each time the old model serves, the run says why, and an alarm rings."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import pytest

from chartloop.errors import ChartloopError
from client.api import Api
from local.alarms import ALARM, MINUTE_VARIABLE, logged
from local.faults import Faults
from tests.e2e import easy
from tests.e2e.conftest import Cloud, until
from tests.e2e.test_loop import QUICK, RUN_SECONDS, ended

pytestmark = pytest.mark.slow

POSTED = 40
OUTLASTED_SECONDS = 1500
"""All tries of a state that is refused each time, with the pauses between them."""


class BadDays:
    """One cloud for all cases, with a model in service; each case posts a batch under its faults."""

    def __init__(self, cloud: Cloud, api: Api) -> None:
        self.cloud, self.api = cloud, api
        self.batches = 0

    def run(self, count: int = POSTED, *, seconds: float = RUN_SECONDS) -> Any:
        """The run that the next batch starts, at its end, which comes within `seconds`."""
        self.batches += 1
        before = len(self.runs())
        self.api.change_settings("ner", QUICK)
        self.api.post_records("ner", easy.notes(count, seed=2000 + self.batches))
        until(lambda: len(self.runs()) > before, 90)
        until(lambda: idle(self.api), seconds)
        return self.api.run(self.runs()[0]["run_id"])

    def runs(self) -> list[Any]:
        found: list[Any] = self.api.runs("ner")["runs"]
        return found

    def rang(self, alarm: str) -> Callable[[], bool]:
        """Whether the alarm has rung since this was asked for; one that still rings for what was before is waited for first."""

        def states(since: int) -> list[str]:
            return [line["state"] for line in logged(self.cloud.state / "logs")[since:] if line["alarm"] == alarm]

        until(lambda: states(0)[-1:] != [ALARM], 60)
        seen = len(logged(self.cloud.state / "logs"))
        return lambda: ALARM in states(seen)

    def serving(self) -> str:
        """The version that answers; registry, pointer and endpoint must name the same."""
        answer = self.api.predict("ner", ["the patient takes insulin before the meal"])
        champion = self.api.task("ner")["champion"]
        endpoint = self.cloud.client("sagemaker").describe_endpoint(EndpointName="chartloop-ner")
        assert endpoint["EndpointStatus"] == "InService"
        assert endpoint["EndpointConfigName"] == f"chartloop-{champion['version']}-{champion['sha256'][:8]}"
        assert answer["model_version"] == champion["version"]
        pointer = self.cloud.state / "efs" / "chartloop" / "models" / "ner" / "champion.json"
        assert json.loads(pointer.read_text())["version"] == champion["version"]
        return str(champion["version"])


def idle(api: Api) -> bool:
    task = api.task("ner")
    return task["active_run"] is None and task["promotion"] is None


@pytest.fixture(scope="module")
def days(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BadDays]:
    guarded = {"serving_instances": "2", "canary_percent": "50", "bake_minutes": "3"}
    cloud = Cloud(tmp_path_factory.mktemp("bad-days"), spot="true", **guarded)
    cloud.start(**{MINUTE_VARIABLE: "2"})
    with cloud.api() as api:
        days = BadDays(cloud, api)
        first = days.run(120)
        assert first["outcome"] == "promoted", first["error"]
        yield days
    cloud.stop()


@pytest.fixture
def fault(days: BadDays) -> Iterator[Callable[[str], None]]:
    faults = Faults(days.cloud.state / "faults")
    yield faults.begin
    faults.begin("")


def test_a_training_that_fails_leaves_the_model_in_service(days: BadDays, fault: Callable[[str], None]) -> None:
    before, rang = days.serving(), days.rang("chartloop-run-failed")
    fault("fail:train:1")
    run = days.run()
    assert (run["status"], run["error"]["code"]) == ("failed", "job_failed"), run["error"]
    assert "AlgorithmError" in run["error"]["message"]  # the class alone: the rest may quote a record
    assert days.serving() == before
    until(rang, 60)


def test_a_quota_is_waited_for(days: BadDays, fault: Callable[[str], None]) -> None:
    fault("quota:CreateTrainingJob:2")
    run = days.run()
    assert run["status"] == "succeeded", run["error"]
    assert not (days.cloud.state / "faults").read_text()
    days.serving()


def test_capacity_that_is_not_there_is_waited_for(days: BadDays, fault: Callable[[str], None]) -> None:
    fault("capacity:train:1")
    run = days.run()
    assert run["status"] == "succeeded", run["error"]
    assert not (days.cloud.state / "faults").read_text()
    days.serving()


@pytest.mark.parametrize(("trouble", "code"), [("quota:CreateTrainingJob", "quota_exceeded"), ("capacity:train", "no_capacity")])
def test_want_of_room_that_outlasts_every_try_fails_the_run(
    days: BadDays, fault: Callable[[str], None], trouble: str, code: str
) -> None:
    """The fault stays, and so the run's patience ends: the old model serves, the run says why, and the alarm rings."""
    before, rang = days.serving(), days.rang("chartloop-run-failed")
    fault(trouble)
    run = days.run(seconds=OUTLASTED_SECONDS)
    assert (run["status"], run["error"] and run["error"]["code"]) == ("failed", code), run["error"]
    assert days.serving() == before
    until(rang, 60)


def test_a_spot_machine_that_is_taken_away_is_no_failure(days: BadDays, fault: Callable[[str], None]) -> None:
    fault("spot:train:1")
    run = days.run()
    assert run["status"] == "succeeded", run["error"]
    assert not (days.cloud.state / "faults").read_text()
    job = {"TrainingJobName": f"{run['run_id']}-1-train"}
    stages = days.cloud.client("sagemaker").describe_training_job(**job)["SecondaryStatusTransitions"]
    assert [stage["Status"] for stage in stages].count("Interrupted") == 1
    days.serving()


def test_an_endpoint_that_rolls_back_by_itself_is_noticed(days: BadDays, fault: Callable[[str], None]) -> None:
    before, rang = days.serving(), days.rang("chartloop-run-failed")
    wanted = next(model["version"] for model in days.api.models("ner") if model["version"] != before)
    fault("rollback:endpoint:1")
    run_id = days.api.promote("ner", wanted, reason="to see it rolled back")["run_id"]
    run = until(lambda: ended(days.api, run_id), RUN_SECONDS)
    assert run["status"] == "failed" and "rolled back" in run["error"]["message"], run["error"]
    assert days.serving() == before
    until(rang, 60)


def test_a_canary_whose_alarm_rings_takes_the_new_model_back(days: BadDays, fault: Callable[[str], None]) -> None:
    """Half of the traffic goes to the new model, which answers with errors; callers notice, and so does the alarm."""
    before, failed = days.serving(), days.rang("chartloop-run-failed")
    wanted = next(model["version"] for model in days.api.models("ner") if model["version"] != before)
    seen = len(logged(days.cloud.state / "logs"))
    fault("errors:endpoint:1")
    run_id = days.api.promote("ner", wanted, reason="to see its canary fail")["run_id"]

    def asked_until_it_ends() -> Any:
        with suppress(ChartloopError):
            days.api.predict("ner", ["the patient takes insulin before the meal"])
        return ended(days.api, run_id)

    run = until(asked_until_it_ends, RUN_SECONDS)
    assert run["status"] == "failed", run["error"]
    rung = [line["alarm"] for line in logged(days.cloud.state / "logs")[seen:] if line["state"] == ALARM]
    assert any(name.startswith("chartloop-ner-endpoint-") and name in run["error"]["message"] for name in rung), run["error"]
    assert days.serving() == before
    until(failed, 60)
