"""The janitor's view of SageMaker, against moto."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws

from adapters.estate import SageMakerEstate
from chartloop.housekeeping import CONFIG, ENDPOINT, MODEL, NOTEBOOK, PROCESSING, TRAINING

ROLE = "arn:aws:iam::123456789012:role/endpoint"


@pytest.fixture
def sagemaker(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        monkeypatch.setenv(name, "testing")
    with mock_aws():
        yield boto3.client("sagemaker", "us-east-1")


def serve(sagemaker: Any, endpoint: str) -> None:
    config = f"{endpoint}-config"
    tags = [{"Key": "application", "Value": endpoint.partition("-")[0]}]
    container = {"Image": "image", "ModelDataUrl": "s3://data/model.tar.gz"}
    sagemaker.create_model(ModelName=config, ExecutionRoleArn=ROLE, PrimaryContainer=container, Tags=tags)
    variant = {"VariantName": "champion", "ModelName": config, "InstanceType": "ml.m5.large", "InitialInstanceCount": 1}
    sagemaker.create_endpoint_config(EndpointConfigName=config, ProductionVariants=[variant], Tags=tags)
    sagemaker.create_endpoint(EndpointName=endpoint, EndpointConfigName=config, Tags=tags)


def test_it_lists_what_bears_the_name_with_tags_and_live_configuration(sagemaker: Any) -> None:
    serve(sagemaker, "chartloop-ner")
    serve(sagemaker, "another-chartloop-ner")
    sagemaker.create_notebook_instance(NotebookInstanceName="chartloop-notebook", InstanceType="ml.t3.medium", RoleArn=ROLE)
    found = {thing.kind: thing for thing in SageMakerEstate("chartloop", client=sagemaker).things()}
    assert set(found) == {ENDPOINT, CONFIG, MODEL, NOTEBOOK}
    assert (found[ENDPOINT].name, found[ENDPOINT].config) == ("chartloop-ner", "chartloop-ner-config")
    assert found[MODEL].tags == {"application": "chartloop"}
    assert (found[NOTEBOOK].name, found[NOTEBOOK].status) == ("chartloop-notebook", "InService")
    assert all(thing.since.tzinfo for thing in found.values())


def test_it_removes_what_it_is_told(sagemaker: Any) -> None:
    serve(sagemaker, "chartloop-ner")
    estate = SageMakerEstate("chartloop", client=sagemaker)
    for thing in list(estate.things()):
        estate.remove(thing)
    assert not [thing for thing in estate.things() if thing.kind not in (PROCESSING, TRAINING)]
