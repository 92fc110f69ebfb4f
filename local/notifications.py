"""S3's events: made when an object is stored, sent to EventBridge when the request that stored it is answered."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable
from typing import Any
from uuid import uuid4

from moto.s3 import notifications as moto_notifications

from local.events import emit
from local.patches import wrap
from local.server import LocalCloud

REASONS = {
    "s3:ObjectCreated:Put": ("Object Created", "PutObject"),
    "s3:ObjectCreated:Post": ("Object Created", "POST Object"),
    "s3:ObjectCreated:Copy": ("Object Created", "CopyObject"),
    "s3:ObjectCreated:CompleteMultipartUpload": ("Object Created", "CompleteMultipartUpload"),
    "s3:ObjectRemoved:Delete": ("Object Deleted", "DeleteObject"),
    "s3:ObjectRemoved:DeleteMarkerCreated": ("Object Deleted", "DeleteObject"),
}
"""moto's event name to EventBridge's detail type and reason; other events are not sent."""

Held = dict[tuple[str, str], tuple[str, dict[str, Any]]]
"""By bucket ARN and key: moto's event name, and the detail to send."""


class ObjectEvents:
    """Holds a request's events back until the request is done: what must be durable is so before anybody hears of it."""

    def __init__(self, cloud: LocalCloud) -> None:
        self._cloud = cloud
        self._request = threading.local()
        self._sequence = itertools.count(time.time_ns())
        self.before_sending: Callable[[list[str]], None] | None = None

    def install(self) -> None:
        wrap(moto_notifications, "_send_event_bridge_message", lambda _: lambda _account, *change: self.hold(*change))
        self._cloud.dispatcher.before_answer.append(self.flush)

    def hold(self, bucket: Any, event_name: str, key: Any) -> None:
        """Keeps the event of one stored or deleted object for the end of this thread's request.

        moto tells of a completed multipart upload twice, first as a put: of one object the last event stands.
        """
        name = str(getattr(event_name, "value", event_name))
        if name in REASONS:
            self._held()[bucket.arn, key.name] = (name, detail(name, bucket.name, key, next(self._sequence)))

    def flush(self) -> None:
        """Sends what this thread holds."""
        held, self._request.held = self._held(), {}
        if held and self.before_sending:
            self.before_sending([key for _, key in held])
        for (bucket, _), (name, body) in held.items():
            emit("aws.s3", REASONS[name][0], body, [bucket])

    def _held(self) -> Held:
        if not hasattr(self._request, "held"):
            self._request.held = {}
        held: Held = self._request.held
        return held


def detail(event_name: str, bucket: str, key: Any, sequence: int) -> dict[str, Any]:
    """The `detail` of EventBridge's S3 events. `sequencer` rises with every event, as S3's does for the events of one key."""
    described: dict[str, Any] = {"key": key.name, "sequencer": f"{sequence:016X}"}
    if event_name.startswith("s3:ObjectCreated"):
        described |= {"size": key.size, "etag": key.etag.strip('"')}
    if key.version_id not in (None, "null"):
        described["version-id"] = key.version_id
    return {
        "version": "0",
        "bucket": {"name": bucket},
        "object": described,
        "request-id": uuid4().hex[:16].upper(),
        "requester": "123456789012",
        "source-ip-address": "127.0.0.1",
        "reason": REASONS[event_name][1],
    }
