"""A Lambda function of ours: the same code and layer for all, a role, a log group and the settings of its own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from aws_cdk import Duration
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from chartloop.settings import Settings
from infra import code
from infra.grants import allow
from infra.logs import Log
from infra.names import Names

INTERFACES = (
    "AssignPrivateIpAddresses",
    "CreateNetworkInterface",
    "DeleteNetworkInterface",
    "DescribeNetworkInterfaces",
    "DescribeSubnets",
    "UnassignPrivateIpAddresses",
)


class Functions(Construct):
    """Makes a stack's functions. Each is named `{name}-{function}` and runs `lambdas/{function}.py`."""

    def __init__(self, scope: Construct, *, names: Names, key: kms.IKey, settings: Settings, bundle: bool, prod: bool) -> None:
        super().__init__(scope, "Functions")
        self._prod = prod
        self._names = names
        self._key = key
        self._settings = settings
        self._code = code.function_code()
        self._layer = code.layer(self, bundle=bundle)

    def add(
        self,
        name: str,
        *,
        seconds: int,
        memory: int = 512,
        handler: str = "",
        settings: dict[str, str] | None = None,
        layers: Sequence[lambda_.ILayerVersion] = (),
        **options: Any,
    ) -> lambda_.Function:
        """`handler` defaults to `{name}.handler`; `settings` replaces those of this function alone; `layers` come on top."""
        physical = self._names.function(name)
        construct_id = "".join(part.title() for part in name.split("_"))
        log = Log(self, f"{construct_id}Log", name=f"/aws/lambda/{physical}", key=self._key, prod=self._prod)
        return lambda_.Function(
            self,
            construct_id,
            function_name=physical,
            role=self._role(construct_id, log, in_network="vpc" in options),
            runtime=lambda_.Runtime.PYTHON_3_14,
            architecture=lambda_.Architecture.X86_64,
            code=self._code,
            layers=[self._layer, *layers],
            handler=f"lambdas.{handler or f'{name}.handler'}",
            timeout=Duration.seconds(seconds),
            memory_size=memory,
            environment=self._settings.model_copy(update=settings or {}).environment(),
            environment_encryption=self._key,
            log_group=log,
            **options,
        )

    def _role(self, construct_id: str, log: Log, *, in_network: bool) -> iam.Role:
        """Its own log streams and, in the network, an interface there; all else is granted where it is needed."""
        role = iam.Role(self, f"{construct_id}Role", assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"))
        allow(role, "logs:CreateLogStream", "logs:PutLogEvents", on=[log.log_group_arn])
        if in_network:
            # Lambda makes the interface before it knows the name; AWS's own policy for this is no narrower.
            allow(role, *(f"ec2:{action}" for action in INTERFACES), on=["*"])
        return role
