"""From an object or an event to a function: EventBridge rules, inputs, queues with retries and a dead-letter queue, schedules."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from local.events import target_input
from local.queues import failures
from local.runtime import Answer
from local.schedules import seconds
from tests.local.conftest import BareCloud, until

Recorder = Callable[[str], tuple[str, Callable[[], list[Any]]]]


def rule(bare: BareCloud, name: str, target: dict[str, Any], **options: Any) -> None:
    events = bare.client("events")
    events.put_rule(Name=name, **options)
    events.put_targets(Rule=name, Targets=[{"Id": "1", **target}])


def notifying_bucket(bare: BareCloud, name: str) -> Any:
    """A versioned bucket that tells EventBridge of its objects; the client that writes into it."""
    storage = bare.client("s3")
    storage.create_bucket(Bucket=name)
    storage.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    storage.put_bucket_notification_configuration(Bucket=name, NotificationConfiguration={"EventBridgeConfiguration": {}})
    return storage


def created(bucket: str, prefix: str = "") -> str:
    detail = {"bucket": {"name": [bucket]}, "object": {"key": [{"prefix": prefix}]}}
    return json.dumps({"source": ["aws.s3"], "detail-type": ["Object Created"], "detail": detail})


def test_an_object_becomes_an_event_with_its_key_its_version_and_a_rising_sequencer(bare: BareCloud, recorder: Recorder) -> None:
    arn, events = recorder("objects")
    storage = notifying_bucket(bare, "objects")
    rule(bare, "objects", {"Arn": arn}, EventPattern=created("objects", "in coming/"))
    key = "in coming/a+b é.jsonl"
    storage.put_object(Bucket="objects", Key="elsewhere/x", Body=b"no")
    versions = [storage.put_object(Bucket="objects", Key=key, Body=body)["VersionId"] for body in (b"one", b"three")]
    seen = until(lambda: len(events()) == 2 and events())
    by_order = sorted(seen, key=lambda event: event["detail"]["object"]["sequencer"])
    objects = [event["detail"]["object"] for event in by_order]
    assert [(found["key"], found["version-id"], found["size"]) for found in objects] == [
        (key, versions[0], 3),
        (key, versions[1], 5),
    ]
    assert (
        by_order[0]["source"] == "aws.s3" and by_order[0]["time"].endswith("Z") and by_order[0]["detail"]["reason"] == "PutObject"
    )


def test_a_multipart_upload_is_one_event(bare: BareCloud, recorder: Recorder) -> None:
    arn, events = recorder("multipart")
    storage = notifying_bucket(bare, "multipart")
    rule(bare, "multipart", {"Arn": arn}, EventPattern=created("multipart"))
    upload = storage.create_multipart_upload(Bucket="multipart", Key="big")["UploadId"]
    part = storage.upload_part(Bucket="multipart", Key="big", UploadId=upload, PartNumber=1, Body=b"x" * 100)
    storage.complete_multipart_upload(
        Bucket="multipart", Key="big", UploadId=upload, MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]}
    )
    seen = until(events)
    assert [(event["detail"]["reason"], event["detail"]["object"]["size"]) for event in seen] == [
        ("CompleteMultipartUpload", 100)
    ]


def test_a_disabled_rule_sends_nothing(bare: BareCloud, recorder: Recorder) -> None:
    off, unseen = recorder("off")
    on, seen = recorder("on")
    pattern = json.dumps({"source": ["test.disabled"]})
    rule(bare, "off", {"Arn": off}, EventPattern=pattern, State="DISABLED")
    rule(bare, "on", {"Arn": on}, EventPattern=pattern)
    bare.client("events").put_events(Entries=[{"Source": "test.disabled", "DetailType": "x", "Detail": "{}"}])
    until(seen)
    assert unseen() == []


EVENT = {"time": "2026-11-21T08:00:00Z", "detail": {"bucket": {"name": "b"}, "size": 3, "quote": 'say "hi"'}}


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ({}, EVENT),
        ({"Input": '{"constant": 1}'}, {"constant": 1}),
        ({"InputPath": "$.detail.bucket"}, {"name": "b"}),
        ({"InputPath": "$.detail.nothing.there"}, None),
        (
            {"InputTransformer": {"InputPathsMap": {"n": "$.detail.bucket.name", "s": "$.detail.size"},
                                  "InputTemplate": '{"uri": "s3://<n>/x", "size": <s>, "name": <n>}'}},
            {"uri": "s3://b/x", "size": 3, "name": "b"},
        ),
        (
            {"InputTransformer": {"InputPathsMap": {"q": "$.detail.quote"}, "InputTemplate": '{"text": "<q>!", "x": "<zz>"}'}},
            {"text": 'say "hi"!', "x": "<zz>"},
        ),
    ],
)  # fmt: skip
def test_a_target_gets_the_input_that_it_asks_for(target: dict[str, Any], expected: Any) -> None:
    assert target_input(target, EVENT) == expected


def mapped_queue(bare: BareCloud, name: str, function: str, tries: int = 3) -> tuple[str, str]:
    """A queue that feeds the function, with a dead-letter queue after so many tries; both URLs."""
    queues = bare.client("sqs")
    dead = queues.create_queue(QueueName=f"{name}-dead")["QueueUrl"]
    dead_arn = queues.get_queue_attributes(QueueUrl=dead, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    policy = json.dumps({"deadLetterTargetArn": dead_arn, "maxReceiveCount": tries})
    queue = queues.create_queue(QueueName=name, Attributes={"RedrivePolicy": policy})["QueueUrl"]
    arn = queues.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    bare.client("lambda").create_event_source_mapping(
        EventSourceArn=arn, FunctionName=function, BatchSize=10, FunctionResponseTypes=["ReportBatchItemFailures"]
    )
    return queue, dead


def test_one_poison_message_of_a_batch_goes_to_the_dead_letter_queue_and_the_others_go_on(bare: BareCloud) -> None:
    source = """
        def handler(event, context):
            bad = [r for r in event["Records"] if r["body"] == "poison"]
            return {"batchItemFailures": [{"itemIdentifier": r["messageId"]} for r in bad]}
    """
    queue, dead = mapped_queue(bare, "partial", bare.function("partial", source))
    queues = bare.client("sqs")
    queues.send_message_batch(
        QueueUrl=queue, Entries=[{"Id": str(n), "MessageBody": body} for n, body in enumerate(["good", "poison", "good"])]
    )
    found = until(lambda: queues.receive_message(QueueUrl=dead).get("Messages"), 40)
    assert [message["Body"] for message in found] == ["poison"]
    left = queues.get_queue_attributes(QueueUrl=queue, AttributeNames=["All"])["Attributes"]
    assert (left["ApproximateNumberOfMessages"], left["ApproximateNumberOfMessagesNotVisible"]) == ("0", "0")


def test_a_batch_that_raises_comes_again_until_it_succeeds(bare: BareCloud, tmp_path: Any) -> None:
    tries = tmp_path / "tries"
    source = f"""
        import pathlib
        def handler(event, context):
            with open({str(tries)!r}, "a") as out: out.write("x")
            if pathlib.Path({str(tries)!r}).read_text() != "xxx": raise ValueError("not yet")
            return {{"batchItemFailures": []}}
    """
    queue, dead = mapped_queue(bare, "again", bare.function("again", source), tries=5)
    queues = bare.client("sqs")
    queues.send_message(QueueUrl=queue, MessageBody="{}")
    until(lambda: tries.exists() and tries.read_text() == "xxx")
    until(lambda: queues.get_queue_attributes(QueueUrl=queue, AttributeNames=["All"])["Attributes"]["ApproximateNumberOfMessagesNotVisible"] == "0")  # fmt: skip  # noqa: E501
    assert "Messages" not in queues.receive_message(QueueUrl=dead)


def test_from_an_object_over_a_queue_to_a_function(bare: BareCloud, recorder: Recorder) -> None:
    arn, events = recorder("wired")
    queue, _ = mapped_queue(bare, "wired", arn)
    queue_arn = bare.client("sqs").get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    storage = notifying_bucket(bare, "wired")
    rule(bare, "wired", {"Arn": queue_arn}, EventPattern=created("wired", "incoming/"))
    storage.put_object(Bucket="wired", Key="incoming/ner/b.jsonl", Body=b"{}")
    batch = until(events)[0]
    assert json.loads(batch["Records"][0]["body"])["detail"]["object"]["key"] == "incoming/ner/b.jsonl"


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (Answer(b"null"), set()),
        (Answer(b'{"batchItemFailures": []}'), set()),
        (Answer(b'{"batchItemFailures": [{"itemIdentifier": "a"}]}'), {"a"}),
        (Answer(b'{"batchItemFailures": [{"itemIdentifier": "stranger"}]}'), {"a", "b"}),
        (Answer(b'{"errorType": "X"}', "Unhandled"), {"a", "b"}),
    ],
)
def test_which_messages_come_again(answer: Answer, expected: set[str]) -> None:
    assert failures(answer, ["a", "b"], ["ReportBatchItemFailures"]) == expected


@pytest.mark.parametrize(("expression", "expected"), [("rate(1 minute)", 60), ("rate(15 minutes)", 900), ("rate(1 day)", 86400)])
def test_the_period_of_a_rate(expression: str, expected: int) -> None:
    assert seconds(expression) == expected
