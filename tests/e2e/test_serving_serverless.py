"""serving=serverless on the local cloud: a candidate answers in an endpoint of its own before it takes its place."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from client.api import Api
from tests.e2e import easy
from tests.e2e.conftest import Cloud, until
from tests.e2e.test_loop import QUICK, RUN_SECONDS, ended

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def serverless(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    running = Cloud(tmp_path_factory.mktemp("serverless"), serving="serverless")
    running.start()
    yield running
    running.stop()


def test_a_model_comes_into_service_by_a_rehearsal(serverless: Cloud) -> None:
    api = serverless.api()
    api.change_settings("ner", QUICK)
    api.post_records("ner", easy.notes(120, seed=1))
    run_id = until(lambda: [run["run_id"] for run in api.runs("ner")["runs"]], 60)[0]
    run = until(lambda: ended(api, run_id), RUN_SECONDS)
    assert (run["status"], run["outcome"]) == ("succeeded", "promoted"), run["error"]
    text = "Müller walks home and takes metformin before the meal."
    assert api.predict("ner", [text])["model_version"] == run["version"]
    sagemaker = serverless.client("sagemaker")
    assert [found["EndpointName"] for found in sagemaker.list_endpoints()["Endpoints"]] == ["chartloop-ner"]
    config = sagemaker.describe_endpoint(EndpointName="chartloop-ner")["EndpointConfigName"]
    (variant,) = sagemaker.describe_endpoint_config(EndpointConfigName=config)["ProductionVariants"]
    assert variant["ServerlessConfig"]["MemorySizeInMB"] == 4096
    assert rehearsed(serverless.state) and api.task("ner")["promotion"] is None
    after_an_update(api, serverless)


def after_an_update(api: Api, cloud: Cloud) -> None:
    """The second model takes the first one's place, and a person's rollback puts it back."""
    first = api.task("ner")["champion"]["version"]
    known = {run["run_id"] for run in api.runs("ner")["runs"]}
    api.post_records("ner", easy.notes(40, seed=12))
    run_id = until(lambda: {run["run_id"] for run in api.runs("ner")["runs"]} - known, 60).pop()
    until(lambda: ended(api, run_id), RUN_SECONDS)
    if api.task("ner")["champion"]["version"] == first:
        api.promote("ner", run_id, reason="to see it take the place")
        until(lambda: api.task("ner")["champion"]["version"] == run_id and not api.task("ner")["promotion"], RUN_SECONDS)
    api.rollback("ner", reason="to see it come back")
    until(lambda: api.task("ner")["champion"]["version"] == first and not api.task("ner")["promotion"], RUN_SECONDS)
    assert api.predict("ner", ["the patient takes aspirin"])["model_version"] == first
    assert len(cloud.client("sagemaker").list_endpoints()["Endpoints"]) == 1


def rehearsed(state: Path) -> bool:
    """Whether a second endpoint's model really ran."""
    return (state / "logs" / "endpoints" / "chartloop-ner-next.log").exists()
