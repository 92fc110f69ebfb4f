"""SQS event source mappings: polls a queue, invokes the function with a batch, deletes what succeeded."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Iterable
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from moto.awslambda.models import LambdaBackend
from moto.sqs.models import Queue

from local.functions import Functions, error_type, find
from local.patches import Method, wrap
from local.runtime import Answer
from local.server import LocalCloud

POLL_SECONDS = 10
RETRY_SECONDS = 1
"""After how long a failed message is shown again; AWS waits for the queue's visibility timeout, many minutes."""
POLLERS = 2

log = logging.getLogger(__name__)


class Mappings:
    """Runs every mapping that moto is asked to create; the queue's own redrive policy moves poison to its dead-letter queue."""

    def __init__(self, cloud: LocalCloud, functions: Functions) -> None:
        self._cloud = cloud
        self._functions = functions
        self._stopped = threading.Event()
        cloud.on_stop(self._stopped.set)

    def install(self) -> None:
        def and_poll(own: Method) -> Method:
            def create(backend: Any, spec: dict[str, Any]) -> Any:
                mapping = own(backend, spec)
                self.start(mapping)
                return mapping

            return create

        wrap(LambdaBackend, "create_event_source_mapping", and_poll)
        # moto would run the function inside of SendMessage; the pollers do it instead
        Queue.lambda_event_source_mappings = property(lambda _: {}, lambda *_: None)

    def start(self, mapping: Any) -> None:
        """Polls with as many threads as the mapping may use at once."""
        if mapping.event_source_arn.split(":")[2] != "sqs":
            raise NotImplementedError("only SQS mappings run in the local cloud")
        for _ in range(int((mapping.scaling_config or {}).get("MaximumConcurrency", POLLERS))):
            threading.Thread(target=self._poll, args=(mapping,), name="event-source-mapping", daemon=True).start()

    def _poll(self, mapping: Any) -> None:
        queues = self._cloud.client("sqs", find(mapping.function_arn).role)
        url = queues.get_queue_url(QueueName=mapping.event_source_arn.rsplit(":", 1)[-1])["QueueUrl"]
        while not self._stopped.is_set():
            if not truthy(mapping.enabled):
                self._stopped.wait(POLL_SECONDS)
                continue
            try:
                self._take(queues, url, mapping)
            except (BotoCoreError, ClientError) as error:  # moto's queues are not made for several readers: try again
                log.warning("a poll of %s failed with %s", url, type(error).__name__)
                self._stopped.wait(RETRY_SECONDS)

    def _take(self, queues: Any, url: str, mapping: Any) -> None:
        """Waits for a batch and handles it."""
        answer = queues.receive_message(
            QueueUrl=url,
            MaxNumberOfMessages=min(mapping.batch_size, 10),
            WaitTimeSeconds=POLL_SECONDS,
            AttributeNames=["All"],
            MessageAttributeNames=["All"],
        )
        if messages := answer.get("Messages"):
            self._handle(queues, url, mapping, messages)

    def _handle(self, queues: Any, url: str, mapping: Any, messages: list[dict[str, Any]]) -> None:
        event = {"Records": [record(message, mapping.event_source_arn) for message in messages]}
        answer = self._functions.invoke(mapping.function_arn, event)
        again = failures(answer, [message["MessageId"] for message in messages], mapping.function_response_types or ())
        if answer.error:
            log.warning("%s failed with %s on a batch of %d", mapping.function_arn, error_type(answer), len(messages))
        for message in messages:
            handle = message["ReceiptHandle"]
            if message["MessageId"] in again:
                queues.change_message_visibility(QueueUrl=url, ReceiptHandle=handle, VisibilityTimeout=RETRY_SECONDS)
            else:
                queues.delete_message(QueueUrl=url, ReceiptHandle=handle)


def truthy(enabled: Any) -> bool:
    """CloudFormation's booleans arrive as booleans or as text."""
    return str(enabled).lower() == "true"


def record(message: dict[str, Any], queue_arn: str) -> dict[str, Any]:
    """A received message as a record of the event that Lambda gets."""
    return {
        "messageId": message["MessageId"],
        "receiptHandle": message["ReceiptHandle"],
        "body": message["Body"],
        "attributes": message.get("Attributes", {}),
        "messageAttributes": message.get("MessageAttributes", {}),
        "md5OfBody": message.get("MD5OfBody", ""),
        "eventSource": "aws:sqs",
        "eventSourceARN": queue_arn,
        "awsRegion": queue_arn.split(":")[3],
    }


def failures(answer: Answer, ids: list[str], response_types: Iterable[str]) -> set[str]:
    """Ids of the messages that must come again: all after an error or an answer that names a stranger, else those it names."""
    if answer.error:
        return set(ids)
    if "ReportBatchItemFailures" not in response_types:
        return set()
    body = json.loads(answer.payload or b"null")
    named = {item.get("itemIdentifier") for item in (body or {}).get("batchItemFailures") or []}
    return named if named <= set(ids) else set(ids)
