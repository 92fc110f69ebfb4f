"""The call log: what a role calls, as the IAM actions and resources that a policy would have to allow."""

from __future__ import annotations

import json
from io import BytesIO
from typing import Any

import boto3
import httpx
import pytest

from local.calls import FILE, folded
from local.permissions import needed
from local.wire import Call, heard
from tests.local.conftest import BareCloud

ACCOUNT = "123456789012"
TABLE = f"arn:aws:dynamodb:us-east-1:{ACCOUNT}:table/ledger"


def arn(name: str) -> str:
    return f"arn:aws:sagemaker:us-east-1:{ACCOUNT}:{name}"


def pairs(service: str, operation: str, **fields: Any) -> list[tuple[str, str]]:
    return [(found.action, found.resource) for found in needed(Call("role", service, operation, fields))]


@pytest.mark.parametrize(
    ("method", "fields", "expected"),
    [
        ("HEAD", {"Key": "a/b"}, [("s3:GetObject", "arn:aws:s3:::data/a/b")]),
        ("GET", {"Key": "a/b", "versionId": "1"}, [("s3:GetObjectVersion", "arn:aws:s3:::data/a/b")]),
        ("GET", {"Key": "", "list-type": "2", "prefix": "a/"}, [("s3:ListBucket", "arn:aws:s3:::data")]),
        ("POST", {"Key": "a/b", "uploads": ""}, [("s3:PutObject", "arn:aws:s3:::data/a/b")]),
        ("DELETE", {"Key": "a/b", "uploadId": "1"}, [("s3:AbortMultipartUpload", "arn:aws:s3:::data/a/b")]),
        ("DELETE", {"Key": "a/b"}, [("s3:DeleteObject", "arn:aws:s3:::data/a/b")]),
        (
            "PUT", {"Key": "a/b", "CopySource": "other/c"},
            [("s3:PutObject", "arn:aws:s3:::data/a/b"), ("s3:GetObject", "arn:aws:s3:::other/c")],
        ),
    ],
)  # fmt: skip
def test_an_operation_of_s3_is_its_iam_action(method: str, fields: dict[str, str], expected: list[tuple[str, str]]) -> None:
    assert pairs("s3", method, Bucket="data", **fields) == expected


def test_a_transaction_needs_what_its_parts_need() -> None:
    items = [{"Put": {"TableName": "ledger"}}, {"ConditionCheck": {"TableName": "ledger"}}, {"Delete": {"TableName": "ledger"}}]
    assert pairs("dynamodb", "TransactWriteItems", TransactItems=items) == [
        ("dynamodb:PutItem", TABLE), ("dynamodb:ConditionCheckItem", TABLE), ("dynamodb:DeleteItem", TABLE),
    ]  # fmt: skip


def test_an_item_that_is_put_tells_the_kind_of_its_partition() -> None:
    item = {"pk": {"S": "KEPT#ner"}, "sk": {"S": "PLACE#0500000#c#0001"}}
    parts = [{"Put": {"TableName": "ledger", "Item": item}}]
    for operation, fields in (
        ("PutItem", {"TableName": "ledger", "Item": item}),
        ("TransactWriteItems", {"TransactItems": parts}),
    ):
        [found] = needed(Call("role", "dynamodb", operation, fields))
        assert found.context == {"dynamodb:LeadingKeys": "KEPT#"}
    [read] = needed(Call("role", "dynamodb", "GetItem", {"TableName": "ledger", "Key": item}))
    assert read.context == {}


def test_a_job_takes_its_role_and_its_volume_with_it() -> None:
    cluster = {"ClusterConfig": {"VolumeKmsKeyId": "key"}}
    assert pairs("sagemaker", "CreateProcessingJob", ProcessingJobName="ner-1", RoleArn="role", ProcessingResources=cluster) == [
        ("sagemaker:CreateProcessingJob", arn("processing-job/ner-1")),
        ("iam:PassRole", "role"),
        ("kms:DescribeKey", "key"),
        ("kms:CreateGrant", "key"),
    ]


def test_an_endpoints_change_needs_its_configuration_too() -> None:
    assert pairs("sagemaker", "UpdateEndpoint", EndpointName="ner", EndpointConfigName="ner-v2") == [
        ("sagemaker:UpdateEndpoint", arn("endpoint-config/ner-v2")),
        ("sagemaker:UpdateEndpoint", arn("endpoint/ner")),
    ]


def test_a_scaling_target_is_of_a_service() -> None:
    (needs,) = needed(Call("role", "application-autoscaling", "DeregisterScalableTarget", {"ServiceNamespace": "sagemaker"}))
    assert needs.resource.endswith(":scalable-target/0")
    assert needs.context == {"application-autoscaling:service-namespace": "sagemaker"}


def test_what_is_not_known_is_named_on_everything() -> None:
    assert pairs("kms", "Decrypt", KeyId="key") == [("kms:Decrypt", "*")]


@pytest.mark.parametrize(
    ("resource", "expected"),
    [
        (
            "arn:aws:s3:::data-123456789012/runs/ner-20261121-ab1/request.json",
            "arn:aws:s3:::data-123456789012/runs/ner-0-0/request.json",
        ),
        (arn("training-job/ner-20261121-train"), arn("training-job/ner-0-train")),
        (TABLE, TABLE),
    ],
)
def test_runs_and_batches_are_folded_into_one(resource: str, expected: str) -> None:
    assert folded(resource) == expected


def test_a_body_that_was_heard_can_be_read_again() -> None:
    body = b'{"TableName": "ledger"}'
    signature = "AWS4-HMAC-SHA256 Credential=a-role/20261121/us-east-1/dynamodb/aws4_request, SignedHeaders=host"
    environ: Any = {
        "REQUEST_METHOD": "POST", "PATH_INFO": "/", "CONTENT_LENGTH": str(len(body)), "HTTP_AUTHORIZATION": signature,
        "HTTP_X_AMZ_TARGET": "DynamoDB_20120810.GetItem", "wsgi.input": BytesIO(body),
    }  # fmt: skip
    assert heard(environ) == Call("a-role", "dynamodb", "GetItem", {"TableName": "ledger"})
    assert environ["wsgi.input"].read() == body


def test_only_what_a_role_calls_is_logged_and_once(bare: BareCloud) -> None:
    bare.client("s3").create_bucket(Bucket="heard")
    role = {"aws_access_key_id": "anything", "aws_secret_access_key": "x", "region_name": "us-east-1"}
    storage = boto3.client("s3", endpoint_url=bare.url, **role)  # type: ignore[call-overload]
    for _ in range(2):
        storage.put_object(Bucket="heard", Key="batch-7", Body=b"x")
    address = storage.generate_presigned_url("get_object", Params={"Bucket": "heard", "Key": "mine"})
    httpx.get(address, trust_env=False)
    log = [json.loads(line) for line in (bare.state / "logs" / FILE).read_text().splitlines()]
    mine = [(call["role"], call["action"], call["resource"]) for call in log if "heard" in call["resource"]]
    assert mine == [
        ("anything", "s3:PutObject", "arn:aws:s3:::heard/batch-0"), ("anything", "s3:GetObject", "arn:aws:s3:::heard/mine"),
    ]  # fmt: skip
