"""EventBridge schedules: runs the rules that have a rate."""

from __future__ import annotations

import logging
import re
import threading
import time
from typing import Any
from uuid import uuid4

from moto.events.models import events_backends

from local.events import Bus, target_input
from local.functions import Functions, error_type
from local.server import LocalCloud

RATE = re.compile(r"rate\((\d+) (minute|hour|day)s?\)")
SECONDS = {"minute": 60, "hour": 3600, "day": 86400}
TICK_SECONDS = 1.0

log = logging.getLogger(__name__)


class Scheduler:
    """Fires each enabled `rate(...)` rule once per period, the first time one period after it was first seen."""

    def __init__(self, cloud: LocalCloud, bus: Bus, functions: Functions) -> None:
        self._cloud = cloud
        self._functions = functions
        self._bus = bus
        self._due: dict[str, float] = {}
        self._stopped = threading.Event()
        cloud.on_stop(self._stopped.set)

    def start(self) -> None:
        threading.Thread(target=self._run, name="schedules", daemon=True).start()

    def fire(self, rule: Any) -> None:
        """Sends the rule's targets the event that EventBridge sends for a schedule."""
        self._bus.send(rule, scheduled_event(rule.arn, self._cloud.account, self._cloud.region))

    def catch_up(self) -> None:
        """Runs every schedule once and waits for it: what was due while the cloud was down is done before it is opened."""
        for rule in self.rules():
            event = scheduled_event(rule.arn, self._cloud.account, self._cloud.region)
            for target in rule.targets:
                answer = self._functions.invoke(target["Arn"], target_input(target, event))
                if answer.error:
                    log.error("the schedule %s failed with %s", rule.name, error_type(answer))

    def tick(self, now: float) -> None:
        """Fires what is due at `now` (monotonic seconds)."""
        for rule in self.rules():
            period = seconds(rule.scheduled_expression)
            due = self._due.setdefault(rule.arn, now + period)
            if now >= due:
                self._due[rule.arn] = now + period
                self.fire(rule)

    def rules(self) -> list[Any]:
        """The enabled rules with a schedule."""
        buses = events_backends[self._cloud.account][self._cloud.region].event_buses.values()
        rules = [rule for bus in list(buses) for rule in list(bus.rules.values())]
        return [rule for rule in rules if rule.scheduled_expression and rule.state == "ENABLED"]

    def _run(self) -> None:
        while not self._stopped.wait(TICK_SECONDS):
            self.tick(time.monotonic())


def seconds(expression: str) -> int:
    """The period of a `rate(...)` expression."""
    match = RATE.fullmatch(expression)
    if match is None:
        raise NotImplementedError("only rate(...) schedules run in the local cloud")
    return int(match[1]) * SECONDS[match[2]]


def scheduled_event(rule_arn: str, account: str, region: str) -> dict[str, Any]:
    return {
        "version": "0",
        "id": str(uuid4()),
        "detail-type": "Scheduled Event",
        "source": "aws.events",
        "account": account,
        "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "region": region,
        "resources": [rule_arn],
        "detail": {},
    }
