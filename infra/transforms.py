"""Batch transforms: where their files are, and who hears of their end."""

from __future__ import annotations

from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from chartloop.tasks import TASKS
from infra.names import Names

INPUTS, OUTPUTS = "transforms/*/input.jsonl", "transforms/*/output/*"
"""In the data bucket; chartloop/transforms.py names them one by one."""


def tell_of_ends(scope: Construct, function: lambda_.Function, *, names: Names, missed: sqs.IQueue) -> None:
    """Jobs are told apart by name, which begins with the task; those of another deployment the ledger does not know."""
    events.Rule(
        scope,
        "TransformEnded",
        rule_name=f"{names.name}-transform-ended",
        description="A batch transform job completed, failed or was stopped",
        event_pattern=events.EventPattern(
            source=["aws.sagemaker"],
            detail_type=["SageMaker Transform Job State Change"],
            detail={
                "TransformJobName": [{"prefix": f"{task}-"} for task in TASKS],
                "TransformJobStatus": ["Completed", "Failed", "Stopped"],
            },
        ),
        targets=[targets.LambdaFunction(function, dead_letter_queue=missed)],
    )
