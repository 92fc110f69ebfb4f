"""Statements for what constructs have no grant method for: actions, resources, and nothing wider than asked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3


def allow(who: iam.IGrantable, *actions: str, on: Sequence[str], **conditions: dict[str, Any]) -> None:
    """One visible statement on the role behind `who`."""
    statement = iam.PolicyStatement(actions=list(actions), resources=list(on), conditions=conditions or None)
    who.grant_principal.add_to_principal_policy(statement)


def objects(
    who: iam.IGrantable,
    bucket: s3.IBucket,
    key: kms.IKey,
    *,
    read: Sequence[str] = (),
    write: Sequence[str] = (),
    large: bool = False,
) -> None:
    """Reads and writes by prefix (`records/*`); `large` objects go up in parts, and an upload that fails is aborted.

    The bucket's own grant methods would let everyone list the holdout's keys.
    """
    if read:
        allow(who, "s3:GetObject", on=[bucket.arn_for_objects(prefix) for prefix in read])
        # "IfExists": who asks for one object names no prefix, and without this permission a missing object is 403 and not 404.
        allow(who, "s3:ListBucket", on=[bucket.bucket_arn], StringLikeIfExists={"s3:prefix": [*read, *write]})
        key.grant(who, "kms:Decrypt")
    if write:
        puts = ("s3:PutObject", "s3:AbortMultipartUpload") if large else ("s3:PutObject",)
        allow(who, *puts, on=[bucket.arn_for_objects(prefix) for prefix in write])
        key.grant(who, "kms:GenerateDataKey", "kms:Decrypt")  # parts are read back before they are one object


ITEM = ("GetItem", "PutItem")
EVERY_ITEM = (*ITEM, "BatchGetItem", "Query")
"""All that adapters/dynamodb.py calls: items are never scanned, changed in part or deleted."""

TABLE_KEY = ("kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey", "kms:ReEncryptFrom", "kms:ReEncryptTo")
"""What DynamoDB asks of the caller for a table under a key of one's own."""


def items(who: iam.IGrantable, table: dynamodb.ITable, key: kms.IKey, *operations: str, partitions: Sequence[str] = ()) -> None:
    """`partitions` are patterns of the partition keys that it is for; without them it is for all."""
    only = {"ForAllValues:StringLike": {"dynamodb:LeadingKeys": list(partitions)}} if partitions else {}
    allow(who, *(f"dynamodb:{operation}" for operation in operations), on=[table.table_arn], **only)
    allow(who, *TABLE_KEY, on=[key.key_arn])


def volumes(who: iam.IGrantable, key: kms.IKey) -> None:
    """SageMaker attaches encrypted volumes in the name of who starts a job or an endpoint."""
    allow(who, "kms:DescribeKey", "kms:Encrypt", on=[key.key_arn])
    allow(who, "kms:CreateGrant", on=[key.key_arn], Bool={"kms:GrantIsForAWSResource": "true"})
