"""The model registry against moto, and the fake beside it."""

from __future__ import annotations

import boto3
import pytest

from adapters.registry import SageMakerRegistry
from chartloop.errors import NotFound
from chartloop.seams import Quality, Registry
from tests.adapters.conftest import SERVING
from tests.fakes import FakeRegistry

SHA = "ab" * 32
LINEAGE = {"run_id": "ner-1", "snapshot": "5d41", "base_model": "minilm-l6-v2", "code_version": "1.2.3"}
QUALITY = Quality("s3://data/runs/ner-1/quality.json", "cd" * 32, {"entity_f1": 0.8125})


@pytest.fixture(params=["sagemaker", "fake"])
def registry(request: pytest.FixtureRequest, aws: None) -> Registry:
    if request.param == "fake":
        return FakeRegistry()
    boto3.client("sagemaker").create_model_package_group(ModelPackageGroupName="chartloop-ner")
    return SageMakerRegistry(SERVING)


class TestRegistry:
    def test_registering_twice_is_one_package(self, registry: Registry) -> None:
        first = registry.register(
            "ner", "v1", model_uri="s3://data/models/ner/v1/model.tar.gz", sha256=SHA, lineage=LINEAGE, quality=QUALITY
        )
        again = registry.register(
            "ner", "v1", model_uri="s3://data/models/ner/v1/model.tar.gz", sha256=SHA, lineage=LINEAGE, quality=QUALITY
        )
        assert first == again and first.status == "PendingManualApproval" and first.sha256 == SHA

    def test_status_follows_and_versions_are_found_apart(self, registry: Registry) -> None:
        for version in ("v1", "v2"):
            registry.register("ner", version, model_uri="s3://data/m.tar.gz", sha256=SHA, lineage=LINEAGE, quality=QUALITY)
        registry.set_status("ner", "v1", "Approved", "better")
        statuses = [package.status for v in ("v1", "v2") if (package := registry.find("ner", v))]
        assert statuses == ["Approved", "PendingManualApproval"]
        assert registry.find("ner", "v3") is None


def test_setting_the_status_of_nothing_is_not_found(aws: None) -> None:
    boto3.client("sagemaker").create_model_package_group(ModelPackageGroupName="chartloop-ner")
    with pytest.raises(NotFound):
        SageMakerRegistry(SERVING).set_status("ner", "v9", "Approved", "")


def test_a_package_says_what_it_was_made_of_and_measured_at(aws: None) -> None:
    client = boto3.client("sagemaker")
    client.create_model_package_group(ModelPackageGroupName="chartloop-ner")
    made = SageMakerRegistry(SERVING).register(
        "ner", "v1", model_uri="s3://data/m.tar.gz", sha256=SHA, lineage=LINEAGE, quality=QUALITY
    )
    package = client.describe_model_package(ModelPackageName=made.arn)
    assert package["CustomerMetadataProperties"] == {**LINEAGE, "entity_f1": "0.8125", "version": "v1", "sha256": SHA}
    assert package["MetadataProperties"]["CommitId"] == "1.2.3" and package["MetadataProperties"]["ProjectId"] == "5d41"
    statistics = package["ModelMetrics"]["ModelQuality"]["Statistics"]
    assert (statistics["S3Uri"], statistics["ContentDigest"]) == (QUALITY.uri, f"sha256:{QUALITY.sha256}")
