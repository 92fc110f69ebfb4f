"""Endpoints serve real processes, swap them without a gap, roll back silently as SageMaker does, and outlive a kill."""

from __future__ import annotations

import io
import tarfile
import threading
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from local.faults import Faults
from tests.local.conftest import BareCloud, until
from tests.local.kept import BUCKET, ROLE, KeptCloud

SCRIPT = """
import os, time
def model_fn(model_dir):
    if os.environ.get("BREAK"):
        raise RuntimeError("no weights")
    while (gate := os.environ.get("GATE")) and not os.path.exists(gate):
        time.sleep(0.02)
    return os.environ["VERSION"]
def input_fn(body, content_type):
    return body.decode()
def predict_fn(data, model):
    if data == "bad":
        raise ValueError(data)
    time.sleep(0.2 if data == "slow" else 0)
    return f"{model} {data}"
def output_fn(prediction, accept):
    return prediction
"""


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KeptCloud]:
    made = KeptCloud(tmp_path_factory.mktemp("endpoints"))
    yield made
    made.stop()


def model_archive(*, escaping: bool = False) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as tar:
        member = tarfile.TarInfo("../../escaped.py" if escaping else "code/inference.py")
        member.size = len(SCRIPT)
        tar.addfile(member, io.BytesIO(SCRIPT.encode()))
    return packed.getvalue()


def configure(
    cloud: BareCloud, config: str, *, body: bytes | None = None, instances: int = 1, serverless: bool = False, **environment: str
) -> str:
    """A model and a configuration of that name; the name."""
    key = f"models/{config}/model.tar.gz"
    cloud.client("s3").put_object(Bucket=BUCKET, Key=key, Body=model_archive() if body is None else body)
    client = cloud.client("sagemaker")
    container = {"Image": "image", "ModelDataUrl": f"s3://{BUCKET}/{key}", "Environment": {"VERSION": config, **environment}}
    client.create_model(ModelName=config, ExecutionRoleArn=ROLE, PrimaryContainer=container)
    size: dict[str, Any] = {"InstanceType": "ml.m5.large", "InitialInstanceCount": instances}
    if serverless:
        size = {"ServerlessConfig": {"MemorySizeInMB": 2048, "MaxConcurrency": 1}}
    variant = {"VariantName": "champion", "ModelName": config, **size}
    client.create_endpoint_config(EndpointConfigName=config, ProductionVariants=[variant])
    return config


def settled(cloud: BareCloud, name: str) -> dict[str, Any]:
    client = cloud.client("sagemaker")

    def found() -> Any:
        endpoint = client.describe_endpoint(EndpointName=name)
        return endpoint if endpoint["EndpointStatus"] in ("InService", "Failed") else None

    return dict(until(found, 60))


def create(cloud: BareCloud, name: str, config: str) -> dict[str, Any]:
    cloud.client("sagemaker").create_endpoint(EndpointName=name, EndpointConfigName=config)
    return settled(cloud, name)


def invoke(cloud: BareCloud, name: str, body: str = "hi") -> str:
    answer = cloud.client("sagemaker-runtime").invoke_endpoint(EndpointName=name, Body=body.encode(), ContentType="text/plain")
    assert answer["InvokedProductionVariant"] == "champion"
    return str(answer["Body"].read().decode())


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


HOUR = 3600
"""A bake that no test waits for: it ends by its alarm."""


def alarmed(cloud: KeptCloud, name: str, state: str = "OK") -> str:
    client = cloud.client("cloudwatch")
    client.put_metric_alarm(
        AlarmName=name, Namespace="AWS/SageMaker", MetricName="ModelLatency", Statistic="Average", Period=60, EvaluationPeriods=1,
        Threshold=1, ComparisonOperator="GreaterThanThreshold", Dimensions=[{"Name": "EndpointName", "Value": name}],
    )  # fmt: skip
    client.set_alarm_state(AlarmName=name, StateValue=state, StateReason="the test says so")
    return name


def guarded(alarm: str, seconds: int, *, canary: int = 0) -> dict[str, Any]:
    size = {"CanarySize": {"Type": "INSTANCE_COUNT", "Value": canary}} if canary else {}
    routing = {"Type": "CANARY" if canary else "ALL_AT_ONCE", "WaitIntervalInSeconds": seconds, **size}
    return {
        "BlueGreenUpdatePolicy": {"TrafficRoutingConfiguration": routing},
        "AutoRollbackConfiguration": {"Alarms": [{"AlarmName": alarm}]},
    }


def test_a_canary_whose_alarm_rings_gives_the_traffic_back(cloud: KeptCloud) -> None:
    client, alarm = cloud.client("sagemaker"), alarmed(cloud, "canary")
    create(cloud, "canary", configure(cloud, "canary-1", instances=2))
    new = configure(cloud, "canary-2", instances=2)
    client.update_endpoint(EndpointName="canary", EndpointConfigName=new, DeploymentConfig=guarded(alarm, HOUR, canary=1))
    until(lambda: invoke(cloud, "canary") == "canary-2 hi", 60)
    assert sorted(invoke(cloud, "canary") for _ in range(4)) == ["canary-1 hi"] * 2 + ["canary-2 hi"] * 2
    updating = client.describe_endpoint(EndpointName="canary")
    assert (updating["EndpointStatus"], updating["EndpointConfigName"]) == ("Updating", "canary-1")
    alarmed(cloud, "canary", "ALARM")
    endpoint = settled(cloud, "canary")
    assert (endpoint["EndpointStatus"], endpoint["EndpointConfigName"]) == ("InService", "canary-1")
    assert "alarms in ALARM state: canary" in endpoint["FailureReason"]
    assert {invoke(cloud, "canary") for _ in range(4)} == {"canary-1 hi"}


