"""Registry, endpoints and jobs against moto; UpdateEndpoint, which moto lacks, is proven on the local cloud (tests/e2e)."""

from __future__ import annotations

import boto3
import pytest

from adapters.sagemaker import SageMakerEndpoints, SageMakerJobs, SageMakerRegistry
from chartloop.errors import NotFound
from chartloop.seams import Registry
from chartloop.settings import Settings
from tests.fakes import FakeRegistry

SETTINGS = Settings(
    bucket="data",
    ledger="ledger",
    endpoint_role="arn:aws:iam::123456789012:role/endpoint",
    inference_image="123456789012.dkr.ecr.us-east-1.amazonaws.com/inference:1",
)
SHA = "ab" * 32


@pytest.fixture(params=["sagemaker", "fake"])
def registry(request: pytest.FixtureRequest, aws: None) -> Registry:
    if request.param == "fake":
        return FakeRegistry()
    boto3.client("sagemaker").create_model_package_group(ModelPackageGroupName="chartloop-ner")
    return SageMakerRegistry(SETTINGS)


class TestRegistry:
    def test_registering_twice_is_one_package(self, registry: Registry) -> None:
        first = registry.register("ner", "v1", model_uri="s3://data/models/ner/v1/model.tar.gz", sha256=SHA, metadata={})
        again = registry.register("ner", "v1", model_uri="s3://data/models/ner/v1/model.tar.gz", sha256=SHA, metadata={})
        assert first == again and first.status == "PendingManualApproval" and first.sha256 == SHA

    def test_status_follows_and_versions_are_found_apart(self, registry: Registry) -> None:
        for version in ("v1", "v2"):
            registry.register("ner", version, model_uri="s3://data/m.tar.gz", sha256=SHA, metadata={"entity_f1": "0.81"})
        registry.set_status("ner", "v1", "Approved", "better")
        statuses = [package.status for v in ("v1", "v2") if (package := registry.find("ner", v))]
        assert statuses == ["Approved", "PendingManualApproval"]
        assert registry.find("ner", "v3") is None


def test_setting_the_status_of_nothing_is_not_found(aws: None) -> None:
    boto3.client("sagemaker").create_model_package_group(ModelPackageGroupName="chartloop-ner")
    with pytest.raises(NotFound):
        SageMakerRegistry(SETTINGS).set_status("ner", "v9", "Approved", "")


def test_an_endpoint_is_missing_then_made_once(aws: None) -> None:
    endpoints = SageMakerEndpoints(SETTINGS)
    assert endpoints.state("ner").status == "Missing"
    for _ in range(2):  # a step may be repeated
        endpoints.deploy("ner", "v1", model_uri="s3://data/models/ner/v1/model.tar.gz", sha256=SHA)
    state = endpoints.state("ner")
    assert state.config == endpoints.config_name("v1", SHA) == "chartloop-v1-abababab"
    model = boto3.client("sagemaker").describe_model(ModelName=str(state.config))
    assert model["PrimaryContainer"]["ModelDataUrl"].endswith("v1/model.tar.gz")
    endpoints.redeploy("ner", None)
    endpoints.redeploy("ner", None)
    assert endpoints.state("ner").status == "Missing"


def test_a_job_that_does_not_exist_is_missing(aws: None) -> None:
    jobs = SageMakerJobs()
    assert jobs.describe("training", "none").status == "Missing"
    assert jobs.describe("processing", "none").status == "Missing"
