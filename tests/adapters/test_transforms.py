"""Batch transform jobs against moto, and the request that SageMaker gets."""

from __future__ import annotations

from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from botocore.stub import Stubber

from adapters.transforms import SageMakerTransforms, request
from tests.adapters.conftest import SERVING

JOB = (
    "ner-1-transform",
    "chartloop-ner-1-ffffffff",
    "s3://data/transforms/ner/1/input.jsonl",
    "s3://data/transforms/ner/1/output",
)


def start(transforms: SageMakerTransforms) -> bool:
    name, model, source, target = JOB
    return transforms.start("ner", name, model=model, source=source, target=target)


def test_a_job_is_started_and_looked_at(aws: None) -> None:
    transforms = SageMakerTransforms(SERVING)
    assert transforms.state(JOB[0]).status == "Missing"
    assert start(transforms)
    assert transforms.state(JOB[0]).status == "Completed"
    transforms.stop(JOB[0])
    transforms.stop("none")


@pytest.mark.parametrize(
    ("code", "message", "started"),
    [
        ("ResourceLimitExceeded", "The account-level service limit is 0 instances", False),
        ("ResourceInUse", "a transform job with this name already exists", True),
    ],
)
def test_no_room_is_told_and_a_job_that_is_there_is_there(code: str, message: str, started: bool) -> None:
    client: Any = boto3.client("sagemaker", "us-east-1", aws_access_key_id="a", aws_secret_access_key="b")
    with Stubber(client) as stub:
        stub.add_client_error("create_transform_job", code, message)
        assert start(SageMakerTransforms(SERVING, client=client)) is started


def test_a_language_model_transforms_on_the_machine_that_it_answers_on() -> None:
    client: Any = boto3.client("sagemaker", "us-east-1", aws_access_key_id="a", aws_secret_access_key="b")
    name, model, source, target = JOB
    asked = request(*JOB, SERVING.model_copy(update={"transform_instance": "ml.g5.2xlarge"}))
    with Stubber(client) as stub:
        stub.add_response("create_transform_job", {"TransformJobArn": "arn:aws:sagemaker:us-east-1:1:transform-job/x"}, asked)
        placed = SageMakerTransforms(SERVING.model_copy(update={"generation_instance": "ml.g5.2xlarge"}), client=client)
        assert placed.start("generation", name, model=model, source=source, target=target)


def test_another_refusal_is_raised() -> None:
    client: Any = boto3.client("sagemaker", "us-east-1", aws_access_key_id="a", aws_secret_access_key="b")
    with Stubber(client) as stub, pytest.raises(ClientError):
        stub.add_client_error("create_transform_job", "ValidationException", "Could not find model")
        start(SageMakerTransforms(SERVING, client=client))


def test_one_line_is_one_request_and_everything_is_under_the_key() -> None:
    made = request(*JOB, SERVING.model_copy(update={"kms_key": "key"}))
    assert (made["BatchStrategy"], made["TransformInput"]["SplitType"]) == ("SingleRecord", "Line")
    assert made["TransformOutput"]["AssembleWith"] == "Line"
    assert made["TransformOutput"]["KmsKeyId"] == made["TransformResources"]["VolumeKmsKeyId"] == "key"
    assert made["MaxConcurrentTransforms"] * made["MaxPayloadInMB"] <= 100
    assert made["Tags"] == [{"Key": "application", "Value": "chartloop"}]


def test_a_machine_with_disks_of_its_own_takes_no_key_for_them() -> None:
    made = request(*JOB, SERVING.model_copy(update={"kms_key": "key", "transform_instance": "ml.g4dn.xlarge"}))
    assert "VolumeKmsKeyId" not in made["TransformResources"]
