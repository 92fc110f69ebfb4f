"""Puts the local cloud together: every hook, in one place, before the server starts."""

from __future__ import annotations

import os

from local import cloudformation, faults, machines
from local.events import Bus
from local.functions import Functions
from local.gateway import Gateway
from local.issuer import PREFIX, Issuer
from local.notifications import ObjectEvents
from local.queues import Mappings
from local.schedules import Scheduler
from local.server import LocalCloud


class Services:
    """What the local cloud adds to moto. One per process: the hooks are in moto's classes."""

    def __init__(self, cloud: LocalCloud) -> None:
        self.functions = Functions(cloud)
        self.bus = Bus(cloud, self.functions)
        self.mappings = Mappings(cloud, self.functions)
        self.object_events = ObjectEvents(cloud)
        self.scheduler = Scheduler(cloud, self.bus, self.functions)
        self.issuer = Issuer(f"{cloud.endpoint_url}{PREFIX.rstrip('/')}", cloud.state / "issuer")
        cloud.dispatcher.mounts[PREFIX] = self.issuer
        cloud.dispatcher.mounts["/v1/"] = Gateway(cloud, self.functions)
        self._install(cloud)

    def _install(self, cloud: LocalCloud) -> None:
        cloudformation.install(cloud)
        machines.install()
        for service in (self.functions, self.bus, self.mappings, self.object_events):
            service.install()
        if boundary := os.environ.get(faults.VARIABLE):
            faults.Kill(boundary, cloud.state).install(self.object_events)
