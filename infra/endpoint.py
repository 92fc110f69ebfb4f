"""What promotion needs to exist before the first model: the endpoint's role, and a model package group per task."""

from __future__ import annotations

from aws_cdk import RemovalPolicy
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_sagemaker as sagemaker
from constructs import Construct

from chartloop.tasks import TASKS
from infra.context import Context
from infra.grants import objects, volumes
from infra.jobs import observe
from infra.names import Names


class Serving(Construct):
    """The endpoint itself is promotion's: CloudFormation would fail before the first model, and fight the swaps after."""

    def __init__(self, scope: Construct, *, context: Context, names: Names, bucket: s3.IBucket, key: kms.IKey) -> None:
        super().__init__(scope, "Serving")
        account = {"StringEquals": {"aws:SourceAccount": context.account}}
        sagemaker_service = iam.ServicePrincipal("sagemaker.amazonaws.com", conditions=account)
        self.role = iam.Role(self, "Role", role_name=names.endpoint_role, assumed_by=sagemaker_service)
        objects(self.role, bucket, key, read=["models/*"])
        volumes(self.role, key)
        observe(self.role, context)
        self.groups = {task: self._group(names, task) for task in TASKS}

    def _group(self, names: Names, task: str) -> sagemaker.CfnModelPackageGroup:
        group = sagemaker.CfnModelPackageGroup(
            self,
            f"Models{task.title()}",
            model_package_group_name=f"{names.name}-{task}",
            model_package_group_description=f"Versions of the {task} model; the approval status mirrors the gate's verdict",
        )
        group.apply_removal_policy(RemovalPolicy.RETAIN)  # a group that holds versions cannot be deleted
        return group
