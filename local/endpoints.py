"""SageMaker's endpoints: a model server per variant, blue/green updates, and what Describe says of them meanwhile."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from moto.sagemaker.exceptions import ValidationError
from moto.sagemaker.models import sagemaker_backends

from chartloop.errors import JobFailed, NotFound
from local.invocations import observed
from local.jobs import Surroundings
from local.journal import Journal
from local.modelserver import HEALTH_SECONDS, Answer, ModelServer
from local.rollout import Rollout, rollout
from local.server import ACCOUNT, REGION
from local.serverless import SleepingServer

TOLD_AS = {
    "Creating": "CREATING", "Updating": "UPDATING", "InService": "IN_SERVICE", "Failed": "FAILED", "Deleting": "DELETING",
}  # fmt: skip
"""Describe's statuses as EventBridge spells them."""


Servers = Mapping[str, ModelServer]
"""By variant."""


@dataclass
class Coming:
    """Servers that are taking over, and their share of the calls so far."""

    servers: Servers
    share: float = 0.0
    calls: int = 0

    def takes(self) -> bool:
        """Whether the next call is theirs: evenly, without chance."""
        self.calls += 1
        return int(self.calls * self.share) > int((self.calls - 1) * self.share)


class Endpoints:
    """Every endpoint's servers. moto's objects are what Describe answers; the journal keeps what a restart has to bring back.

    An update that fails, or in which an alarm rings, leaves the endpoint InService on the configuration before, with a
    FailureReason, as SageMaker does.
    """

    def __init__(self, around: Surroundings, journal: Journal) -> None:
        self._around = around
        self._journal = journal
        self._servers: dict[str, Servers] = {}
        self._coming: dict[str, Coming] = {}
        self._locks: dict[str, threading.RLock] = {}
        self._making = threading.Lock()

    def create(self, request: Mapping[str, Any]) -> str:
        """Starts to create an endpoint; returns its ARN. Raises ValidationError where it exists or its configuration does not."""
        name, config = request["EndpointName"], request["EndpointConfigName"]
        with self._locked(name):
            if (known := self._records().get(name)) is not None:
                raise ValidationError(message=f'Cannot create already existing endpoint "{known.arn}".')
            record = backend().create_endpoint(name, config, request.get("Tags") or [])
            self._begin(record, "Creating", config, request=dict(request), live=None)
            arn: str = record.arn
            return arn

    def update(self, request: Mapping[str, Any]) -> str:
        """Starts to put another configuration into service; the old one serves until the new one is healthy."""
        name, config = request["EndpointName"], request["EndpointConfigName"]
        with self._locked(name):
            record = self._settled(name, "InService")
            deployment = request.get("DeploymentConfig")
            planned(config, deployment)
            known = self._journal.get(("endpoint", name))
            live = record.endpoint_config_name
            self._begin(record, "Updating", config, request=known["request"], live=live, deployment=deployment)
            arn: str = record.arn
            return arn

    def delete(self, name: str) -> None:
        """Takes the endpoint away; invocations under way are still answered."""
        with self._locked(name):
            record = self._settled(name, "InService", "Failed")
            record.endpoint_status = "Deleting"
            self._journal.write({("endpoint", name): None})
            backend().delete_endpoint(name)
            servers = self._servers.pop(name, {})
        self._announce(record)
        threading.Thread(target=drain, args=(servers,), name=f"delete-{name}", daemon=True).start()

    def invoke(self, name: str, variant: str | None, body: bytes, headers: Mapping[str, str]) -> tuple[str, Answer]:
        """(variant, its answer). Raises NotFound where nothing is in service under that name, ModelError where it is silent."""
        with self._locked(name):
            coming = self._coming.get(name)
            servers = coming.servers if coming and coming.takes() else self._servers.get(name, {})
            server = servers.get(variant) if variant else next(iter(servers.values()), None)
            if server is None:
                raise NotFound(f"Endpoint {name} of account {ACCOUNT} not found.")
            server.reserve()
        return server.variant, observed(name, server, lambda: server.invoke(body, headers))

    def restore(self, name: str, kept: Mapping[str, Any]) -> None:
        """Brings an endpoint back as it was: what was live serves when this returns, what was on its way goes on."""
        live, pending = kept["live"], kept["pending"]
        record = backend().create_endpoint(name, live or kept["request"]["EndpointConfigName"], kept["request"].get("Tags") or [])
        record.endpoint_status, record.failure_reason = kept["status"], kept["failure"]
        if live is not None:
            record.endpoint_status = "Updating"
            self._deploy(record, live, {**kept, "live": None})
            record.failure_reason = record.failure_reason or kept["failure"]
        if pending is not None:
            status = "Updating" if live else "Creating"
            self._begin(record, status, pending, request=kept["request"], live=live, deployment=kept["deployment"])

    def _begin(
        self, record: Any, status: str, config: str, *, request: dict[str, Any], live: str | None, deployment: Any = None
    ) -> None:
        kept = {
            "request": request, "status": status, "live": live, "pending": config, "failure": None, "deployment": deployment,
        }  # fmt: skip
        self._journal.write({("endpoint", record.endpoint_name): kept})
        record.endpoint_status, record.failure_reason = status, None
        record.pending_deployment_summary = {"EndpointConfigName": config}
        self._announce(record)
        settled = {**kept, "pending": None}
        threading.Thread(target=self._deploy, args=(record, config, settled), name=f"deploy-{config}", daemon=True).start()

    def _deploy(self, record: Any, config: str, kept: dict[str, Any]) -> None:
        """Starts the servers of a configuration and swaps them in; where one fails, those before stay."""
        servers: dict[str, ModelServer] = {}
        failure: str | None = "InternalServerError: We encountered an internal error. Please try again."
        try:
            updating = kept["live"] is not None
            if updating and self._around.cloud.faults.take("rollback", "endpoint"):
                raise JobFailed("The update was rolled back: a fault on purpose")
            for variant in variants_of(config):
                servers[variant["VariantName"]] = self._start(record.endpoint_name, variant)
            if updating:
                self._shift(record.endpoint_name, servers, planned(config, kept["deployment"]))
            failure = None
        except JobFailed as error:
            failure = error.message
        finally:
            old = self._settle(record, config, kept, servers, failure)
            drain(old)

    def _shift(self, name: str, servers: Servers, plan: Rollout) -> None:
        """Gives the new servers more and more of the traffic. Raises JobFailed where an alarm rings."""
        faults = self._around.cloud.faults
        for server in servers.values():
            server.fault = next((kind for kind in ("errors", "latency") if faults.take(kind, "endpoint")), "")
        coming = Coming(servers)

        def shift(share: float) -> None:
            with self._locked(name):
                coming.share = share
                self._coming[name] = coming

        plan.run(shift, self._around.closing)

    def _start(self, endpoint: str, variant: Mapping[str, Any]) -> ModelServer:
        model = backend().describe_model(variant["ModelName"])
        made = SleepingServer if "ServerlessConfig" in variant else ModelServer
        server = made(self._around.cloud, variant["VariantName"])
        seconds = variant.get("ContainerStartupHealthCheckTimeoutInSeconds", HEALTH_SECONDS)
        log = self._around.cloud.logs / "endpoints" / f"{endpoint}.log"
        container = model.primary_container or model.containers[0]
        server.start(self._around.transfer, container, log, role=model.execution_role_arn, seconds=seconds)
        return server

    def _settle(self, record: Any, config: str, kept: dict[str, Any], servers: Servers, failure: str | None) -> Servers:
        """Writes the outcome down and shows it; returns the servers that are not needed any more."""
        name = record.endpoint_name
        with self._locked(name):
            if self._around.closing.is_set():
                return servers
            self._coming.pop(name, None)
            live = kept["live"] if failure else config
            status = "InService" if live else "Failed"
            self._journal.write({("endpoint", name): {**kept, "status": status, "live": live, "failure": failure}})
            unused = servers
            if failure is None:
                unused, self._servers[name] = self._servers.get(name, {}), servers
                record.endpoint_config_name = config
                record.production_variants = record._process_production_variants(variants_of(config))
            record.endpoint_status, record.failure_reason, record.pending_deployment_summary = status, failure, None
            record.last_modified_time = datetime.now(UTC)
        self._announce(record)
        return unused

    def _announce(self, record: Any) -> None:
        detail = {**record.response_object, "EndpointStatus": TOLD_AS[record.endpoint_status]}
        self._around.emit("aws.sagemaker", "SageMaker Endpoint State Change", detail, [record.arn])

    def _settled(self, name: str, *statuses: str) -> Any:
        """moto's endpoint, if it is in one of `statuses`; raises ValidationError as SageMaker does where it is not."""
        backend().describe_endpoint(name)
        record = self._records()[name]
        if record.endpoint_status not in statuses:
            raise ValidationError(message=f'Cannot update in-progress endpoint "{record.arn}".')
        return record

    def _records(self) -> dict[str, Any]:
        records: dict[str, Any] = backend().endpoints
        return records

    @contextmanager
    def _locked(self, name: str) -> Iterator[None]:
        with self._making:
            lock = self._locks.setdefault(name, threading.RLock())
        with lock:
            yield


def backend() -> Any:
    return sagemaker_backends[ACCOUNT][REGION]


def variants_of(config: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = backend().describe_endpoint_config(config)["ProductionVariants"]
    return found


def planned(config: str, deployment: Mapping[str, Any] | None) -> Rollout:
    """How the configuration's fleet is to take over. Raises ValidationError."""
    variant = variants_of(config)[0]
    if deployment and "ServerlessConfig" in variant:
        raise ValidationError(message="Deployment guardrails are not supported for serverless endpoints")
    return rollout(deployment, int(variant.get("InitialInstanceCount", 1)))


def drain(servers: Servers) -> None:
    for server in servers.values():
        server.drain()