def test_one_instance_bakes_with_all_of_the_traffic(cloud: KeptCloud) -> None:
    client, alarm = cloud.client("sagemaker"), alarmed(cloud, "bake")
    create(cloud, "bake", configure(cloud, "bake-1"))
    new = configure(cloud, "bake-2")
    client.update_endpoint(EndpointName="bake", EndpointConfigName=new, DeploymentConfig=guarded(alarm, HOUR))
    until(lambda: invoke(cloud, "bake") == "bake-2 hi", 60)
    assert {invoke(cloud, "bake") for _ in range(4)} == {"bake-2 hi"}
    assert client.describe_endpoint(EndpointName="bake")["EndpointStatus"] == "Updating"
    alarmed(cloud, "bake", "ALARM")
    assert settled(cloud, "bake")["EndpointConfigName"] == "bake-1"
    client.update_endpoint(EndpointName="bake", EndpointConfigName=new, DeploymentConfig=guarded(alarm, 0))
    assert settled(cloud, "bake")["EndpointConfigName"] == "bake-1"  # it rang from the start
    alarmed(cloud, "bake", "OK")
    client.update_endpoint(EndpointName="bake", EndpointConfigName=new, DeploymentConfig=guarded(alarm, 0))
    assert settled(cloud, "bake")["EndpointConfigName"] == "bake-2"
    assert invoke(cloud, "bake") == "bake-2 hi"


def test_guards_that_sagemaker_would_refuse_are_refused(cloud: KeptCloud) -> None:
    client, alarm = cloud.client("sagemaker"), alarmed(cloud, "refused")
    create(cloud, "refused", configure(cloud, "refused-1", instances=2))
    new = configure(cloud, "refused-2", instances=2)
    for wrong in (guarded("no such alarm", 0), guarded(alarm, 0, canary=2)):
        with pytest.raises(ClientError, match=r"alarm|canary"):
            client.update_endpoint(EndpointName="refused", EndpointConfigName=new, DeploymentConfig=wrong)
    assert client.describe_endpoint(EndpointName="refused")["EndpointStatus"] == "InService"


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


def test_a_serverless_endpoint_has_no_guards(cloud: KeptCloud) -> None:
    alarm = alarmed(cloud, "unguarded")
    create(cloud, "unguarded", configure(cloud, "unguarded-1", serverless=True))
    new = configure(cloud, "unguarded-2", serverless=True)
    client = cloud.client("sagemaker")
    with pytest.raises(ClientError, match="serverless"):
        client.update_endpoint(EndpointName="unguarded", EndpointConfigName=new, DeploymentConfig=guarded(alarm, 0))
    client.update_endpoint(EndpointName="unguarded", EndpointConfigName=new)
    assert settled(cloud, "unguarded")["EndpointConfigName"] == new
    assert invoke(cloud, "unguarded") == "unguarded-2 hi"


@pytest.mark.parametrize(
    ("fault", "metric", "threshold"), [("errors", "Invocation4XXErrors", 0.05), ("latency", "ModelLatency", 10_000_000)]
)
def test_a_bad_canary_rings_its_own_alarm_and_the_old_model_serves(
    bare: BareCloud, fault: str, metric: str, threshold: float
) -> None:
    """The whole chain, with nothing set by hand: answers, metrics, alarm, rollback."""
    name, faults = f"bad-{fault}", Faults(bare.state / "faults")
    with suppress(ClientError):  # the other case made it
        bare.client("s3").create_bucket(Bucket=BUCKET)
    create(bare, name, configure(bare, f"{name}-1", instances=2))
    dimensions = [{"Name": "EndpointName", "Value": name}, {"Name": "VariantName", "Value": "champion"}]
    bare.client("cloudwatch").put_metric_alarm(
        AlarmName=name, Namespace="AWS/SageMaker", MetricName=metric, Dimensions=dimensions, Statistic="Average", Period=60,
        EvaluationPeriods=1, Threshold=threshold, ComparisonOperator="GreaterThanThreshold", TreatMissingData="notBreaching",
    )  # fmt: skip
    faults.begin(f"{fault}:endpoint:1")
    update = bare.client("sagemaker").update_endpoint
    new = configure(bare, f"{name}-2", instances=2)
    update(EndpointName=name, EndpointConfigName=new, DeploymentConfig=guarded(name, HOUR, canary=1))

    def rolled_back() -> bool:
        with suppress(ClientError):  # half of the calls are the canary's
            invoke(bare, name)
        return bool(bare.client("sagemaker").describe_endpoint(EndpointName=name)["EndpointStatus"] == "InService")

    until(rolled_back, 120)
    endpoint = settled(bare, name)
    assert endpoint["EndpointConfigName"] == f"{name}-1" and f"alarms in ALARM state: {name}" in endpoint["FailureReason"]
    assert {invoke(bare, name) for _ in range(3)} == {f"{name}-1 hi"}
