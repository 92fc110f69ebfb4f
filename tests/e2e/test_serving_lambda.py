"""serving=lambda on the local cloud: the whole loop without an endpoint; the predict function reads the champion by itself."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from chartloop.errors import Unavailable
from client.api import Api
from tests.contracts import validate
from tests.e2e import easy
from tests.e2e.conftest import Cloud, until
from tests.e2e.test_loop import QUICK, RUN_SECONDS, ended

pytestmark = pytest.mark.slow

TEXT = "Müller walks home and takes metformin before the meal."


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    running = Cloud(tmp_path_factory.mktemp("lambda"), serving="lambda")
    running.start()
    yield running
    running.stop()


@pytest.fixture(scope="module")
def first(api: Api) -> Any:
    with pytest.raises(Unavailable) as refused:
        api.predict("ner", [TEXT])
    assert refused.value.code == "no_model"
    api.change_settings("ner", QUICK)
    return learned(api, easy.notes(120, seed=1))


@pytest.fixture(scope="module")
def second(api: Api, first: Any) -> Any:
    """Another model in service; by a person's decision where the gate kept the first."""
    run = learned(api, easy.notes(60, seed=2))
    if run["outcome"] != "promoted":
        run = followed(api, api.promote("ner", run["version"], reason="to try it"))
    return run


def learned(api: Api, notes: list[dict[str, Any]]) -> Any:
    before = {run["run_id"] for run in api.runs("ner")["runs"]}
    api.post_records("ner", notes)
    [run_id] = until(lambda: [run["run_id"] for run in api.runs("ner")["runs"] if run["run_id"] not in before], 60)
    return until(lambda: ended(api, run_id), RUN_SECONDS)


def followed(api: Api, run: Any) -> Any:
    return until(lambda: ended(api, run["run_id"]), RUN_SECONDS)


def answered(api: Api) -> Any:
    """The prediction; a model that is being read is asked for again."""

    def ask() -> Any:
        try:
            return api.predict("ner", [TEXT])
        except Unavailable as error:
            assert error.code == "waking"
            return None

    return until(ask, RUN_SECONDS)


def test_the_first_model_is_promoted_and_finds_the_drug(api: Api, first: Any) -> None:
    assert (first["status"], first["outcome"]) == ("succeeded", "promoted"), first["error"]
    answer = answered(api)
    validate("prediction", answer)
    entities = answer["predictions"][0]["entities"]
    assert [(TEXT[found["start"] : found["end"]], found["label"]) for found in entities] == [("metformin", "drug")]
    assert answer["model_version"] == first["version"]


def test_what_serves_is_a_graph_in_the_model_folder(cloud: Cloud, first: Any) -> None:
    folder = cloud.state / "efs" / "chartloop" / "models" / "ner"
    card = json.loads((folder / first["version"] / "chartloop.json").read_text())
    assert card["engine"]["name"] == "onnx" and card["engine"]["quality"]["notes"] > 0
    assert (folder / first["version"] / "model.onnx").exists()
    assert json.loads((folder / "champion.json").read_text())["version"] == first["version"]


def test_another_model_takes_its_place_and_a_rollback_brings_the_first_back(api: Api, first: Any, second: Any) -> None:
    assert (second["status"], second["outcome"]) == ("succeeded", "promoted"), second["error"]
    assert answered(api)["model_version"] == api.task("ner")["champion"]["version"] != first["version"]
    back = followed(api, api.rollback("ner", reason="to see that it can be"))
    assert (back["status"], back["outcome"]) == ("succeeded", "promoted"), back["error"]
    assert answered(api)["model_version"] == first["version"]


def test_sagemaker_has_no_endpoint_at_any_time(cloud: Cloud, second: Any) -> None:
    sagemaker = cloud.client("sagemaker")
    assert sagemaker.list_endpoints()["Endpoints"] == []
    assert sagemaker.list_endpoint_configs()["EndpointConfigs"] == []
    assert sagemaker.list_models()["Models"] == []
