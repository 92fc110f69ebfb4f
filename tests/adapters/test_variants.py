"""Every request that makes or changes an endpoint, as botocore and our own rules see it."""

from __future__ import annotations

from typing import Any

import botocore.session
import pytest
from botocore.validate import ParamValidator

from adapters import variants
from chartloop.settings import Settings
from chartloop.tasks import TASKS
from tests.adapters.conftest import SERVING

MODEL = botocore.session.get_session().get_service_model("sagemaker")
ALARMS = ["chartloop-ner-endpoint-4xx"]


def settings(**changes: Any) -> Settings:
    return SERVING.model_copy(update={"kms_key": "arn:aws:kms:us-east-1:123456789012:key/0123", **changes})


def valid(operation: str, request: dict[str, Any]) -> dict[str, Any]:
    shape = MODEL.operation_model(operation).input_shape
    report = ParamValidator().validate(request, shape)
    assert not report.has_errors(), report.generate_report()
    return request


@pytest.mark.parametrize("serving", ["realtime", "serverless"])
@pytest.mark.parametrize("instance", ["ml.m5.large", "ml.g5.xlarge"])
@pytest.mark.parametrize(("instances", "most"), [(1, 0), (2, 0), (3, 6)])
@pytest.mark.parametrize("alarms", [ALARMS, []])
def test_requests_are_what_sagemaker_takes(serving: str, instance: str, instances: int, most: int, alarms: list[str]) -> None:
    told = settings(serving=serving, instance_type=instance, serving_instances=instances, serving_instances_max=most)
    valid("CreateModel", variants.model("m", "s3://data/m.tar.gz", told))
    valid("CreateEndpointConfig", variants.configuration("m", told))
    valid("UpdateEndpoint", variants.update("chartloop-ner", "m", told, alarms=alarms))


def test_a_language_model_has_a_machine_with_a_gpu_of_its_own() -> None:
    told = settings(inference_image="cpu", gpu_inference_image="gpu", generation_instance="ml.g5.2xlarge")
    placed = TASKS["generation"].placed(told)
    [variant] = variants.configuration("m", placed)["ProductionVariants"]
    assert variant["InstanceType"] == "ml.g5.2xlarge"
    assert "KmsKeyId" not in variants.configuration("m", placed)  # its disks are the machine's own
    assert variants.model("m", "s3://data/m.tar.gz", placed)["PrimaryContainer"]["Image"] == "gpu"
    assert placed.transform_instance == TASKS["generation"].scored_on(told) == "ml.g5.2xlarge"
    assert TASKS["ner"].placed(told) == told and TASKS["ner"].scored_on(told) == told.processing_instance
    by_notebook = told.model_copy(update={"notebook": "chartloop", "processing_instance": "ml.m5.2xlarge"})
    assert TASKS["generation"].scored_on(by_notebook) == "ml.m5.2xlarge"
    assert TASKS["generation"].placed(settings(serving="serverless")) == settings(serving="serverless")


def policy(**changes: Any) -> dict[str, Any]:
    told: dict[str, Any] = variants.update("e", "c", settings(**changes), alarms=ALARMS)["DeploymentConfig"]
    return told


def test_one_instance_is_replaced_all_at_once_and_watched_while_it_bakes() -> None:
    told = policy(bake_minutes=7)
    assert told["BlueGreenUpdatePolicy"]["TrafficRoutingConfiguration"] == {"Type": "ALL_AT_ONCE", "WaitIntervalInSeconds": 420}
    assert told["AutoRollbackConfiguration"]["Alarms"] == [{"AlarmName": ALARMS[0]}]


@pytest.mark.parametrize(("instances", "percent", "canary"), [(2, 25, 1), (2, 50, 1), (8, 25, 2), (3, 50, 1), (10, 1, 1)])
def test_from_two_instances_on_a_canary_of_at_most_half_goes_first(instances: int, percent: int, canary: int) -> None:
    told = policy(serving_instances=instances, canary_percent=percent)["BlueGreenUpdatePolicy"]["TrafficRoutingConfiguration"]
    assert (told["Type"], told["CanarySize"]) == ("CANARY", {"Type": "INSTANCE_COUNT", "Value": canary})
    assert canary <= instances / 2


@pytest.mark.parametrize("instances", [1, 4])
def test_the_way_back_waits_for_nothing(instances: int) -> None:
    told = variants.update("e", "c", settings(serving_instances=instances), alarms=[])["DeploymentConfig"]
    routing = told["BlueGreenUpdatePolicy"]["TrafficRoutingConfiguration"]
    assert routing == {"Type": "ALL_AT_ONCE", "WaitIntervalInSeconds": 0} and "AutoRollbackConfiguration" not in told


def test_an_update_has_time_for_its_bakes() -> None:
    told = policy(bake_minutes=60)["BlueGreenUpdatePolicy"]
    waits = 2 * told["TrafficRoutingConfiguration"]["WaitIntervalInSeconds"] + told["TerminationWaitInSeconds"]
    assert waits + 1800 <= told["MaximumExecutionTimeoutInSeconds"] <= 28800


def test_what_scaling_made_of_the_fleet_is_kept() -> None:
    scaled = variants.update("e", "c", settings(serving_instances_max=4), alarms=ALARMS)
    assert scaled["RetainAllVariantProperties"] is True
    assert "RetainAllVariantProperties" not in variants.update("e", "c", settings(), alarms=ALARMS)


@pytest.mark.parametrize(
    ("serving", "instance", "keyed"),
    [("realtime", "ml.m5.large", True), ("realtime", "ml.g4dn.xlarge", False), ("serverless", "ml.m5.large", False)],
)
def test_a_volume_is_encrypted_where_sagemaker_takes_a_key(serving: str, instance: str, keyed: bool) -> None:
    assert ("KmsKeyId" in variants.configuration("c", settings(serving=serving, instance_type=instance))) is keyed


def test_a_serverless_endpoint_has_nothing_that_sagemaker_refuses_it() -> None:
    told = settings(serving="serverless", serverless_memory_mb=3072, serverless_concurrency=9)
    (variant,) = variants.configuration("c", told)["ProductionVariants"]
    assert variant["ServerlessConfig"] == {"MemorySizeInMB": 3072, "MaxConcurrency": 9} and "InstanceType" not in variant
    assert variants.model("c", "s3://data/m.tar.gz", told)["EnableNetworkIsolation"] is False
    assert set(variants.update("e", "c", told, alarms=ALARMS)) == {"EndpointName", "EndpointConfigName"}


def test_a_real_time_model_is_isolated() -> None:
    assert variants.model("c", "s3://data/m.tar.gz", settings())["EnableNetworkIsolation"] is True


@pytest.mark.parametrize("serving", ["realtime", "serverless"])
def test_what_promotion_makes_carries_the_tag_of_its_deployment(serving: str) -> None:
    told = settings(serving=serving, endpoint_prefix="ward")
    made = (
        valid("CreateModel", variants.model("m", "s3://data/m.tar.gz", told)),
        valid("CreateEndpointConfig", variants.configuration("m", told)),
        valid("CreateEndpoint", variants.creation("e", "m", told)),
    )
    assert [request["Tags"] for request in made] == [[{"Key": "application", "Value": "ward"}]] * 3
