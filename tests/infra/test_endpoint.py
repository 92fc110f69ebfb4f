"""What promotion finds before the first model: rollback alarms by their names, and rights no wider than the mode needs."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from chartloop.tasks import TASKS
from infra.names import ROLLBACK
from tests.infra.conftest import feature_flags, templates
from tests.infra.templates import Templates

ALARM = "arn:aws:cloudwatch:us-east-1:123456789012:alarm:{}"
LIVE = "arn:aws:sagemaker:us-east-1:123456789012:endpoint/chartloop-ner"
SCALING = "arn:aws:application-autoscaling:us-east-1:123456789012:scalable-target/0123"


def rollback_alarms(templates: Templates) -> dict[str, dict[str, Any]]:
    alarms = [alarm["Properties"] for alarm in templates.all("AWS::CloudWatch::Alarm").values()]
    return {alarm["AlarmName"]: alarm for alarm in alarms if "-endpoint-" in str(alarm.get("AlarmName"))}


def test_the_alarms_that_a_deployment_names_are_there(cloud: Templates) -> None:
    told = cloud.function("promote")["Environment"]["Variables"]["CHARTLOOP_ROLLBACK_ALARMS"].split()
    named = {name.format(task=task) for name in told for task in TASKS}
    assert named == set(rollback_alarms(cloud)) and len(told) == len(ROLLBACK)


def test_they_watch_refusals_model_errors_and_latency_and_not_5xx_alone(cloud: Templates) -> None:
    watched = {alarm["MetricName"]: alarm for name, alarm in rollback_alarms(cloud).items() if "-ner-" in name}
    assert set(watched) == {"Invocation4XXErrors", "Invocation5XXErrors", "InvocationModelErrors", "ModelLatency"}
    for alarm in watched.values():
        dimensions = {item["Name"]: item["Value"] for item in alarm["Dimensions"]}
        assert dimensions == {"EndpointName": "chartloop-ner", "VariantName": "champion"}
        assert (alarm["Namespace"], alarm["Statistic"], alarm["Period"]) == ("AWS/SageMaker", "Average", 60)
        assert alarm["TreatMissingData"] == "notBreaching"
        assert alarm["AlarmActions"] == ["arn:aws:sns:us-east-1:123456789012:chartloop-alarms"]
        assert re.search(r"docs/runbook\.md#endpoint-(errors|latency)$", alarm["AlarmDescription"])
    assert 0 < watched["Invocation4XXErrors"]["Threshold"] < 0.5
    assert watched["ModelLatency"]["Threshold"] == 10_000_000  # microseconds


def test_promotion_and_the_endpoints_role_may_look_at_them_alone(cloud: Templates) -> None:
    endpoint = cloud.only("AWS::IAM::Role", RoleName="chartloop-endpoint")["LogicalId"]
    for role in (endpoint, cloud.role_of("promote")):
        assert cloud.allowed(role, "cloudwatch:DescribeAlarms", ALARM.format("chartloop-ner-endpoint-4xx"))
        assert not cloud.allowed(role, "cloudwatch:DescribeAlarms", ALARM.format("another"))


def test_promotion_rehearses_and_rolls_back_by_itself(cloud: Templates) -> None:
    role = cloud.role_of("promote")
    for action in ("CreateEndpoint", "DescribeEndpoint", "DeleteEndpoint", "InvokeEndpoint"):
        assert cloud.allowed(role, f"sagemaker:{action}", LIVE + "-next")
    machine = "arn:aws:states:us-east-1:123456789012:stateMachine:chartloop-retrain"
    assert cloud.allowed(role, "states:StartExecution", machine)
    assert cloud.allowed(role, "s3:PutObject", "arn:aws:s3:::chartloop-data-123456789012-us-east-1/runs/r/request.json")


def test_without_scaling_promotion_may_only_end_it(cloud: Templates) -> None:
    role = cloud.role_of("promote")
    assert cloud.allowed(role, "application-autoscaling:DeregisterScalableTarget", SCALING)
    for action in ("application-autoscaling:RegisterScalableTarget", "application-autoscaling:PutScalingPolicy"):
        assert not cloud.allowed(role, action, SCALING)


@pytest.fixture(scope="module")
def scaled(tmp_path_factory: pytest.TempPathFactory) -> Templates:
    return synthesized(tmp_path_factory.mktemp("scaled"), serving_instances="2", serving_instances_max="4")


@pytest.fixture(scope="module")
def serverless(tmp_path_factory: pytest.TempPathFactory) -> Templates:
    return synthesized(tmp_path_factory.mktemp("serverless"), serving="serverless")


def synthesized(folder: Path, **context: str) -> Templates:
    from aws_cdk import App

    from infra.app import deployment
    from infra.context import read

    app = App(outdir=str(folder), context={**feature_flags(), "bundle": "false", **context}, analytics_reporting=False)
    deployment(app, read(app.node.get_all_context(), {}))
    app.synth()
    return templates(folder)


def test_with_scaling_promotion_may_start_it_for_its_own_endpoints(scaled: Templates) -> None:
    role = scaled.role_of("promote")
    for action in ("RegisterScalableTarget", "PutScalingPolicy", "DeregisterScalableTarget"):
        assert scaled.allowed(role, f"application-autoscaling:{action}", SCALING)
    assert scaled.allowed(role, "sagemaker:UpdateEndpointWeightsAndCapacities", LIVE)
    assert scaled.allowed(role, "cloudwatch:PutMetricAlarm", ALARM.format("TargetTracking-endpoint/chartloop-ner/variant/x"))
    assert not scaled.allowed(role, "cloudwatch:PutMetricAlarm", ALARM.format("chartloop-ner-endpoint-4xx"))
    statements = [s for s in scaled.statements(role) if "application-autoscaling:PutScalingPolicy" in s["Action"]]
    assert all(s["Condition"]["StringEquals"]["application-autoscaling:service-namespace"] == "sagemaker" for s in statements)
    told = scaled.function("promote")["Environment"]["Variables"]
    assert (told["CHARTLOOP_SERVING_INSTANCES"], told["CHARTLOOP_SERVING_INSTANCES_MAX"]) == ("2", "4")


def test_a_serverless_endpoint_is_watched_but_neither_scales_nor_rolls_back(serverless: Templates) -> None:
    assert len(rollback_alarms(serverless)) == len(ROLLBACK) * len(TASKS)
    role = serverless.role_of("promote")
    for action in ("application-autoscaling:DeregisterScalableTarget", "cloudwatch:DescribeAlarms"):
        assert not serverless.allowed(role, action, SCALING)
        assert not serverless.allowed(role, action, ALARM.format("chartloop-ner-endpoint-4xx"))
    assert serverless.function("predict")["Environment"]["Variables"]["CHARTLOOP_SERVING"] == "serverless"
