"""Physical names, spelled once: a deployment under the same name into an empty account has the same ARNs."""

from __future__ import annotations

from dataclasses import dataclass

from aws_cdk.region_info import RegionInfo

from infra.context import Context

ROLLBACK = ("4xx", "5xx", "model-errors", "latency")
"""What of an endpoint its rollback alarms watch."""


@dataclass(frozen=True)
class Names:
    """Names are fixed where a policy or a setting must know a resource before it is made."""

    name: str
    account: str
    region: str
    partition: str

    @classmethod
    def of(cls, context: Context) -> Names:
        return cls(context.name, context.account, context.region, RegionInfo.get(context.region).partition or "aws")

    @property
    def bucket(self) -> str:
        return f"{self.name}-data-{self.account}-{self.region}"

    @property
    def access_logs(self) -> str:
        return f"{self.name}-logs-{self.account}-{self.region}"

    @property
    def page(self) -> str:
        """The bucket of the page's files."""
        return f"{self.name}-page-{self.account}-{self.region}"

    @property
    def vectors(self) -> str:
        """The vector bucket, with library=s3vectors."""
        return f"{self.name}-vectors-{self.account}-{self.region}"

    @property
    def ledger(self) -> str:
        return f"{self.name}-ledger"

    @property
    def queue(self) -> str:
        return f"{self.name}-uploads"

    @property
    def machine(self) -> str:
        return f"{self.name}-retrain"

    @property
    def notebook(self) -> str:
        return f"{self.name}-training"

    @property
    def endpoint_role(self) -> str:
        return f"{self.name}-endpoint"

    def endpoint(self, task: str) -> str:
        return f"{self.name}-{task}"

    def rehearsal(self, task: str) -> str:
        """The second endpoint, where a candidate answers before it is in service."""
        return f"{self.endpoint(task)}-next"

    def rollback_alarm(self, task: str, what: str) -> str:
        return f"{self.endpoint(task)}-endpoint-{what}"

    @property
    def topic(self) -> str:
        """Of all that people are told."""
        return f"{self.name}-alarms"

    @property
    def missed(self) -> str:
        """The queue of calls by the clock or by an event that never got through."""
        return f"{self.name}-missed"

    def alarm(self, name: str) -> str:
        return f"{self.name}-{name}"

    def stack(self, part: str) -> str:
        return f"{self.name}-{part}"

    def function(self, name: str) -> str:
        return f"{self.name}-{name.replace('_', '-')}"

    def arn(self, service: str, resource: str) -> str:
        """An ARN of this account and region; `resource` as the service spells it, from the kind on."""
        return f"arn:{self.partition}:{service}:{self.region}:{self.account}:{resource}"

    @property
    def machine_arn(self) -> str:
        return self.arn("states", f"stateMachine:{self.machine}")

    @property
    def endpoint_role_arn(self) -> str:
        return f"arn:{self.partition}:iam::{self.account}:role/{self.endpoint_role}"
