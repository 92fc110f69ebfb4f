"""Guarded updates: canaries and bakes whose alarms give the traffic back, as SageMaker's deployment guardrails do."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest
from botocore.exceptions import ClientError

from local.faults import Faults
from tests.local.conftest import BareCloud, until
from tests.local.endpoint_tools import configure, create, invoke, settled
from tests.local.kept import BUCKET, KeptCloud

HOUR = 3600
"""A bake that no test waits for: it ends by its alarm."""


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KeptCloud]:
    made = KeptCloud(tmp_path_factory.mktemp("rollout"))
    yield made
    made.stop()


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
