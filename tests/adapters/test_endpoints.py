"""Endpoints against moto; UpdateEndpoint, which moto lacks, is proven on the local cloud (tests/local, tests/e2e)."""

from __future__ import annotations

from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError, ReadTimeoutError

from adapters.endpoints import SageMakerEndpoints
from chartloop.errors import EndpointBusy, Unavailable
from tests.adapters.conftest import SERVING

SHA = "ab" * 32
URI = "s3://data/models/ner/v1/model.tar.gz"
SERVERLESS = SERVING.model_copy(update={"serving": "serverless"})


def test_an_endpoint_is_missing_then_made_once(aws: None) -> None:
    endpoints = SageMakerEndpoints(SERVING)
    assert endpoints.state("ner").status == "Missing"
    for _ in range(2):  # a step may be repeated
        endpoints.deploy("ner", "v1", model_uri=URI, sha256=SHA, guarded=True)
    state = endpoints.state("ner")
    assert state.config == endpoints.config_name("v1", SHA) == "chartloop-v1-abababab"
    model = boto3.client("sagemaker").describe_model(ModelName=str(state.config))
    assert model["PrimaryContainer"]["ModelDataUrl"].endswith("v1/model.tar.gz")
    endpoints.redeploy("ner", None)
    endpoints.redeploy("ner", None)
    assert endpoints.state("ner").status == "Missing"


def test_a_serverless_candidate_answers_in_an_endpoint_of_its_own_first(aws: None) -> None:
    endpoints = SageMakerEndpoints(SERVERLESS)
    asked = {"model_uri": URI, "sha256": SHA}
    state = endpoints.rehearse("ner", "v1", **asked)
    assert state is not None and state.status == "Missing"
    state = endpoints.rehearse("ner", "v1", **asked)
    assert state is not None and (state.status, state.config) == ("InService", "chartloop-v1-abababab")
    assert endpoints.state("ner").status == "Missing"
    endpoints.settle("ner")
    endpoints.settle("ner")
    names = [found["EndpointName"] for found in boto3.client("sagemaker").list_endpoints()["Endpoints"]]
    assert names == []


def test_what_an_earlier_rehearsal_left_goes_first(aws: None) -> None:
    endpoints = SageMakerEndpoints(SERVERLESS)
    endpoints.rehearse("ner", "v1", model_uri=URI, sha256=SHA)
    for status in ("InService", "Missing", "InService"):
        state = endpoints.rehearse("ner", "v2", model_uri=URI, sha256=SHA)
        assert state is not None and state.status == status
    assert state.config == endpoints.config_name("v2", SHA)


def test_a_real_time_candidate_has_no_rehearsal(aws: None) -> None:
    assert SageMakerEndpoints(SERVING).rehearse("ner", "v1", model_uri=URI, sha256=SHA) is None


class Client:
    """SageMaker with one endpoint, which is `status` on `config`; `calls` are the operations with their requests."""

    def __init__(self, status: str, config: str) -> None:
        self.status, self.config = status, config
        self.calls: list[tuple[str, Any]] = []

    def describe_endpoint(self, EndpointName: str) -> Any:  # noqa: N803
        return {"EndpointStatus": self.status, "EndpointConfigName": self.config}

    def describe_endpoint_config(self, EndpointConfigName: str) -> Any:  # noqa: N803
        return {}

    def __getattr__(self, operation: str) -> Any:
        return lambda **request: self.calls.append((operation, request))


def on(client: Any, settings: Any = SERVING) -> SageMakerEndpoints:
    return SageMakerEndpoints(settings, client=client)


def test_a_new_model_is_watched_and_the_way_back_is_not(aws: None) -> None:
    client = Client("InService", "old")
    settings = SERVING.model_copy(update={"rollback_alarms": "chartloop-{task}-4xx chartloop-{task}-latency"})
    on(client, settings).deploy("ner", "v1", model_uri=URI, sha256=SHA, guarded=True)
    on(client, settings).deploy("ner", "v1", model_uri=URI, sha256=SHA, guarded=False)
    on(client, settings).redeploy("ner", "older")
    watched, *ways_back = [request["DeploymentConfig"] for operation, request in client.calls if operation == "update_endpoint"]
    alarms = watched["AutoRollbackConfiguration"]["Alarms"]
    assert [alarm["AlarmName"] for alarm in alarms] == ["chartloop-ner-4xx", "chartloop-ner-latency"]
    assert len(ways_back) == 2 and all("AutoRollbackConfiguration" not in way for way in ways_back)


@pytest.mark.parametrize(("status", "done"), [("Failed", "delete_endpoint"), ("Updating", None), ("Deleting", None)])
def test_an_endpoint_that_cannot_take_a_configuration_is_not_asked_to(aws: None, status: str, done: str | None) -> None:
    client = Client(status, "old")
    on(client).redeploy("ner", "new")
    assert [operation for operation, _ in client.calls] == ([done] if done else [])


def test_an_endpoint_that_changes_cannot_be_deleted(aws: None) -> None:
    client = Client("Creating", "old")
    with pytest.raises(EndpointBusy):
        on(client).redeploy("ner", None)
    assert not client.calls


class Runtime:
    """SageMaker's runtime that answers with an error; `asked` are the endpoints."""

    def __init__(self, error: Exception) -> None:
        self.error = error
        self.asked: list[str] = []

    def invoke_endpoint(self, EndpointName: str, **_: Any) -> Any:  # noqa: N803
        self.asked.append(EndpointName)
        raise self.error


def refused(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "no"}}, "InvokeEndpoint")


@pytest.mark.parametrize("serving", ["realtime", "serverless"])
@pytest.mark.parametrize(
    "error", [refused("ModelNotReadyException"), refused("ThrottlingException"), ReadTimeoutError(endpoint_url="here")]
)
def test_a_cold_start_is_waking_in_every_mode(error: Exception, serving: str) -> None:
    endpoints = SageMakerEndpoints(SERVING.model_copy(update={"serving": serving}), runtime=Runtime(error))
    with pytest.raises(Unavailable) as caught:
        endpoints.invoke("ner", {"inputs": []})
    assert caught.value.code == "waking"


def test_a_configuration_that_is_not_live_is_asked_in_the_second_place() -> None:
    runtime = Runtime(refused("ModelNotReadyException"))
    endpoints = SageMakerEndpoints(SERVERLESS, client=Client("InService", "old"), runtime=runtime)
    for config in ("new", "old", None):
        with pytest.raises(Unavailable):
            endpoints.invoke("ner", {"inputs": []}, config=config)
    assert runtime.asked == ["chartloop-ner-next", "chartloop-ner", "chartloop-ner"]
