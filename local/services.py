"""Puts the local cloud together: every hook, in one place, before the server starts."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from typing import TYPE_CHECKING

from werkzeug.wrappers import Response

from chartloop.errors import Unavailable
from local import cloudformation, faults, kills, machines
from local.alarms import Alarms
from local.calls import CallLog
from local.events import Bus
from local.functions import Functions
from local.gateway import Gateway
from local.issuer import PREFIX, Issuer
from local.notifications import ObjectEvents
from local.page import Page
from local.queues import Mappings
from local.refusals import Refusals
from local.schedules import Scheduler
from local.server import LocalCloud

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment


API = "/v1/"


def starting(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    error = Unavailable("the local cloud is starting", code="waking").to_json()
    return Response(json.dumps(error), status=Unavailable.status, content_type="application/json")(environ, start_response)


class Services:
    """What the local cloud adds to moto. One per process: the hooks are in moto's classes."""

    def __init__(self, cloud: LocalCloud) -> None:
        self.functions = Functions(cloud)
        self.bus = Bus(cloud, self.functions)
        self.mappings = Mappings(cloud, self.functions)
        self.object_events = ObjectEvents(cloud)
        self.alarms = Alarms(cloud)
        self.scheduler = Scheduler(cloud, self.bus, self.functions)
        self.issuer = issuer_of(cloud)
        cloud.dispatcher.mounts[PREFIX] = self.issuer
        self._mounts, self._gateway = cloud.dispatcher.mounts, Gateway(cloud, self.functions)
        self._mounts[API] = starting
        self._install(cloud)

    def open(self) -> None:
        """Lets clients in: before, the API says that it is starting, so that nobody writes to what is not read back yet."""
        self._mounts[API] = self._gateway

    def _install(self, cloud: LocalCloud) -> None:
        cloud.faults.begin(os.environ.get(faults.VARIABLE, ""))
        cloud.dispatcher.before_asking += [Page(cloud, self.issuer).hear, CallLog(cloud).hear, Refusals(cloud.faults).hear]
        cloudformation.install(cloud)
        machines.install()
        for service in (self.functions, self.bus, self.mappings, self.object_events):
            service.install()
        if boundary := os.environ.get(kills.VARIABLE):
            kills.Kill(boundary, cloud.state).install(self.object_events)


def issuer_of(cloud: LocalCloud) -> Issuer:
    """The issuer of a cloud; its key lies in the state folder."""
    return Issuer(f"{cloud.endpoint_url}{PREFIX.rstrip('/')}", cloud.state / "issuer")
