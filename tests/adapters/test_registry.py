"""The model registry against moto, and the fake beside it."""

from __future__ import annotations

import boto3
import pytest

from adapters.registry import SageMakerRegistry
from chartloop.errors import NotFound
from chartloop.seams import Registry
from tests.adapters.conftest import SERVING
from tests.fakes import FakeRegistry

SHA = "ab" * 32


@pytest.fixture(params=["sagemaker", "fake"])
def registry(request: pytest.FixtureRequest, aws: None) -> Registry:
    if request.param == "fake":
        return FakeRegistry()
    boto3.client("sagemaker").create_model_package_group(ModelPackageGroupName="chartloop-ner")
    return SageMakerRegistry(SERVING)


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
        SageMakerRegistry(SERVING).set_status("ner", "v9", "Approved", "")
