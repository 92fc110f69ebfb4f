"""Backups of what S3's versions do not cover: the ledger and the model folder, once a day, kept for five weeks."""

from __future__ import annotations

from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_backup as backup
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_efs as efs
from aws_cdk import aws_events as events
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from constructs import Construct

from infra.grants import allow
from infra.names import Names

KEPT_DAYS = 35


class Backups(Construct):
    """A vault under the data key that outlives its stack, and one plan. How to restore: docs/runbook.md."""

    def __init__(
        self, scope: Construct, *, names: Names, key: kms.IKey, table: dynamodb.ITable, file_system: efs.IFileSystem
    ) -> None:
        super().__init__(scope, "Backups")
        self.vault = backup.BackupVault(
            self, "Vault", backup_vault_name=f"{names.name}-vault", encryption_key=key, removal_policy=RemovalPolicy.RETAIN
        )
        self.plan = backup.BackupPlan(
            self,
            "Plan",
            backup_plan_name=f"{names.name}-daily",
            backup_vault=self.vault,
            backup_plan_rules=[
                backup.BackupPlanRule(
                    rule_name="daily",
                    schedule_expression=events.Schedule.cron(hour="3", minute="0"),
                    start_window=Duration.hours(1),
                    completion_window=Duration.hours(6),
                    delete_after=Duration.days(KEPT_DAYS),
                )
            ],
        )
        self.plan.add_selection(
            "Kept",
            backup_selection_name=f"{names.name}-kept",
            resources=[
                backup.BackupResource.from_dynamo_db_table(table),
                backup.BackupResource.from_efs_file_system(file_system),
            ],
            role=self._role(names, key, table, file_system),
            disable_default_backup_policy=True,
        )

    def _role(self, names: Names, key: kms.IKey, table: dynamodb.ITable, file_system: efs.IFileSystem) -> iam.Role:
        """AWS's own policy for this reaches every table and file system of the account."""
        role = iam.Role(self, "Role", assumed_by=iam.ServicePrincipal("backup.amazonaws.com"))
        tables = ("DescribeTable", "CreateBackup", "StartAwsBackupJob", "ListTagsOfResource")
        allow(role, *(f"dynamodb:{action}" for action in tables), on=[table.table_arn])
        allow(role, "dynamodb:DescribeBackup", "dynamodb:DeleteBackup", on=[f"{table.table_arn}/backup/*"])
        allow(role, "elasticfilesystem:Backup", "elasticfilesystem:DescribeTags", on=[file_system.file_system_arn])
        vault = names.arn("backup", f"backup-vault:{names.name}-vault")
        allow(role, "backup:DescribeBackupVault", "backup:CopyIntoBackupVault", on=[vault])
        allow(role, "kms:DescribeKey", "kms:Decrypt", "kms:GenerateDataKey", on=[key.key_arn])
        allow(role, "kms:CreateGrant", on=[key.key_arn], Bool={"kms:GrantIsForAWSResource": "true"})
        return role
