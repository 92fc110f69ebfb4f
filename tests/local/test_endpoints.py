"""Endpoints serve real processes, swap them without a gap, roll back silently as SageMaker does, and outlive a kill."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from tests.local.conftest import until
from tests.local.endpoint_tools import configure, create, invoke, model_archive, settled
from tests.local.kept import ROLE, KeptCloud


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KeptCloud]:
    made = KeptCloud(tmp_path_factory.mktemp("endpoints"))
    yield made
    made.stop()


def test_an_endpoint_is_made_answers_and_is_deleted(cloud: KeptCloud) -> None:
    client, runtime = cloud.client("sagemaker"), cloud.client("sagemaker-runtime")
    with pytest.raises(ClientError) as missing:
        runtime.invoke_endpoint(EndpointName="first", Body=b"hi")
    assert missing.value.response["Error"]["Code"] == "ValidationError"
    assert "not found" in missing.value.response["Error"]["Message"]
    endpoint = create(cloud, "first", configure(cloud, "first-1"))
    assert (endpoint["EndpointStatus"], endpoint["EndpointConfigName"]) == ("InService", "first-1")
    assert "PendingDeploymentSummary" not in endpoint
    assert invoke(cloud, "first") == "first-1 hi"
    with pytest.raises(ClientError, match="already existing"):
        client.create_endpoint(EndpointName="first", EndpointConfigName="first-1")
    client.delete_endpoint(EndpointName="first")
    for gone in (lambda: client.describe_endpoint(EndpointName="first"), lambda: invoke(cloud, "first")):
        with pytest.raises(ClientError, match=r"(?i)could not find|not found"):
            gone()
    statuses = [d["EndpointStatus"] for kind, d in cloud.events() if "Endpoint" in kind and d["EndpointName"] == "first"]
    assert statuses == ["CREATING", "IN_SERVICE", "DELETING"]
    until(lambda: not list((cloud.state / "endpoints").iterdir()))


def test_an_error_of_the_model_is_a_model_error_with_its_status(cloud: KeptCloud) -> None:
    create(cloud, "errors", configure(cloud, "errors-1"))
    with pytest.raises(ClientError) as error:
        invoke(cloud, "errors", "bad")
    assert error.value.response["Error"]["Code"] == "ModelError"
    assert error.value.response["ResponseMetadata"]["HTTPStatusCode"] == 424
    assert error.value.response["OriginalStatusCode"] == 400  # type: ignore[typeddict-item]
    assert invoke(cloud, "errors") == "errors-1 hi"


def test_an_update_swaps_without_losing_an_invocation(cloud: KeptCloud, tmp_path: Path) -> None:
    client, gate = cloud.client("sagemaker"), tmp_path / "gate"
    create(cloud, "swap", configure(cloud, "swap-1"))
    configure(cloud, "swap-2", GATE=str(gate))
    answers: list[str] = []
    stop = threading.Event()

    def ask() -> None:
        while not stop.is_set():
            answers.append(invoke(cloud, "swap", "slow"))

    threads = [threading.Thread(target=ask) for _ in range(3)]
    for thread in threads:
        thread.start()
    client.update_endpoint(EndpointName="swap", EndpointConfigName="swap-2")
    updating = client.describe_endpoint(EndpointName="swap")
    assert (updating["EndpointStatus"], updating["EndpointConfigName"]) == ("Updating", "swap-1")
    assert updating["PendingDeploymentSummary"]["EndpointConfigName"] == "swap-2"
    for refused in (
        lambda: client.update_endpoint(EndpointName="swap", EndpointConfigName="swap-1"),
        lambda: client.delete_endpoint(EndpointName="swap"),
    ):
        with pytest.raises(ClientError, match="in-progress"):
            refused()
    until(lambda: answers)
    gate.touch()
    assert settled(cloud, "swap")["EndpointConfigName"] == "swap-2"
    until(lambda: answers[-1] == "swap-2 slow")
    stop.set()
    for thread in threads:
        thread.join()
    assert set(answers) == {"swap-1 slow", "swap-2 slow"}


@pytest.mark.parametrize("why", ["broken", "escaping", "no archive"])
def test_a_failed_update_is_silently_rolled_back(cloud: KeptCloud, why: str) -> None:
    name = f"back-{why.replace(' ', '-')}"
    create(cloud, name, configure(cloud, f"{name}-1"))
    body = {"broken": None, "escaping": model_archive(escaping=True), "no archive": b"garbage"}[why]
    configure(cloud, f"{name}-2", body=body, **({"BREAK": "1"} if why == "broken" else {}))
    cloud.client("sagemaker").update_endpoint(EndpointName=name, EndpointConfigName=f"{name}-2")
    endpoint = settled(cloud, name)
    assert (endpoint["EndpointStatus"], endpoint["EndpointConfigName"]) == ("InService", f"{name}-1")
    assert endpoint["FailureReason"]
    assert invoke(cloud, name) == f"{name}-1 hi"
    cloud.client("sagemaker").update_endpoint(EndpointName=name, EndpointConfigName=configure(cloud, f"{name}-3"))
    assert "FailureReason" not in settled(cloud, name)
    assert invoke(cloud, name) == f"{name}-3 hi"


def test_a_failed_creation_can_only_be_deleted(cloud: KeptCloud) -> None:
    client = cloud.client("sagemaker")
    endpoint = create(cloud, "stillborn", configure(cloud, "stillborn-1", BREAK="1"))
    assert endpoint["EndpointStatus"] == "Failed"
    assert "ping health check" in endpoint["FailureReason"]
    with pytest.raises(ClientError):
        client.update_endpoint(EndpointName="stillborn", EndpointConfigName="stillborn-1")
    with pytest.raises(ClientError, match="not found"):
        invoke(cloud, "stillborn")
    client.delete_endpoint(EndpointName="stillborn")


def test_models_and_configurations_are_made_once(cloud: KeptCloud) -> None:
    configure(cloud, "once")
    client = cloud.client("sagemaker")
    with pytest.raises(ClientError, match="already existing model"):
        client.create_model(ModelName="once", ExecutionRoleArn=ROLE, PrimaryContainer={"Image": "image"})
    with pytest.raises(ClientError, match="Could not find"):
        client.update_endpoint(EndpointName="once", EndpointConfigName="once")
    with pytest.raises(ClientError, match="Could not find"):
        client.create_endpoint(EndpointName="once", EndpointConfigName="missing")


def test_endpoints_come_back_after_a_kill_and_an_accepted_update_goes_on(tmp_path_factory: pytest.TempPathFactory) -> None:
    cloud, gate = KeptCloud(tmp_path_factory.mktemp("killed")), tmp_path_factory.mktemp("gate") / "open"
    client = cloud.client("sagemaker")
    create(cloud, "stays", configure(cloud, "stays-1"))
    create(cloud, "moves", configure(cloud, "moves-1"))
    create(cloud, "failed", configure(cloud, "failed-1", BREAK="1"))
    create(cloud, "deleted", configure(cloud, "deleted-1"))
    client.delete_endpoint(EndpointName="deleted")
    client.update_endpoint(EndpointName="moves", EndpointConfigName=configure(cloud, "moves-2", GATE=str(gate)))
    client.create_endpoint(EndpointName="new", EndpointConfigName=configure(cloud, "new-1", GATE=str(gate)))
    cloud.kill()
    cloud.restart()
    client = cloud.client("sagemaker")
    assert invoke(cloud, "stays") == "stays-1 hi"
    assert invoke(cloud, "moves") == "moves-1 hi"
    assert client.describe_endpoint(EndpointName="moves")["EndpointStatus"] == "Updating"
    assert client.describe_endpoint(EndpointName="new")["EndpointStatus"] == "Creating"
    assert client.describe_endpoint(EndpointName="failed")["EndpointStatus"] == "Failed"
    gate.touch()
    assert settled(cloud, "moves")["EndpointConfigName"] == "moves-2"
    assert settled(cloud, "new")["EndpointStatus"] == "InService"
    assert invoke(cloud, "moves") == "moves-2 hi"
    assert {found["EndpointName"] for found in client.list_endpoints()["Endpoints"]} == {"stays", "moves", "failed", "new"}
    cloud.stop()


def test_invocations_are_counted_with_their_errors(cloud: KeptCloud) -> None:
    create(cloud, "counted", configure(cloud, "counted-1"))
    for body in ("hi", "hi", "hi"):
        invoke(cloud, "counted", body)
    with pytest.raises(ClientError):
        invoke(cloud, "counted", "bad")
    dimensions = [{"Name": "EndpointName", "Value": "counted"}, {"Name": "VariantName", "Value": "champion"}]

    def total(metric: str) -> float:
        now = datetime.now(UTC)
        found = cloud.client("cloudwatch").get_metric_statistics(
            Namespace="AWS/SageMaker", MetricName=metric, Dimensions=dimensions, Statistics=["Sum"], Period=3600,
            StartTime=now - timedelta(hours=1), EndTime=now + timedelta(hours=1),
        )  # fmt: skip
        return float(sum(point["Sum"] for point in found["Datapoints"]))

    assert [total(name) for name in ("Invocations", "Invocation4XXErrors", "Invocation5XXErrors", "InvocationModelErrors")] == [
        4, 1, 0, 1,
    ]  # fmt: skip
    assert total("ModelLatency") > 0


def test_a_serverless_model_wakes_with_its_first_call(cloud: KeptCloud, tmp_path: Path) -> None:
    gate, answers = tmp_path / "gate", []
    assert create(cloud, "asleep", configure(cloud, "asleep-1", serverless=True, GATE=str(gate)))["EndpointStatus"] == "InService"
    thread = threading.Thread(target=lambda: answers.append(invoke(cloud, "asleep")))
    thread.start()
    until(lambda: list((cloud.state / "endpoints").glob("*/ml/model/code/inference.py")))
    assert not answers
    gate.touch()
    thread.join()
    assert answers == ["asleep-1 hi"] == [invoke(cloud, "asleep")]
    create(cloud, "ill", configure(cloud, "ill-1", serverless=True, BREAK="1"))
    with pytest.raises(ClientError, match="ping health check"):
        invoke(cloud, "ill")
