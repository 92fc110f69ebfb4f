"""Alarms: comparisons, M of N, missing data, what is told to whom, and the metrics that services and functions make."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from local import metrics
from local.alarms import ALARM, OK, UNKNOWN, datapoints, forget, judged, logged
from local.metrics import Printed, backend, put
from tests.local.conftest import BareCloud, until

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC).timestamp()


@dataclass
class Named:
    name: str
    value: str


@dataclass
class Alarm:
    """What moto keeps of an alarm."""

    evaluation_periods: int = 1
    datapoints_to_alarm: int | None = None
    threshold: float = 1.0
    comparison_operator: str = "GreaterThanOrEqualToThreshold"
    treat_missing_data: str | None = None
    statistic: str | None = "Sum"
    extended_statistic: str | None = None
    period: int = 60
    namespace: str = "Test"
    metric_name: str = "Errors"
    dimensions: list[Named] = field(default_factory=list)


@pytest.mark.parametrize(
    ("alarm", "points", "state"),
    [
        (Alarm(), [1.0], ALARM),
        (Alarm(), [0.0], OK),
        (Alarm(comparison_operator="GreaterThanThreshold"), [1.0], OK),
        (Alarm(comparison_operator="LessThanThreshold"), [0.5], ALARM),
        (Alarm(evaluation_periods=3), [1.0, 0.0, 1.0], OK),
        (Alarm(evaluation_periods=3, datapoints_to_alarm=2), [1.0, 0.0, 1.0], ALARM),
        (Alarm(), [None], UNKNOWN),
        (Alarm(treat_missing_data="ignore"), [None], None),
        (Alarm(treat_missing_data="notBreaching"), [None], OK),
        (Alarm(treat_missing_data="breaching"), [None], ALARM),
        (Alarm(evaluation_periods=2), [1.0, None], OK),
    ],
)
def test_a_state_is_what_the_datapoints_mean(alarm: Alarm, points: list[float | None], state: str | None) -> None:
    assert judged(alarm, points) == state


@pytest.fixture
def fresh() -> Any:
    """No metrics but the test's own; the backend is this process's."""
    backend().metric_data.clear()
    yield
    backend().metric_data.clear()


def data(name: str, *values: tuple[float, float], **dimensions: str) -> None:
    """(age in seconds, value) of a metric in the namespace Test."""
    named = [{"Name": key, "Value": value} for key, value in dimensions.items()]
    for age, value in sorted(values, reverse=True):
        stamp = datetime.fromtimestamp(NOW - age, UTC)
        backend().put_metric_data("Test", [{"MetricName": name, "Value": value, "Dimensions": named, "Timestamp": stamp}])


def test_a_period_has_its_own_data_of_its_own_dimensions(fresh: None) -> None:
    data("Errors", (10, 1), (50, 2), (70, 5), (500, 9), Queue="a")
    data("Errors", (10, 100), Queue="b")
    data("Other", (10, 100), Queue="a")
    alarm = Alarm(evaluation_periods=3, dimensions=[Named("Queue", "a")])
    assert datapoints(alarm, NOW, 60) == [3, 5, None]
    assert datapoints(alarm, NOW, 6) == [None, 1, None]  # where a minute lasts six seconds


@pytest.mark.parametrize(
    ("statistic", "percentile", "expected"),
    [
        ("Average", None, 2.0),
        ("Minimum", None, 1),
        ("Maximum", None, 3),
        ("SampleCount", None, 3),
        (None, "p50", 2),
        (None, "p99", 3),
    ],
)
def test_each_statistic(fresh: None, statistic: str | None, percentile: str | None, expected: float) -> None:
    data("Errors", (1, 3), (2, 1), (3, 2))
    assert datapoints(Alarm(statistic=statistic, extended_statistic=percentile), NOW, 60) == [expected]


def test_old_data_is_dropped(fresh: None) -> None:
    data("Errors", (100, 1), (10, 2))
    forget(NOW - 50)
    assert [datum.value for datum in backend().metric_data] == [2]


def test_a_metric_that_a_function_prints_is_read_once(fresh: None, tmp_path: Path) -> None:
    embedded = {
        "_aws": {"Timestamp": 0, "CloudWatchMetrics": [
            {"Namespace": "Chartloop", "Dimensions": [["service"]], "Metrics": [{"Name": "Repaired", "Unit": "Count"}]}]},
        "service": "sweep", "Repaired": [2.0],
    }  # fmt: skip
    file = tmp_path / "sweep.log"
    file.write_text(f"plain\n{json.dumps(embedded)}\n" + '{"_aws": "half a li')
    printed = Printed(tmp_path)
    printed.look()
    printed.look()
    (datum,) = backend().metric_data
    assert (datum.namespace, datum.name, datum.value, datum.dimensions[0].value) == ("Chartloop", "Repaired", 2.0, "sweep")


def test_an_alarm_rings_its_topic_and_is_logged(bare: BareCloud) -> None:
    topics, queues, watch = bare.client("sns"), bare.client("sqs"), bare.client("cloudwatch")
    topic = topics.create_topic(Name="alarms")["TopicArn"]
    queue = queues.create_queue(QueueName="told")["QueueUrl"]
    topics.subscribe(TopicArn=topic, Protocol="sqs", Endpoint="arn:aws:sqs:us-east-1:123456789012:told")
    watch.put_metric_alarm(
        AlarmName="rings", Namespace="Test", MetricName="Rings", Statistic="Sum", Period=60, EvaluationPeriods=1, Threshold=1,
        ComparisonOperator="GreaterThanOrEqualToThreshold", TreatMissingData="notBreaching", AlarmActions=[topic],
    )  # fmt: skip
    watch.put_metric_data(Namespace="Test", MetricData=[{"MetricName": "Rings", "Value": 1}])
    (message,) = until(lambda: queues.receive_message(QueueUrl=queue).get("Messages"))
    told = json.loads(json.loads(message["Body"])["Message"])
    assert (told["AlarmName"], told["NewStateValue"]) == ("rings", ALARM)
    assert watch.describe_alarms(AlarmNames=["rings"])["MetricAlarms"][0]["StateValue"] == ALARM
    assert next(line["state"] for line in logged(bare.state / "logs") if line["alarm"] == "rings") == ALARM


def test_services_measure_themselves(bare: BareCloud) -> None:
    watch = bare.client("cloudwatch")
    bare.function("fails-loudly", "def handler(event, context): raise ValueError")
    bare.invoke("fails-loudly")
    bare.client("sqs").create_queue(QueueName="deep")
    bare.client("sqs").send_message(QueueUrl=f"{bare.url}/123456789012/deep", MessageBody="x")

    def value(namespace: str, metric: str, name: str, named: str) -> float:
        found = watch.get_metric_statistics(
            Namespace=namespace, MetricName=metric, Dimensions=[{"Name": name, "Value": named}], Statistics=["Maximum"],
            Period=3600, StartTime=datetime.now(UTC).replace(year=2020), EndTime=datetime.now(UTC).replace(year=2099),
        )["Datapoints"]  # fmt: skip
        return max((float(point["Maximum"]) for point in found), default=0)

    assert value("AWS/Lambda", "Errors", "FunctionName", "fails-loudly") == 1
    until(lambda: value("AWS/SQS", "ApproximateNumberOfMessagesVisible", "QueueName", "deep") == 1)


def test_a_gauge_names_its_metric(fresh: None) -> None:
    put("AWS/States", {"StateMachineArn": "arn"}, ExecutionsFailed=1)
    (datum,) = metrics.backend().metric_data
    assert (datum.namespace, datum.name, datum.dimensions[0].name) == ("AWS/States", "ExecutionsFailed", "StateMachineArn")
