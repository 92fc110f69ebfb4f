"""Taking down what promotion made, against moto: scaling first, nothing of others, and what it stops costing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws

from adapters.teardown import Clients, take_down

ROLE = "arn:aws:iam::123456789012:role/endpoint"


@pytest.fixture
def clients(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Any, Any]]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        monkeypatch.setenv(name, "testing")
    with mock_aws():
        yield boto3.client("sagemaker", "us-east-1"), boto3.client("application-autoscaling", "us-east-1")


def serve(sagemaker: Any, endpoint: str, *configs: str, machine: str = "ml.m5.large") -> None:
    for config in configs:
        container = {"Image": "image", "ModelDataUrl": "s3://data/model.tar.gz"}
        sagemaker.create_model(ModelName=config, ExecutionRoleArn=ROLE, PrimaryContainer=container)
        variant = {"VariantName": "champion", "ModelName": config, "InstanceType": machine, "InitialInstanceCount": 1}
        sagemaker.create_endpoint_config(EndpointConfigName=config, ProductionVariants=[variant])
    sagemaker.create_endpoint(EndpointName=endpoint, EndpointConfigName=configs[-1])


def left(sagemaker: Any) -> list[str]:
    return sorted(
        [item["EndpointName"] for item in sagemaker.list_endpoints()["Endpoints"]]
        + [item["EndpointConfigName"] for item in sagemaker.list_endpoint_configs()["EndpointConfigs"]]
        + [item["ModelName"] for item in sagemaker.list_models()["Models"]]
    )


def test_everything_of_the_deployment_goes_and_nothing_else(clients: tuple[Any, Any]) -> None:
    sagemaker, scaling = clients
    serve(sagemaker, "chartloop-ner", "chartloop-ner-1-0123", "chartloop-ner-2-4567")
    serve(sagemaker, "another-ner", "another-ner-1-0123")
    target = {"ServiceNamespace": "sagemaker", "ScalableDimension": "sagemaker:variant:DesiredInstanceCount"}
    for endpoint in ("chartloop-ner", "another-ner"):
        resource = f"endpoint/{endpoint}/variant/champion"
        scaling.register_scalable_target(**target, ResourceId=resource, MinCapacity=1, MaxCapacity=2)
    said: list[str] = []
    stops = take_down("chartloop", ["ner"], Clients(sagemaker, scaling, "us-east-1"), said.append)
    assert left(sagemaker) == ["another-ner", "another-ner-1-0123", "another-ner-1-0123"]
    targets = scaling.describe_scalable_targets(ServiceNamespace="sagemaker")["ScalableTargets"]
    assert [each["ResourceId"] for each in targets] == ["endpoint/another-ner/variant/champion"]
    assert len(said) == 5 and "about 83.95 USD a month" in said[0]
    assert stops == 83.95


def test_scaling_goes_before_the_endpoint(clients: tuple[Any, Any]) -> None:
    sagemaker, scaling = clients
    serve(sagemaker, "chartloop-ner", "chartloop-ner-1-0123")
    target = {"ServiceNamespace": "sagemaker", "ScalableDimension": "sagemaker:variant:DesiredInstanceCount"}
    scaling.register_scalable_target(**target, ResourceId="endpoint/chartloop-ner/variant/champion", MinCapacity=1, MaxCapacity=2)
    order: list[str] = []
    for client, operation in ((scaling, "DeregisterScalableTarget"), (sagemaker, "DeleteEndpoint")):
        client.meta.events.register(f"before-call.*.{operation}", lambda model, **_: order.append(model.name))
    take_down("chartloop", ["ner"], Clients(sagemaker, scaling, "us-east-1"), lambda _: None)
    assert order == ["DeregisterScalableTarget", "DeleteEndpoint"]


def test_it_may_be_run_again(clients: tuple[Any, Any]) -> None:
    sagemaker, scaling = clients
    serve(sagemaker, "chartloop-ner", "chartloop-ner-1-0123")
    aws = Clients(sagemaker, scaling, "us-east-1")
    assert [take_down("chartloop", ["ner"], aws, lambda _: None) for _ in range(2)] == [83.95, 0]
    assert left(sagemaker) == []


def test_a_machine_without_a_price_is_deleted_all_the_same(clients: tuple[Any, Any]) -> None:
    sagemaker, scaling = clients
    serve(sagemaker, "chartloop-ner", "chartloop-ner-1-0123", machine="ml.t2.medium")
    assert take_down("chartloop", ["ner"], Clients(sagemaker, scaling, "us-east-1"), lambda _: None) is None
    assert left(sagemaker) == []
