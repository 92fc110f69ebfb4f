"""The operations stack: who is told of what, the alarms, the dashboard, the budget."""

from __future__ import annotations

from typing import Any

from aws_cdk import Stack
from aws_cdk import aws_budgets as budgets
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_iam as iam
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sns_subscriptions as subscriptions
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infra.alarms import Alarms, alerts, described
from infra.context import Context
from infra.dashboard import Dashboard
from infra.data import DataStack
from infra.names import Names

BUDGET_PERCENT = (80, 100)
KEY_ENDANGERED = ("DisableKey", "ScheduleKeyDeletion", "PutKeyPolicy")


class OperationsStack(Stack):
    """What people look at and are woken by. It watches by name, so nothing waits for it and it can go at any time."""

    def __init__(self, scope: Construct, *, context: Context, names: Names, data: DataStack, **options: Any) -> None:
        super().__init__(scope, names.stack("operations"), **options)
        self._context = context
        self._names = names
        self._data = data
        self.topic = self._topic()
        folder = data.folder.file_system.file_system_id
        self.alarms = Alarms(self, alerts=alerts(names, context, file_system=folder), names=names, topic=self.topic)
        self.dashboard = Dashboard(self, names=names, alarms=self.alarms.by_name.values(), file_system=folder)
        self._watch_key()
        if context.monthly_budget_usd:
            self._budget()

    def _topic(self) -> sns.Topic:
        """Encrypted: the key lets CloudWatch, EventBridge and the budget write into it (infra/storage.py)."""
        topic = sns.Topic(self, "Topic", topic_name=self._names.topic, master_key=self._data.key, enforce_ssl=True)
        account = {"StringEquals": {"aws:SourceAccount": self._names.account}}
        for service in ("cloudwatch", "budgets"):
            topic.add_to_resource_policy(
                iam.PolicyStatement(
                    actions=["sns:Publish"],
                    resources=[topic.topic_arn],
                    principals=[iam.ServicePrincipal(f"{service}.amazonaws.com")],
                    conditions=account,
                )
            )
        if self._context.alarm_email:
            topic.add_subscription(subscriptions.EmailSubscription(self._context.alarm_email))
        return topic

    def _watch_key(self) -> None:
        """A key that is disabled or about to be deleted takes everything with it; heard of where the account has a trail."""
        rule = events.Rule(
            self,
            "KeyEndangered",
            rule_name=self._names.alarm("key-endangered"),
            description=described(
                "Somebody disabled the data key, changed its policy or asked for its deletion.", "key-endangered"
            ),
            event_pattern=events.EventPattern(
                source=["aws.kms"],
                detail_type=["AWS API Call via CloudTrail"],
                detail={
                    "eventSource": ["kms.amazonaws.com"],
                    "eventName": list(KEY_ENDANGERED),
                    "resources": {"ARN": [self._data.key.key_arn]},
                },
            ),
        )
        missed = sqs.Queue.from_queue_arn(self, "Missed", self._names.arn("sqs", self._names.missed))
        rule.add_target(targets.SnsTopic(self.topic, dead_letter_queue=missed))

    def _budget(self) -> None:
        """By the tag `application`, which must be activated for costs once in the account's billing console."""
        subscriber = budgets.CfnBudget.SubscriberProperty(address=self.topic.topic_arn, subscription_type="SNS")

        def at(percent: int, kind: str) -> budgets.CfnBudget.NotificationWithSubscribersProperty:
            return budgets.CfnBudget.NotificationWithSubscribersProperty(
                notification=budgets.CfnBudget.NotificationProperty(
                    comparison_operator="GREATER_THAN", notification_type=kind, threshold=percent, threshold_type="PERCENTAGE"
                ),
                subscribers=[subscriber],
            )

        budgets.CfnBudget(
            self,
            "Budget",
            budget=budgets.CfnBudget.BudgetDataProperty(
                budget_name=f"{self._names.name}-monthly",
                budget_type="COST",
                time_unit="MONTHLY",
                budget_limit=budgets.CfnBudget.SpendProperty(amount=self._context.monthly_budget_usd, unit="USD"),
                cost_filters={"TagKeyValue": [f"user:application${self._names.name}"]},
            ),
            notifications_with_subscribers=[
                *(at(percent, "ACTUAL") for percent in BUDGET_PERCENT),
                at(100, "FORECASTED"),
            ],
        )
