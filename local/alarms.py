"""CloudWatch alarms that really ring: each is evaluated every second, told to its topics and to EventBridge, and logged."""

from __future__ import annotations

import json
import logging
import math
import operator
import os
import threading
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from local.events import emit
from local.metrics import Printed, backend, queue_depths
from local.server import LocalCloud

FILE = "alarms.jsonl"
TICK_SECONDS = 1.0
MINUTE_VARIABLE = "CHARTLOOP_ALARM_MINUTE"
"""How many seconds a minute of an alarm's period lasts, 60 if unset: a test needs no minutes."""
KEPT_MINUTES = 180
"""How long metrics are kept; no alarm looks further back."""

OK, ALARM, UNKNOWN = "OK", "ALARM", "INSUFFICIENT_DATA"
COMPARISONS: dict[str, Callable[[float, float], bool]] = {
    "GreaterThanOrEqualToThreshold": operator.ge,
    "GreaterThanThreshold": operator.gt,
    "LessThanOrEqualToThreshold": operator.le,
    "LessThanThreshold": operator.lt,
}
STATISTICS: dict[str, Callable[[Sequence[float]], float]] = {
    "Sum": sum,
    "Average": lambda values: sum(values) / len(values),
    "Minimum": min,
    "Maximum": max,
    "SampleCount": len,
}

log = logging.getLogger(__name__)


class Alarms:
    """Looks at the metrics and evaluates every alarm once a tick. `minute` is the length of a minute in seconds."""

    def __init__(self, cloud: LocalCloud) -> None:
        self._cloud = cloud
        self._minute = float(os.environ.get(MINUTE_VARIABLE, "60"))
        self._printed = Printed(cloud.logs / "lambda")
        self._stopped = threading.Event()
        cloud.on_stop(self._stopped.set)

    def start(self) -> None:
        threading.Thread(target=self._run, name="alarms", daemon=True).start()

    def _run(self) -> None:
        while not self._stopped.wait(TICK_SECONDS):
            self.tick(datetime.now(UTC))

    def tick(self, now: datetime) -> None:
        queue_depths()
        self._printed.look()
        forget(now.timestamp() - KEPT_MINUTES * self._minute)
        for alarm in list(backend().alarms.values()):
            if alarm.metric_name:
                self._settle(alarm, now)

    def _settle(self, alarm: Any, now: datetime) -> None:
        points = datapoints(alarm, now.timestamp(), self._minute)
        state = judged(alarm, points)
        if state is not None and state != alarm.state_value:
            before, reason = alarm.state_value, because(alarm, points, state)
            alarm.update_state(reason, "{}", state)
            self._tell(alarm, before, now)

    def _tell(self, alarm: Any, before: str, now: datetime) -> None:
        """To the log, to EventBridge, and to the topics of the new state."""
        line = {
            "time": now.isoformat(),
            "alarm": alarm.name,
            "state": alarm.state_value,
            "before": before,
            "why": alarm.state_reason,
        }
        with (self._cloud.logs / FILE).open("a") as file:
            file.write(json.dumps(line) + "\n")
        state = {"value": alarm.state_value, "reason": alarm.state_reason}
        detail = {"alarmName": alarm.name, "state": state, "previousState": {"value": before}}
        emit("aws.cloudwatch", "CloudWatch Alarm State Change", detail, [alarm.alarm_arn])
        actions = {OK: alarm.ok_actions, ALARM: alarm.alarm_actions, UNKNOWN: alarm.insufficient_data_actions}
        for topic in actions[alarm.state_value] if alarm.actions_enabled else []:
            self._publish(topic, alarm, before)

    def _publish(self, topic: str, alarm: Any, before: str) -> None:
        message = {
            "AlarmName": alarm.name,
            "AlarmDescription": alarm.description,
            "AWSAccountId": self._cloud.account,
            "NewStateValue": alarm.state_value,
            "NewStateReason": alarm.state_reason,
            "OldStateValue": before,
            "AlarmArn": alarm.alarm_arn,
        }
        subject = f'{alarm.state_value}: "{alarm.name}"'[:100]
        try:
            self._cloud.client("sns").publish(TopicArn=topic, Subject=subject, Message=json.dumps(message))
        except ClientError as error:  # an alarm that cannot be told must not silence the others
            log.error("%s could not be told: %s", alarm.name, error.response["Error"]["Code"])


def forget(before: float) -> None:
    """Drops the oldest metrics; they are kept in the order in which they came."""
    data = backend().metric_data
    old = next((number for number, datum in enumerate(list(data)) if moment(datum) >= before), len(data))
    del data[:old]


def moment(datum: Any) -> float:
    stamp: datetime = datum.timestamp
    return (stamp if stamp.tzinfo else stamp.replace(tzinfo=UTC)).timestamp()


def datapoints(alarm: Any, now: float, minute: float) -> list[float | None]:
    """The statistic of each period that the alarm looks at, the newest first; None where there is no data."""
    length = int(alarm.period) / 60 * minute
    wanted = {(dimension.name, dimension.value) for dimension in alarm.dimensions}
    ages: list[list[float]] = [[] for _ in range(int(alarm.evaluation_periods))]
    for datum in list(backend().metric_data):
        if (datum.namespace, datum.name) == (alarm.namespace, alarm.metric_name):
            number = int((now - moment(datum)) // length)
            if 0 <= number < len(ages) and {(found.name, found.value) for found in datum.dimensions} == wanted:
                ages[number].append(float(datum.value))
    return [statistic(alarm, values) if values else None for values in ages]


def statistic(alarm: Any, values: Sequence[float]) -> float:
    """The alarm's statistic; of a percentile (`p99`) the value by nearest rank."""
    if alarm.statistic:
        return STATISTICS[alarm.statistic](values)
    share = float(alarm.extended_statistic.removeprefix("p")) / 100
    return sorted(values)[max(math.ceil(share * len(values)), 1) - 1]


def judged(alarm: Any, points: Sequence[float | None]) -> str | None:
    """The state that M breaching datapoints of N mean; None where it stays as it is."""
    missing = alarm.treat_missing_data or "missing"
    if all(point is None for point in points) and missing in ("missing", "ignore"):
        return UNKNOWN if missing == "missing" else None
    breaches = COMPARISONS[alarm.comparison_operator]
    breaching = [missing == "breaching" if point is None else breaches(point, float(alarm.threshold)) for point in points]
    return ALARM if sum(breaching) >= int(alarm.datapoints_to_alarm or alarm.evaluation_periods) else OK


def because(alarm: Any, points: Sequence[float | None], state: str) -> str:
    if state == UNKNOWN:
        return f"No data of {alarm.metric_name} in {len(points)} periods"
    seen = ", ".join("no data" if point is None else f"{point:g}" for point in points)
    crossed = "Threshold Crossed" if state == ALARM else "Threshold no longer crossed"
    return f"{crossed}: {alarm.metric_name} was [{seen}], {alarm.comparison_operator} {float(alarm.threshold):g}"


def logged(logs: Path) -> list[dict[str, Any]]:
    """Every change of an alarm's state, the oldest first."""
    file = logs / FILE
    return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []
