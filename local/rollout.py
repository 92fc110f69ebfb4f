"""How a new fleet takes an endpoint's traffic: at once or by a canary, watched by alarms, as DeploymentConfig says."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from moto.sagemaker.exceptions import ValidationError

from chartloop.errors import JobFailed
from local.alarms import ALARM, MINUTE_VARIABLE
from local.metrics import backend

LOOK_SECONDS = 0.1


@dataclass(frozen=True)
class Rollout:
    """`stages` are (share of the traffic, seconds in which the alarms are watched); the last share is the whole."""

    stages: tuple[tuple[float, float], ...] = ((1.0, 0.0),)
    alarms: tuple[str, ...] = ()

    def run(self, shift: Callable[[float], None], closing: threading.Event) -> None:
        """Shifts stage by stage. Raises JobFailed as soon as an alarm rings: then the traffic is to go back."""
        for share, seconds in self.stages:
            shift(share)
            end = time.monotonic() + seconds
            self._look()
            while time.monotonic() < end and not closing.wait(LOOK_SECONDS):
                self._look()

    def _look(self) -> None:
        ringing = [name for name in self.alarms if backend().alarms[name].state_value == ALARM]
        if ringing:
            raise JobFailed(f"The deployment was rolled back because of alarms in ALARM state: {', '.join(ringing)}")


def rollout(deployment: Mapping[str, Any] | None, instances: int) -> Rollout:
    """What `deployment` asks for. Raises ValidationError for what SageMaker refuses, and for what is not modelled here."""
    if not deployment:
        return Rollout()
    routing = deployment.get("BlueGreenUpdatePolicy", {}).get("TrafficRoutingConfiguration", {"Type": ""})
    alarms = tuple(alarm["AlarmName"] for alarm in deployment.get("AutoRollbackConfiguration", {}).get("Alarms", ()))
    missing = [name for name in alarms if name not in backend().alarms]
    if missing:
        raise ValidationError(message=f"There is no alarm {', '.join(missing)}")
    seconds = routing.get("WaitIntervalInSeconds", 0) * float(os.environ.get(MINUTE_VARIABLE, "60")) / 60
    if routing["Type"] == "ALL_AT_ONCE":
        return Rollout(((1.0, seconds),), alarms)
    if routing["Type"] == "CANARY":
        return Rollout(((_share(routing["CanarySize"], instances), seconds), (1.0, seconds)), alarms)
    raise ValidationError(message=f"traffic routing {routing['Type']!r} is not modelled by the local cloud")


def _share(size: Mapping[str, Any], instances: int) -> float:
    share = float(size["Value"]) / (100 if size["Type"] == "CAPACITY_PERCENT" else instances)
    if share > 1 / 2:
        raise ValidationError(message="The canary must be at most half of the fleet")
    return share
