"""CloudFront's log of who asked: without paths, queries and referrers, into a log group under the data key."""

from __future__ import annotations

from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_logs as logs
from constructs import Construct

from infra.logs import Log
from infra.names import Names

EDGE_LOGS = "us-east-1"
"""CloudFront's logs are delivered from this region alone; elsewhere it is the log of the API that tells who asked."""
FIELDS = [
    *("date", "time", "c-ip", "cs-method", "cs(Host)", "cs(User-Agent)", "cs-protocol", "ssl-protocol", "ssl-cipher"),
    *("sc-status", "sc-bytes", "time-taken", "x-edge-location", "x-edge-result-type", "x-edge-request-id"),
]
"""A path may hold an id that a caller made up, which may be anything; x-edge-request-id is in the answer's header too."""


class EdgeLog(Construct):
    """Delivers the log of a distribution, by its ARN."""

    def __init__(self, scope: Construct, *, names: Names, key: kms.IKey, prod: bool, distribution: str) -> None:
        super().__init__(scope, "EdgeLog")
        group = f"/aws/vendedlogs/cloudfront/{names.name}"
        log = Log(self, "Log", name=group, key=key, prod=prod, audit=True)
        statement = iam.PolicyStatement(
            actions=["logs:CreateLogStream", "logs:PutLogEvents"],
            resources=[names.arn("logs", f"log-group:{group}:log-stream:*")],
            principals=[iam.ServicePrincipal("delivery.logs.amazonaws.com")],
            conditions={
                "StringEquals": {"aws:SourceAccount": names.account},
                "ArnLike": {"aws:SourceArn": names.arn("logs", "*")},
            },
        )
        let_in = logs.ResourcePolicy(self, "LetIn", resource_policy_name=f"{names.name}-edge", policy_statements=[statement])
        source = logs.CfnDeliverySource(
            self, "Source", name=f"{names.name}-edge", log_type="ACCESS_LOGS", resource_arn=distribution
        )
        destination = logs.CfnDeliveryDestination(
            self,
            "Destination",
            name=f"{names.name}-edge",
            destination_resource_arn=names.arn("logs", f"log-group:{group}"),  # not the log group's own ARN, which ends in `:*`
            output_format="json",
        )
        destination.node.add_dependency(log, let_in)
        delivery = logs.CfnDelivery(
            self,
            "Delivery",
            delivery_source_name=source.name,
            delivery_destination_arn=destination.attr_arn,
            record_fields=FIELDS,
        )
        delivery.node.add_dependency(source)
