"""The upload queue: what is sent reads like S3's own event."""

from __future__ import annotations

import json

import boto3

from adapters.sqs import SqsUploads
from chartloop.seams import StoredObject


def test_objects_are_sent_as_s3_would_tell_of_them(aws: None) -> None:
    client = boto3.client("sqs")
    queue = client.create_queue(QueueName="uploads")["QueueUrl"]
    stored = [StoredObject(f"incoming/ner/b {n} ö+.jsonl", n, f"etag{n}") for n in range(23)]
    SqsUploads(queue).send("data", stored)
    found = []
    while messages := client.receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages", []):
        found += [json.loads(message["Body"]) for message in messages]
    assert {event["detail"]["object"]["key"] for event in found} == {item.key for item in stored}
    assert found[0].keys() == {"source", "detail-type", "detail"}
    assert (found[0]["source"], found[0]["detail-type"]) == ("aws.s3", "Object Created")
    assert all(event["detail"]["bucket"] == {"name": "data"} for event in found)
