"""Jobs at scale on the local cloud: two machines prepare and embed, two train; jobs find no room at first."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from client.api import Api
from tests.e2e import easy
from tests.e2e.conftest import BUCKET, Cloud, until
from tests.e2e.test_loop import QUICK, ended

pytestmark = pytest.mark.slow
RUN_SECONDS = 600


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    several = {"processing_instances": "2", "training_instances": "2"}
    running = Cloud(tmp_path_factory.mktemp("scale"), spot="true", training_fallbacks="ml.g5.xlarge", **several)
    running.start(CHARTLOOP_FAULT="capacity:embed:1,capacity:train:1")
    yield running
    running.stop()


@pytest.fixture(scope="module")
def run(api: Api) -> Any:
    api.change_settings("ner", QUICK)
    for seed in (1, 2):  # two batches, so that there is a shard for each machine
        api.post_records("ner", easy.notes(60, seed=seed))
    run_id = until(lambda: [run["run_id"] for run in api.runs("ner")["runs"]], 60)[0]
    return until(lambda: ended(api, run_id), RUN_SECONDS)


def test_the_run_is_promoted_and_predicts(api: Api, run: Any) -> None:
    assert (run["status"], run["outcome"]) == ("succeeded", "promoted"), run["error"]
    text = "Müller walks home and takes metformin before the meal."
    answer = api.predict("ner", [text])
    assert [text[found["start"] : found["end"]] for found in answer["predictions"][0]["entities"]] == ["metformin"]


def test_without_room_on_the_spot_market_it_trained_on_demand(cloud: Cloud, run: Any) -> None:
    client = cloud.client("sagemaker")
    jobs = [client.describe_training_job(TrainingJobName=f"{run['run_id']}-1-train{suffix}") for suffix in ("", "-try2")]
    assert [job["TrainingJobStatus"] for job in jobs] == ["Failed", "Completed"]
    assert jobs[0]["FailureReason"].startswith("CapacityError")
    assert jobs[1]["ResourceConfig"]["SelectedInstanceType"] == "ml.g4dn.xlarge"


def test_both_machines_left_their_part(cloud: Cloud, run: Any) -> None:
    listed = cloud.client("s3").list_objects_v2(Bucket=BUCKET, Prefix="embeddings/ner/")["Contents"]
    assert {entry["Key"].rpartition("/")[2] for entry in listed} >= {"manifest-1-of-2.json", "manifest-2-of-2.json"}
