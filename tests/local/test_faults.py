"""Faults on purpose: told by name and number, counted as they happen, and refused where nobody knows them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from chartloop.errors import InvalidRequest
from local.faults import Faults
from tests.local.conftest import ROLE, BareCloud, until


def test_a_fault_happens_as_often_as_it_says(tmp_path: Path) -> None:
    faults = Faults(tmp_path / "faults")
    faults.begin("quota:CreateTrainingJob:2,fail:train")
    assert [faults.take("quota", "CreateTrainingJob") for _ in range(3)] == [True, True, False]
    assert [faults.take("fail", "train") for _ in range(3)] == [True] * 3
    assert not faults.take("fail", "score") and not faults.take("capacity", "train")


def test_a_new_start_forgets_what_was_to_fail(tmp_path: Path) -> None:
    Faults(tmp_path / "faults").begin("fail:train")
    faults = Faults(tmp_path / "faults")
    faults.begin("")
    assert not faults.take("fail", "train")


@pytest.mark.parametrize("wanted", ["rain:train", "quota", "quota:CreateTrainingJob:often", "a:b:1:2"])
def test_what_is_no_fault_is_refused(tmp_path: Path, wanted: str) -> None:
    with pytest.raises(InvalidRequest, match="is no fault"):
        Faults(tmp_path / "faults").begin(wanted)


@pytest.fixture
def spoil(bare: BareCloud) -> Any:
    """Sets the faults of the running cloud, and takes them away again."""
    faults = Faults(bare.state / "faults")
    yield faults.begin
    faults.begin("")


@pytest.mark.parametrize(
    ("fault", "service", "operation", "fields", "code"),
    [
        ("quota:CreateTrainingJob:1", "sagemaker", "create_training_job", {}, "ResourceLimitExceeded"),
        ("throttle:GetItem:1", "dynamodb", "get_item", {"TableName": "x", "Key": {"pk": {"S": "1"}}},
         "ProvisionedThroughputExceededException"),
        ("throttle:PutObject:1", "s3", "put_object", {"Bucket": "x", "Key": "y"}, "SlowDown"),
        ("throttle:DescribeEndpoint:1", "sagemaker", "describe_endpoint", {"EndpointName": "x"}, "ThrottlingException"),
    ],
)  # fmt: skip
def test_a_service_refuses(
    bare: BareCloud, spoil: Callable[[str], None], fault: str, service: str, operation: str, fields: dict[str, Any], code: str
) -> None:
    spoil(fault)
    if operation == "create_training_job":
        fields = {
            "TrainingJobName": "t", "RoleArn": ROLE, "StoppingCondition": {"MaxRuntimeInSeconds": 60},
            "AlgorithmSpecification": {"TrainingInputMode": "File", "TrainingImage": "i"},
            "OutputDataConfig": {"S3OutputPath": "s3://x"}, "ResourceConfig": {"VolumeSizeInGB": 1},
        }  # fmt: skip
    with pytest.raises(ClientError) as refused:
        getattr(bare.client(service), operation)(**fields)
    assert refused.value.response["Error"]["Code"] == code


@pytest.mark.parametrize(
    ("faults", "expected"),
    [
        ("drop:events:1", ["second", "third"]),
        ("duplicate:events:1", ["first", "first", "second", "third"]),
        ("reorder:events:1", ["second", "first", "third"]),
    ],
)
def test_events_are_lost_doubled_and_out_of_order(
    bare: BareCloud, recorder: Callable[..., Any], spoil: Callable[[str], None], faults: str, expected: list[str]
) -> None:
    name = faults.partition(":")[0]
    arn, events = recorder(f"spoiled-{name}")
    bus, storage = bare.client("events"), bare.client("s3")
    storage.create_bucket(Bucket=f"spoiled-{name}")
    storage.put_bucket_notification_configuration(
        Bucket=f"spoiled-{name}", NotificationConfiguration={"EventBridgeConfiguration": {}}
    )
    pattern = f'{{"source": ["aws.s3"], "detail": {{"bucket": {{"name": ["spoiled-{name}"]}}}}}}'
    bus.put_rule(Name=f"spoiled-{name}", EventPattern=pattern)
    bus.put_targets(Rule=f"spoiled-{name}", Targets=[{"Id": "1", "Arn": arn}])
    spoil(faults)
    for key in ("first", "second", "third"):
        storage.put_object(Bucket=f"spoiled-{name}", Key=key, Body=b"x")
    found = until(lambda: (got := events()) and len(got) >= len(expected) and got)
    assert sorted(event["detail"]["object"]["key"] for event in found) == sorted(expected)
