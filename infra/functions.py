"""A Lambda function of ours: the same code and layer for all, a role, a log group and the settings of its own."""

from __future__ import annotations

from typing import Any

from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from constructs import Construct

from chartloop.settings import Settings
from infra import code
from infra.names import Names


class Functions(Construct):
    """Makes a stack's functions. Each is named `{name}-{function}` and runs `lambdas/{function}.py`."""

    def __init__(self, scope: Construct, *, names: Names, key: kms.IKey, settings: Settings, bundle: bool) -> None:
        super().__init__(scope, "Functions")
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
        **options: Any,
    ) -> lambda_.Function:
        """`handler` defaults to `{name}.handler`; `settings` replaces those that are this function's own."""
        physical = self._names.function(name)
        return lambda_.Function(
            self,
            "".join(part.title() for part in name.split("_")),
            function_name=physical,
            runtime=lambda_.Runtime.PYTHON_3_13,
            architecture=lambda_.Architecture.X86_64,
            code=self._code,
            layers=[self._layer],
            handler=f"lambdas.{handler or f'{name}.handler'}",
            timeout=Duration.seconds(seconds),
            memory_size=memory,
            environment=self._settings.model_copy(update=settings or {}).environment(),
            log_group=self._log_group(name, physical),
            **options,
        )

    def _log_group(self, name: str, physical: str) -> logs.LogGroup:
        return logs.LogGroup(
            self,
            "".join(part.title() for part in name.split("_")) + "Log",
            log_group_name=f"/aws/lambda/{physical}",
            retention=logs.RetentionDays.THREE_MONTHS,
            encryption_key=self._key,
            removal_policy=RemovalPolicy.DESTROY,
        )
