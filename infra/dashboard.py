"""The loop at a glance: one CloudWatch dashboard, from the upload to the answer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from constructs import Construct

from adapters.variants import VARIANT
from chartloop.tasks import TASKS
from infra.alarms import METRICS
from infra.api import STAGE
from infra.names import Names

WIDE, HIGH = 12, 6


class Dashboard(Construct):
    """Alarms first, then the way of a record: uploads, runs, endpoint, API, functions."""

    def __init__(self, scope: Construct, *, names: Names, alarms: Iterable[cloudwatch.IAlarm], file_system: str) -> None:
        super().__init__(scope, "Dashboard")
        self._names = names
        self.dashboard = cloudwatch.Dashboard(
            self, "Board", dashboard_name=names.name, default_interval=Duration.days(1), widgets=self._rows(alarms, file_system)
        )

    def _rows(self, alarms: Iterable[cloudwatch.IAlarm], file_system: str) -> list[list[cloudwatch.IWidget]]:
        states = cloudwatch.AlarmStatusWidget(title="Alarms", alarms=list(alarms), width=2 * WIDE, height=HIGH)
        return [[states], [self._uploads(), self._runs()], *self._served(), [self._api(), self._latency()],
                [self._functions(), self._folder(file_system)]]  # fmt: skip

    def _uploads(self) -> cloudwatch.IWidget:
        queue = self._names.queue
        waiting = "ApproximateNumberOfMessagesVisible"
        return _graph("Uploads", [
            _metric("AWS/SQS", "NumberOfMessagesReceived", {"QueueName": queue}, "taken in"),
            _metric("AWS/SQS", waiting, {"QueueName": queue}, "waiting", "Maximum"),
            _metric("AWS/SQS", waiting, {"QueueName": f"{queue}-dead-letters"}, "dead letters", "Maximum"),
        ])  # fmt: skip

    def _runs(self) -> cloudwatch.IWidget:
        machine, own = {"StateMachineArn": self._names.machine_arn}, {"service": self._names.name}
        ends = ("Started", "Succeeded", "Failed", "TimedOut", "Aborted")
        return _graph("Runs, and what the sweep did", [
            *(_metric("AWS/States", f"Executions{end}", machine, end.lower()) for end in ends),
            _metric(METRICS, "Repaired", own, "repaired"),
        ])  # fmt: skip

    def _served(self) -> list[list[cloudwatch.IWidget]]:
        return [self._endpoint(task, self._names.endpoint(task)) for task in TASKS]

    def _endpoint(self, task: str, endpoint: str) -> list[cloudwatch.IWidget]:
        live = {"EndpointName": endpoint, "VariantName": VARIANT}
        counted = ("Invocations", "Invocation4XXErrors", "Invocation5XXErrors", "InvocationModelErrors")
        calls = [_metric("AWS/SageMaker", name, live, name) for name in counted]
        taken = [_metric("AWS/SageMaker", "ModelLatency", live, f"{rank}, microseconds", rank) for rank in ("p50", "p99")]
        return [_graph(f"Model {task}: calls", calls), _graph(f"Model {task}: latency", taken)]

    def _api(self) -> cloudwatch.IWidget:
        api = {"ApiName": self._names.name, "Stage": STAGE}
        return _graph("API", [_metric("AWS/ApiGateway", name, api, name) for name in ("Count", "4XXError", "5XXError")])

    def _latency(self) -> cloudwatch.IWidget:
        api = {"ApiName": self._names.name, "Stage": STAGE}
        return _graph("API: latency", [_metric("AWS/ApiGateway", "Latency", api, rank, rank) for rank in ("p50", "p99")])

    def _functions(self) -> cloudwatch.IWidget:
        names = ("on-upload", "api", "predict", "search", "promote", "publish", "sweep", "janitor")
        return _graph("Functions: errors", [
            _metric("AWS/Lambda", "Errors", {"FunctionName": self._names.function(name)}, name) for name in names
        ])  # fmt: skip

    def _folder(self, file_system: str) -> cloudwatch.IWidget:
        stored = {"FileSystemId": file_system, "StorageClass": "Total"}
        return _graph("Model folder", [_metric("AWS/EFS", "StorageBytes", stored, "bytes", "Maximum")])


def _graph(title: str, metrics: list[cloudwatch.IMetric]) -> cloudwatch.IWidget:
    return cloudwatch.GraphWidget(title=title, left=metrics, width=WIDE, height=HIGH)


def _metric(namespace: str, name: str, dimensions: Mapping[str, str], label: str, statistic: str = "Sum") -> cloudwatch.IMetric:
    return cloudwatch.Metric(
        namespace=namespace, metric_name=name, dimensions_map=dict(dimensions), label=label, statistic=statistic,
        period=Duration.minutes(5),
    )  # fmt: skip
