"""Every alarm of a deployment as one table: what it watches, from when on it rings, and which section of the runbook helps."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_sns as sns
from constructs import Construct

from infra.api import STAGE
from infra.context import Context
from infra.names import Names

RUNBOOK = "docs/runbook.md"
METRICS = "Chartloop"
"""Namespace of the functions' own metrics (lambdas/metrics.py); their dimension `service` is the deployment's name."""
CALLED = ("api", "predict", "search", "authorizer", "on-upload", "sweep", "janitor")
"""Functions whose errors nobody else tells of; those of a run's steps are repeated, and then the run fails."""
CROWDED = ("api", "predict", "search", "on-upload")
"""Functions that many callers share."""
HOUR = 60
GIGABYTE = 10**9


@dataclass(frozen=True)
class Alert:
    """One alarm. It is named `{name}-{alert}`; `section` is the runbook's heading, by default the alert's own name."""

    name: str
    meaning: str
    namespace: str
    metric: str
    dimensions: Mapping[str, str]
    threshold: float
    minutes: int = 5
    periods: int = 1
    statistic: str = "Sum"
    below: bool = False
    section: str = ""

    @property
    def description(self) -> str:
        return described(self.meaning, self.section or self.name)


def described(meaning: str, section: str) -> str:
    """An alarm's description: what it means, and where the way out is written."""
    return f"{meaning} What to do: {RUNBOOK}#{section}"


class Alarms(Construct):
    """The table made real; all of it tells the topic, when something begins and when it is over."""

    def __init__(self, scope: Construct, *, alerts: Sequence[Alert], names: Names, topic: sns.ITopic) -> None:
        super().__init__(scope, "Alarms")
        self._names = names
        self.by_name = {alert.name: self._alarm(alert) for alert in alerts}
        for alarm in self.by_name.values():
            alarm.add_alarm_action(actions.SnsAction(topic))
            alarm.add_ok_action(actions.SnsAction(topic))

    def _alarm(self, alert: Alert) -> cloudwatch.Alarm:
        comparison = cloudwatch.ComparisonOperator
        at = comparison.LESS_THAN_OR_EQUAL_TO_THRESHOLD if alert.below else comparison.GREATER_THAN_OR_EQUAL_TO_THRESHOLD
        return cloudwatch.Alarm(
            self,
            "".join(part.title() for part in alert.name.split("-")),
            alarm_name=self._names.alarm(alert.name),
            alarm_description=alert.description,
            metric=metric(alert),
            threshold=alert.threshold,
            evaluation_periods=alert.periods,
            comparison_operator=at,
            treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,
        )


def metric(alert: Alert) -> cloudwatch.Metric:
    return cloudwatch.Metric(
        namespace=alert.namespace,
        metric_name=alert.metric,
        dimensions_map=dict(alert.dimensions),
        statistic=alert.statistic,
        period=Duration.minutes(alert.minutes),
    )


def alerts(names: Names, context: Context, *, file_system: str) -> list[Alert]:
    """The table. The endpoints' alarms are not in it: they lie beside what they roll back (infra/endpoint.py)."""
    return [
        *_uploads(names),
        *_runs(names, context),
        *_requests(names),
        *_functions(names, context),
        *_folder(file_system),
    ]


def _uploads(names: Names) -> Iterator[Alert]:
    yield Alert(
        "dead-letters", "Uploads could not be read and rest among the dead letters.",
        "AWS/SQS", "ApproximateNumberOfMessagesVisible", {"QueueName": f"{names.queue}-dead-letters"}, 1, statistic="Maximum",
    )  # fmt: skip
    yield Alert(
        "uploads-waiting", "An upload has waited for an hour: nobody reads the queue, or not fast enough.",
        "AWS/SQS", "ApproximateAgeOfOldestMessage", {"QueueName": names.queue}, 3600, statistic="Maximum",
    )  # fmt: skip


def _runs(names: Names, context: Context) -> Iterator[Alert]:
    machine, own = {"StateMachineArn": names.machine_arn}, {"service": names.name}
    yield Alert("run-failed", "A run failed; the model before is still in service.", "AWS/States", "ExecutionsFailed", machine, 1)
    yield Alert(
        "run-timed-out", "An execution was ended by its time limit.", "AWS/States", "ExecutionsTimedOut", machine, 1,
        section="run-stuck",
    )  # fmt: skip
    yield Alert(
        "run-stuck", f"A run has been active for {stuck_hours(context)} hours.",
        METRICS, "OldestRunSeconds", own, stuck_hours(context) * 3600, minutes=30, statistic="Maximum",
    )  # fmt: skip
    yield Alert(
        "sweep-repaired", "The sweep repaired something: an event was lost, or a run was interrupted.",
        METRICS, "Repaired", own, 1, minutes=15,
    )  # fmt: skip
    yield Alert(
        "review-waiting", "A candidate waits for a person's decision; after its deadline the model in service stays.",
        METRICS, "ForReview", own, 1, minutes=30, statistic="Maximum",
    )  # fmt: skip
    yield Alert(
        "janitor-found", "The janitor found something that nobody uses and that costs money.",
        METRICS, "Forgotten", own, 1, minutes=HOUR,
    )  # fmt: skip


def stuck_hours(context: Context) -> int:
    """Twice what a training may take: prepare, embed and score need far less."""
    return 2 * context.training_hours


def _requests(names: Names) -> Iterator[Alert]:
    api = {"ApiName": names.name, "Stage": STAGE}
    yield Alert(
        "api-errors", "The API answers with 5XX: 5 in five minutes, three times.", "AWS/ApiGateway", "5XXError", api, 5, periods=3
    )
    yield Alert(
        "api-slow", "The slowest hundredth of the requests takes over 10 seconds.", "AWS/ApiGateway", "Latency", api, 10_000,
        periods=3, statistic="p99",
    )  # fmt: skip


def _functions(names: Names, context: Context) -> Iterator[Alert]:
    for function in CALLED if context.serving == "lambda" else (*CALLED, "transformed"):
        called = {"FunctionName": names.function(function)}
        meaning = f"The function {function} crashed or ran out of time."
        yield Alert(f"errors-{function}", meaning, "AWS/Lambda", "Errors", called, 1, section="function-errors")
    for function in CROWDED:
        called = {"FunctionName": names.function(function)}
        meaning = f"Calls of {function} were turned away: the account's concurrency is used up."
        yield Alert(f"throttles-{function}", meaning, "AWS/Lambda", "Throttles", called, 5, periods=3, section="throttles")


def _folder(file_system: str) -> Iterator[Alert]:
    folder = {"FileSystemId": file_system}
    yield Alert(
        "folder-burst", "The model folder's burst credits are nearly used up: models will be read slowly.",
        "AWS/EFS", "BurstCreditBalance", folder, 200 * GIGABYTE, minutes=15, periods=2, statistic="Minimum", below=True,
    )  # fmt: skip
    yield Alert(
        "folder-size", "The model folder holds over 50 GB: old versions are not taken away.",
        "AWS/EFS", "StorageBytes", {**folder, "StorageClass": "Total"}, 50 * GIGABYTE, minutes=HOUR, statistic="Maximum",
    )  # fmt: skip
