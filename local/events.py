"""EventBridge: what moto leaves out, which is delivery to targets, inputs, and events in the form that AWS sends."""

from __future__ import annotations

import copy
import json
import logging
import re
import threading
import time
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from moto.events.models import Rule, events_backends

from local.functions import Functions
from local.patches import wrap
from local.server import ACCOUNT, REGION, LocalCloud

PLACEHOLDER = re.compile(r"<([\w.\-]+)>")

SPOILED = ("aws.s3", "aws.sagemaker", "aws.states")
"""Whose events the faults concern; a schedule comes by itself again."""

DELAY_SECONDS = 20.0
"""Longer than a run waits for anything."""

log = logging.getLogger(__name__)


def emit(source: str, detail_type: str, detail: dict[str, Any], resources: Iterable[str] = ()) -> None:
    """Puts an event on the default bus; it is delivered in the background. `detail` is JSON or holds datetimes."""
    document = json.dumps(detail, default=milliseconds)
    entry = {"Source": source, "DetailType": detail_type, "Detail": document, "Resources": list(resources)}
    events_backends[ACCOUNT][REGION].put_events([entry])


def milliseconds(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)


class Bus:
    """Delivers events to the targets of the rules that match them."""

    def __init__(self, cloud: LocalCloud, functions: Functions) -> None:
        self._cloud = cloud
        self._functions = functions
        self._late: list[tuple[Any, dict[str, Any]]] = []
        self._holding = threading.Lock()

    def install(self) -> None:
        # moto's second argument says whether to transform; here S3's events are transformed like all others
        wrap(Rule, "send_to_targets", lambda _: lambda rule, event, *_, **__: self.match(rule, event))

    def match(self, rule: Any, event: dict[str, Any]) -> None:
        """Delivers `event` where the rule is enabled, has a pattern and matches. A schedule has no pattern."""
        event = as_sent(event)
        if rule.state != "ENABLED" or not rule.event_pattern.get_pattern() or not rule.event_pattern.matches_event(event):
            return
        self.send(rule, event)

    def send(self, rule: Any, event: dict[str, Any]) -> None:
        """Starts a delivery to each of the rule's targets."""
        if event.get("source") in SPOILED and self._spoiled(rule, event):
            return
        self._spread(rule, event)

    def _spoiled(self, rule: Any, event: dict[str, Any]) -> bool:
        """Events on their way may be lost, doubled, late, or behind the next one; True where this one does not go now."""
        take = self._cloud.faults.take
        with self._holding:
            late, self._late = self._late, []
        if take("drop", "events"):
            return True
        if take("reorder", "events"):
            with self._holding:
                self._late.append((rule, event))
            return True
        if take("delay", "events"):
            threading.Timer(DELAY_SECONDS, self._spread, args=(rule, event)).start()
            return True
        for _ in range(1 + take("duplicate", "events")):
            self._spread(rule, event)
        for held in late:
            self._spread(*held)
        return True

    def _spread(self, rule: Any, event: dict[str, Any]) -> None:
        for target in list(rule.targets):
            document = target_input(target, event)
            threading.Thread(target=self._deliver, args=(target["Arn"], document), name=f"rule-{rule.name}", daemon=True).start()

    def _deliver(self, arn: str, document: Any) -> None:
        service, name = arn.split(":")[2], arn.rsplit(":", 1)[-1]
        if service == "lambda":
            self._functions.invoke_later(arn, document)
        elif service == "states":
            machines = self._cloud.client("stepfunctions")
            machines.start_execution(stateMachineArn=arn, name=str(uuid4()), input=json.dumps(document))
        elif service == "sqs":
            queues = self._cloud.client("sqs")
            queues.send_message(QueueUrl=queues.get_queue_url(QueueName=name)["QueueUrl"], MessageBody=json.dumps(document))
        elif service == "sns":
            self._cloud.client("sns").publish(TopicArn=arn, Message=json.dumps(document))
        else:
            log.error("no delivery to %s targets in the local cloud", service)


def as_sent(event: dict[str, Any]) -> dict[str, Any]:
    """The event as targets see it: RFC 3339 time in seconds, an id of its own, nothing of moto's."""
    event = copy.deepcopy(event)
    event.pop("ingestion-time", None)
    if not isinstance(event.get("time"), str):
        event["time"] = datetime.fromtimestamp(float(event.get("time") or time.time()), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return event


def target_input(target: dict[str, Any], event: dict[str, Any]) -> Any:
    """What the target gets: the event, a part of it, a constant, or a filled template."""
    if "Input" in target:
        return json.loads(target["Input"])
    if "InputPath" in target:
        return select(target["InputPath"], event)
    if "InputTransformer" in target:
        return fill(target["InputTransformer"], event)
    return event


def select(path: str, event: dict[str, Any]) -> Any:
    """The value at a path of names (`$.detail.bucket.name`), or None where there is none."""
    value: Any = event
    for name in path.removeprefix("$").split(".")[1:]:
        value = value.get(name) if isinstance(value, dict) else None
    return value


def fill(transformer: dict[str, Any], event: dict[str, Any]) -> Any:
    """An input template with its placeholders filled: bare ones as JSON values, those inside a JSON string as text."""
    values = {name: select(path, event) for name, path in transformer.get("InputPathsMap", {}).items()}
    values |= {"aws.events.event": event, "aws.events.event.json": event, "aws.events.event.ingestion-time": event["time"]}
    template = transformer["InputTemplate"]

    def replacement(match: re.Match[str]) -> str:
        if match[1] not in values:
            return match[0]
        text = json.dumps(values[match[1]])
        quoted = template[: match.start()].replace('\\"', "").count('"') % 2 == 1
        if not quoted:
            return text
        return text[1:-1] if isinstance(values[match[1]], str) else json.dumps(text)[1:-1]

    return json.loads(PLACEHOLDER.sub(replacement, template))
