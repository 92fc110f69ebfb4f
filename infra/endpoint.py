"""What promotion needs to exist before the first model: the endpoint's role, rollback alarms, and a package group per task."""

from __future__ import annotations

from dataclasses import dataclass

from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_sagemaker as sagemaker
from aws_cdk import aws_sns as sns
from constructs import Construct

from adapters.variants import VARIANT
from chartloop.tasks import TASKS
from infra import access
from infra.alarms import described
from infra.context import Context
from infra.grants import objects, volumes
from infra.jobs import observe
from infra.names import ROLLBACK, Names
from infra.transforms import INPUTS, OUTPUTS

SECOND = 1_000_000
"""SageMaker tells latencies in microseconds."""


@dataclass(frozen=True)
class Watched:
    """One metric of an endpoint whose mean over a minute undoes a deployment. Source: SageMaker's CloudWatch metrics.

    The error metrics are 1 or 0 an invocation, so their mean is a rate.
    """

    metric: str
    over: float
    meaning: str
    section: str


WATCHED = {
    "4xx": Watched("Invocation4XXErrors", 0.05, "Over 5 % of the requests are refused by the model", "endpoint-errors"),
    "5xx": Watched("Invocation5XXErrors", 0.05, "Over 5 % of the requests end in an error of the service", "endpoint-errors"),
    "model-errors": Watched(
        "InvocationModelErrors", 0.05, "Over 5 % of the requests end in the model's error", "endpoint-errors"
    ),
    "latency": Watched("ModelLatency", 10 * SECOND, "The model takes over 10 seconds in the mean", "endpoint-latency"),
}
"""By ROLLBACK's names. Not 5XX alone: the inference toolkit answers every exception of a model with 400."""


class Serving(Construct):
    """The endpoint itself is promotion's: CloudFormation would fail before the first model, and fight the swaps after."""

    def __init__(self, scope: Construct, *, context: Context, names: Names, bucket: s3.IBucket, key: kms.IKey) -> None:
        super().__init__(scope, "Serving")
        account = {"StringEquals": {"aws:SourceAccount": context.account}}
        sagemaker_service = iam.ServicePrincipal("sagemaker.amazonaws.com", conditions=account)
        self.role = iam.Role(self, "Role", role_name=names.endpoint_role, assumed_by=sagemaker_service)
        objects(self.role, bucket, key, read=["models/*"])
        if context.serving != "lambda":  # a transform job reads and writes as its model's role
            objects(self.role, bucket, key, read=[INPUTS], write=[OUTPUTS], large=True)
        volumes(self.role, key)
        observe(self.role, context)
        endpoints = () if context.serving == "lambda" else TASKS
        self.alarms = {(task, what): self._alarm(names, task, what) for task in endpoints for what in ROLLBACK}
        if context.serving == "realtime":
            access.watch_alarms(self.role, names)
        self.groups = {task: self._group(names, task) for task in TASKS}

    def _alarm(self, names: Names, task: str, what: str) -> cloudwatch.Alarm:
        watched = WATCHED[what]
        alarm = cloudwatch.Alarm(
            self,
            f"{task.title()}{what.title()}",
            alarm_name=names.rollback_alarm(task, what),
            alarm_description=described(
                f"{watched.meaning}. While a new model comes into service, the one before comes back.", watched.section
            ),
            metric=cloudwatch.Metric(
                namespace="AWS/SageMaker",
                metric_name=watched.metric,
                dimensions_map={"EndpointName": names.endpoint(task), "VariantName": VARIANT},
                statistic="Average",
                period=Duration.minutes(1),
            ),
            threshold=watched.over,
            comparison_operator=cloudwatch.ComparisonOperator.GREATER_THAN_THRESHOLD,
            evaluation_periods=1,
            treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,
        )
        # By its ARN: the topic is in another stack, and this one must not wait for it.
        topic = sns.Topic.from_topic_arn(self, f"Topic{task.title()}{what.title()}", names.arn("sns", names.topic))
        alarm.add_alarm_action(actions.SnsAction(topic))
        return alarm

    def _group(self, names: Names, task: str) -> sagemaker.CfnModelPackageGroup:
        group = sagemaker.CfnModelPackageGroup(
            self,
            f"Models{task.title()}",
            model_package_group_name=f"{names.name}-{task}",
            model_package_group_description=f"Versions of the {task} model; the approval status mirrors the gate's verdict",
        )
        group.apply_removal_policy(RemovalPolicy.RETAIN)  # a group that holds versions cannot be deleted
        return group
