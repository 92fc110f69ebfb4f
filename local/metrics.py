"""CloudWatch metrics that AWS services would put, and those that functions print into their logs (embedded metric format)."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from moto.cloudwatch.models import cloudwatch_backends
from moto.sqs.models import sqs_backends

from local.server import ACCOUNT, REGION


def backend() -> Any:
    return cloudwatch_backends[ACCOUNT][REGION]


def put(namespace: str, dimensions: Mapping[str, str], **values: float) -> None:
    """One datum a name, now."""
    named = [{"Name": name, "Value": value} for name, value in dimensions.items()]
    data = [{"MetricName": name, "Value": value, "Dimensions": named} for name, value in values.items()]
    backend().put_metric_data(namespace, data)


def queue_depths() -> None:
    """What SQS tells of each queue by itself."""
    for queue in list(sqs_backends[ACCOUNT][REGION].queues.values()):
        put(
            "AWS/SQS",
            {"QueueName": queue.name},
            ApproximateNumberOfMessagesVisible=queue.approximate_number_of_messages,
            ApproximateNumberOfMessagesNotVisible=queue.approximate_number_of_messages_not_visible,
            ApproximateAgeOfOldestMessage=max(
                (time.time() - message.sent_timestamp / 1000 for message in queue.messages), default=0
            ),
        )


class Printed:
    """Follows the functions' logs for metrics in embedded metric format."""

    def __init__(self, logs: Path) -> None:
        self._logs = logs
        self._read: dict[Path, int] = {}
        self._reading = threading.Lock()

    def look(self) -> None:
        """Puts what was printed since the last look; of a log that was there before the first look, all of it is new."""
        with self._reading:
            for path in sorted(self._logs.glob("*.log")):
                for line in self._new(path):
                    if '"_aws"' in line:
                        with suppress(ValueError):
                            put_embedded(json.loads(line[line.index("{") :]))

    def _new(self, path: Path) -> Iterator[str]:
        with path.open("rb") as file:
            file.seek(self._read.get(path, 0))
            whole, _, _ = file.read().rpartition(b"\n")  # the rest of a line that is being written comes with the next look
        if whole:
            self._read[path] = self._read.get(path, 0) + len(whole) + 1
            yield from whole.decode("utf-8", "replace").splitlines()


def put_embedded(document: Mapping[str, Any]) -> None:
    """Source: the CloudWatch embedded metric format's specification."""
    for directive in document["_aws"]["CloudWatchMetrics"]:
        for names in directive.get("Dimensions") or [[]]:
            dimensions = {name: str(document[name]) for name in names}
            for metric in directive["Metrics"]:
                values = document[metric["Name"]]
                for value in values if isinstance(values, list) else [values]:
                    put(directive["Namespace"], dimensions, **{metric["Name"]: value})
