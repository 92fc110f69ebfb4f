"""The way in: an object below `incoming/` becomes a message, messages become calls of on_upload, failures stay visible."""

from __future__ import annotations

from aws_cdk import Duration
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_lambda_event_sources as sources
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from chartloop.keys import INCOMING
from infra.names import Names

TRIES = 5
BATCH = 10


class Intake(Construct):
    """Uploads queue with its dead letters, and the rule that fills it."""

    def __init__(self, scope: Construct, *, names: Names, bucket: s3.IBucket, key: kms.IKey, read_seconds: int) -> None:
        super().__init__(scope, "Intake")
        self.dead_letters = sqs.Queue(
            self,
            "DeadLetters",
            queue_name=f"{names.queue}-dead-letters",
            encryption_master_key=key,
            enforce_ssl=True,
            retention_period=Duration.days(14),
        )
        self.queue = sqs.Queue(
            self,
            "Queue",
            queue_name=names.queue,
            encryption_master_key=key,
            enforce_ssl=True,
            retention_period=Duration.days(14),
            visibility_timeout=Duration.seconds(6 * read_seconds),
            dead_letter_queue=sqs.DeadLetterQueue(queue=self.dead_letters, max_receive_count=TRIES),
        )
        self.rule = events.Rule(
            self,
            "Uploaded",
            rule_name=f"{names.name}-uploaded",
            description="An object arrived below incoming/",
            event_pattern=events.EventPattern(
                source=["aws.s3"],
                detail_type=["Object Created"],
                detail={"bucket": {"name": [bucket.bucket_name]}, "object": {"key": [{"prefix": INCOMING}]}},
            ),
            targets=[targets.SqsQueue(self.queue, dead_letter_queue=self.dead_letters)],
        )

    def feed(self, function: lambda_.Function, *, concurrency: int) -> None:
        """Has `function` called with the messages; those that it reports as failed come again alone."""
        function.add_event_source(
            sources.SqsEventSource(self.queue, batch_size=BATCH, max_concurrency=concurrency, report_batch_item_failures=True)
        )
