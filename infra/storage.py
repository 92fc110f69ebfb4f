"""What must survive: the key, the data bucket and the ledger. All are retained when their stack goes."""

from __future__ import annotations

from typing import Any

from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from constructs import Construct

from chartloop import keys, transforms
from chartloop.predictions import KEPT_DAYS
from infra.names import Names

OLD_VERSIONS_DAYS = 90
EXPIRING = {keys.PREDICTIONS: KEPT_DAYS, keys.TRANSFORMS: transforms.KEPT_DAYS, keys.FLIPS: KEPT_DAYS}
"""Days by prefix, of what holds text and is no record: it goes by itself, its old versions a day later."""
ACCESS_LOG_DAYS = 365
PAGE_LOGS = "page/"
"""Where among the access logs those of the page's bucket are."""


def private_bucket(scope: Construct, name: str, *, encryption_key: kms.IKey | None, **more: Any) -> s3.Bucket:
    """Versioned, for nobody but by TLS, and kept when its stack goes; without a key it is encrypted under S3's own."""
    return s3.Bucket(
        scope,
        name,
        versioned=True,
        encryption=s3.BucketEncryption.KMS if encryption_key else s3.BucketEncryption.S3_MANAGED,
        encryption_key=encryption_key,
        bucket_key_enabled=True if encryption_key else None,
        enforce_ssl=True,
        minimum_tls_version=1.2,
        block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
        removal_policy=RemovalPolicy.RETAIN,
        **more,
    )


class DataKey(Construct):
    """The one key of everything that may hold clinical text or tell of it."""

    def __init__(self, scope: Construct, *, names: Names) -> None:
        super().__init__(scope, "DataKey")
        self.key = kms.Key(
            self,
            "Key",
            alias=f"alias/{names.name}",
            description="Encrypts everything that may hold clinical text or tell of it",
            enable_key_rotation=True,
            removal_policy=RemovalPolicy.RETAIN,
        )
        # Alarms and the budget write into their encrypted topic; what EventBridge may write into is said by its rules' targets.
        self.key.add_to_resource_policy(
            iam.PolicyStatement(
                actions=["kms:Decrypt", "kms:GenerateDataKey*"],
                resources=["*"],
                principals=[iam.ServicePrincipal(f"{service}.amazonaws.com") for service in ("cloudwatch", "budgets")],
                conditions={"StringEquals": {"aws:SourceAccount": names.account}},
            )
        )
        # CloudWatch Logs encrypts this deployment's log groups; it names the group, not the account, in its context.
        self.key.add_to_resource_policy(
            iam.PolicyStatement(
                actions=["kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:DescribeKey"],
                resources=["*"],
                principals=[iam.ServicePrincipal(f"logs.{names.region}.amazonaws.com")],
                conditions={"ArnLike": {"kms:EncryptionContext:aws:logs:arn": names.arn("logs", f"log-group:*{names.name}*")}},
            )
        )


class DataBucket(Construct):
    """The data bucket, versioned and encrypted; it tells EventBridge of every object."""

    def __init__(self, scope: Construct, *, names: Names, key: kms.IKey, page: str) -> None:
        """`page`: the origin of the page, which puts large files here by presigned addresses."""
        super().__init__(scope, "DataBucket")
        self.bucket = private_bucket(
            self,
            "Bucket",
            bucket_name=names.bucket,
            encryption_key=key,
            server_access_logs_bucket=self._access_logs(names),
            cors=[s3.CorsRule(allowed_methods=[s3.HttpMethods.PUT], allowed_origins=[page], allowed_headers=["*"], max_age=3600)],
            lifecycle_rules=[
                s3.LifecycleRule(
                    noncurrent_version_expiration=Duration.days(OLD_VERSIONS_DAYS),
                    abort_incomplete_multipart_upload_after=Duration.days(1),
                ),
                *(
                    s3.LifecycleRule(
                        prefix=prefix, expiration=Duration.days(days), noncurrent_version_expiration=Duration.days(1)
                    )
                    for prefix, days in EXPIRING.items()
                ),
            ],
        )
        # By the property itself: `event_bridge_enabled` would deploy a function of the CDK's own to set it.
        resource = self.bucket.node.default_child
        assert isinstance(resource, s3.CfnBucket)  # noqa: S101 (tells the type checker what an L2 bucket is made of)
        resource.add_property_override("NotificationConfiguration.EventBridgeConfiguration.EventBridgeEnabled", True)

    def _access_logs(self, names: Names) -> s3.Bucket:
        """Where S3 writes who read what of the data's bucket, and of the page's."""
        access_logs = private_bucket(
            self,
            "AccessLogs",
            bucket_name=names.access_logs,
            encryption_key=None,  # server access logs cannot be written under a key of one's own
            lifecycle_rules=[
                s3.LifecycleRule(
                    expiration=Duration.days(ACCESS_LOG_DAYS), noncurrent_version_expiration=Duration.days(OLD_VERSIONS_DAYS)
                )
            ],
        )
        # By name: the page's bucket is a later stack's.
        access_logs.add_to_resource_policy(
            iam.PolicyStatement(
                actions=["s3:PutObject"],
                resources=[access_logs.arn_for_objects(f"{PAGE_LOGS}*")],
                principals=[iam.ServicePrincipal("logging.s3.amazonaws.com")],
                conditions={
                    "ArnLike": {"aws:SourceArn": f"arn:{names.partition}:s3:::{names.page}"},
                    "StringEquals": {"aws:SourceAccount": names.account},
                },
            )
        )
        return access_logs


class Ledger(Construct):
    """The one table: partition key `pk`, sort key `sk` (chartloop/items.py)."""

    def __init__(self, scope: Construct, *, names: Names, key: kms.IKey) -> None:
        super().__init__(scope, "Ledger")
        text = dynamodb.AttributeType.STRING
        self.table = dynamodb.Table(
            self,
            "Table",
            table_name=names.ledger,
            partition_key=dynamodb.Attribute(name="pk", type=text),
            sort_key=dynamodb.Attribute(name="sk", type=text),
            billing_mode=dynamodb.BillingMode.PAY_PER_REQUEST,
            encryption=dynamodb.TableEncryption.CUSTOMER_MANAGED,
            encryption_key=key,
            time_to_live_attribute="expires",
            point_in_time_recovery_specification=dynamodb.PointInTimeRecoverySpecification(point_in_time_recovery_enabled=True),
            removal_policy=RemovalPolicy.RETAIN,
        )
