"""Log groups: encrypted under the data key, and kept for as long as the environment asks."""

from __future__ import annotations

from aws_cdk import RemovalPolicy
from aws_cdk import aws_kms as kms
from aws_cdk import aws_logs as logs
from constructs import Construct


class Log(logs.LogGroup):
    """A log group `name`, kept for three months, in prod for a year; `audit`: a year, in prod six (45 CFR 164.316(b)(2)(i))."""

    def __init__(self, scope: Construct, construct_id: str, *, name: str, key: kms.IKey, prod: bool, audit: bool = False) -> None:
        days = logs.RetentionDays
        kept = (days.SIX_YEARS if prod else days.ONE_YEAR) if audit else (days.ONE_YEAR if prod else days.THREE_MONTHS)
        super().__init__(
            scope,
            construct_id,
            log_group_name=name,
            retention=kept,
            encryption_key=key,
            removal_policy=RemovalPolicy.RETAIN if audit and prod else RemovalPolicy.DESTROY,
        )
