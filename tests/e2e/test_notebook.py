"""`compute=notebook` on the local cloud: an instance works off a run from records to scores; the model is promoted and serves."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from client.api import Api
from local.instance_tools import ENVIRONMENT
from tests.e2e import easy
from tests.e2e.conftest import BUCKET, Cloud, until
from tests.e2e.test_loop import QUICK, ended

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not ENVIRONMENT.exists(), reason="the notebook's environment could not be made: make build/notebook"),
]
RUN_SECONDS = 600
NOTES = easy.notes(120, seed=1)


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    running = Cloud(tmp_path_factory.mktemp("notebook"), compute="notebook")
    running.start()
    yield running
    running.stop()


@pytest.fixture(scope="module")
def run(api: Api) -> Any:
    api.change_settings("ner", QUICK)
    api.post_records("ner", NOTES)
    run_id = until(lambda: [run["run_id"] for run in api.runs("ner")["runs"]], 60)[0]
    return until(lambda: ended(api, run_id), RUN_SECONDS)


def stored(cloud: Cloud, key: str) -> bytes:
    return bytes(cloud.client("s3").get_object(Bucket=BUCKET, Key=key)["Body"].read())


def test_the_notebooks_run_is_promoted_and_predicts(api: Api, run: Any) -> None:
    assert (run["status"], run["outcome"]) == ("succeeded", "promoted"), run["error"]
    assert [(step["name"], step["status"]) for step in run["steps"]] == [
        (name, "succeeded") for name in ("prepare", "embed", "train", "score", "judge", "promote")
    ]
    text = "Müller walks home and takes metformin before the meal."
    answer = api.predict("ner", [text])
    assert [text[found["start"] : found["end"]] for found in answer["predictions"][0]["entities"]] == ["metformin"]


def test_the_executed_notebook_has_its_plots_and_no_word_of_a_note(cloud: Cloud, run: Any) -> None:
    executed = json.loads(stored(cloud, f"runs/{run['run_id']}/notebook/model_training.ipynb"))
    outputs = [output for cell in executed["cells"] for output in cell.get("outputs", [])]
    plots = [output for output in outputs if "image/png" in output.get("data", {})]
    assert len(plots) == 4 and not [output for output in outputs if output["output_type"] == "error"]
    told = json.dumps([{**output, "data": {**output.get("data", {}), "image/png": ""}} for output in outputs])
    words = {word.strip(".") for note in NOTES for word in note["text"].split()} - {"patient", "before"}
    assert not {word for word in words if f" {word} " in told or f'"{word}' in told}
    assert not [drug for drug in easy.DRUGS if drug in told]


def test_the_job_ran_as_the_order_says(cloud: Cloud, run: Any) -> None:
    order = json.loads(stored(cloud, f"runs/{run['run_id']}/notebook/order.json"))
    asked = order["training"]
    job = cloud.client("sagemaker").describe_training_job(TrainingJobName=asked["TrainingJobName"])
    assert job["TrainingJobStatus"] == "Completed" and order["token"] is None
    for name in ("HyperParameters", "EnableNetworkIsolation", "EnableInterContainerTrafficEncryption", "InputDataConfig"):
        assert job[name] == asked[name], name
    assert asked["ResourceConfig"].items() <= job["ResourceConfig"].items()
    assert asked["OutputDataConfig"].items() <= job["OutputDataConfig"].items()
    assert "ContainerEntrypoint" not in job["AlgorithmSpecification"]


def test_no_job_but_the_training_ran_and_the_instance_is_at_rest(cloud: Cloud, run: Any) -> None:
    sagemaker = cloud.client("sagemaker")
    assert sagemaker.list_processing_jobs()["ProcessingJobSummaries"] == []
    (instance,) = sagemaker.list_notebook_instances()["NotebookInstances"]
    name = instance["NotebookInstanceName"]
    until(lambda: sagemaker.describe_notebook_instance(NotebookInstanceName=name)["NotebookInstanceStatus"] == "Stopped", 60)
    home = cloud.state / "notebooks" / name / "home"
    assert [path.name for path in (home / "SageMaker").iterdir()] == []  # no text, no token and no environment is left behind
    assert not (home / "models").is_symlink()


def test_a_killed_run_is_worked_off_again_beside_the_champion(cloud: Cloud, api: Api, run: Any) -> None:
    """The whole cloud is killed while the notebook works on the second run; what starts again finishes it, once."""
    api.post_records("ner", easy.notes(40, seed=2))
    second = until(lambda: [found["run_id"] for found in api.runs("ner")["runs"] if found["run_id"] != run["run_id"]], 60)[0]
    until(lambda: steps_of(cloud, second), RUN_SECONDS)
    assert cloud.process is not None
    cloud.process.kill()
    cloud.process.wait()
    cloud.start()
    with cloud.api() as again:
        finished = until(lambda: ended(again, second), RUN_SECONDS)
        assert (finished["status"], finished["attempt"]) == ("succeeded", 2), finished["error"]
        assert finished["outcome"] in ("promoted", "kept")
    executed = json.loads(stored(cloud, f"runs/{second}/notebook/model_training.ipynb"))
    told = json.dumps([output for cell in executed["cells"] for output in cell.get("outputs", [])])
    assert run["version"] in told and "champion" in told
    reports = [json.loads(stored(cloud, f"runs/{second}/score/{role}.json")) for role in ("candidate", "champion")]
    assert reports[0]["holdout"] == reports[1]["holdout"]


def steps_of(cloud: Cloud, run_id: str) -> list[str]:
    """What the notebook has told of its steps."""
    found = cloud.client("s3").list_objects_v2(Bucket=BUCKET, Prefix=f"runs/{run_id}/notebook/{run_id}-1-")
    return [entry["Key"] for entry in found.get("Contents", [])]
