"""The upload queue on SQS, for what its events have lost."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from functools import cached_property
from itertools import islice
from typing import TYPE_CHECKING

import boto3

from chartloop.errors import Unavailable
from chartloop.seams import StoredObject

if TYPE_CHECKING:
    from mypy_boto3_sqs.client import SQSClient

AT_ONCE = 10
"""Messages of one SendMessageBatch."""


class SqsUploads:
    """Sends objects to the queue in the form of the EventBridge event that S3 sends when they are created."""

    def __init__(self, queue_url: str, *, client: SQSClient | None = None) -> None:
        self._queue = queue_url
        self._given = client

    @cached_property
    def _client(self) -> SQSClient:
        return self._given or boto3.client("sqs")

    def send(self, bucket: str, stored: Iterable[StoredObject]) -> None:
        for some in _batched(stored):
            entries = [{"Id": str(number), "MessageBody": _event(bucket, item)} for number, item in enumerate(some)]
            answer = self._client.send_message_batch(QueueUrl=self._queue, Entries=entries)  # type: ignore[arg-type]
            if answer.get("Failed"):
                raise Unavailable(f"the queue refused {len(answer['Failed'])} messages", code="queue_refused")


def _event(bucket: str, stored: StoredObject) -> str:
    created = {"key": stored.key, "size": stored.size, "etag": stored.etag}
    return json.dumps(
        {"source": "aws.s3", "detail-type": "Object Created", "detail": {"bucket": {"name": bucket}, "object": created}}
    )


def _batched(stored: Iterable[StoredObject]) -> Iterator[list[StoredObject]]:
    iterator = iter(stored)
    while some := list(islice(iterator, AT_ONCE)):
        yield some
