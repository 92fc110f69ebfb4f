"""The operations stack: everything that may go wrong is watched, told to people, and has its section in the runbook."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from client.cli import parser
from infra.alarms import METRICS
from infra.code import ROOT
from lambdas import metrics
from tests.infra.templates import Templates, listed

RUNBOOK = ROOT / "docs" / "runbook.md"
POINTER = re.compile(r"What to do: docs/runbook\.md#([a-z-]+)$")


def alarms(cloud: Templates) -> dict[str, dict[str, Any]]:
    """Properties of every alarm of every stack by name."""
    found = [alarm["Properties"] for alarm in cloud.all("AWS::CloudWatch::Alarm").values()]
    return {alarm["AlarmName"].removeprefix("chartloop-"): alarm for alarm in found}


def sections() -> set[str]:
    """Headings below "Alarms" in the runbook."""
    _, _, after = RUNBOOK.read_text().partition("\n## Alarms\n")
    return set(re.findall(r"^### ([a-z-]+)$", after.partition("\n## ")[0], re.MULTILINE))


def test_every_alarm_has_its_section_and_every_section_its_alarm(cloud: Templates) -> None:
    rules = [rule["Properties"] for rule in cloud.all("AWS::Events::Rule").values()]
    told = [alarm["AlarmDescription"] for alarm in alarms(cloud).values()]
    told += [rule["Description"] for rule in rules if "runbook" in rule["Description"]]
    pointers = [POINTER.search(text) for text in told]
    assert all(pointers), [text for text, pointer in zip(told, pointers, strict=True) if not pointer]
    budget = {"budget"}  # a budget has no description to carry the pointer
    assert {pointer[1] for pointer in pointers if pointer} | budget == sections()


def test_every_alarm_tells_people(cloud: Templates) -> None:
    for name, alarm in alarms(cloud).items():
        assert [cloud.resolve(action, "operations") for action in alarm["AlarmActions"]], name
        assert alarm["TreatMissingData"] == "notBreaching", name


@pytest.mark.parametrize(
    ("name", "metric", "threshold"),
    [
        ("dead-letters", "ApproximateNumberOfMessagesVisible", 1),
        ("run-failed", "ExecutionsFailed", 1),
        ("run-stuck", "OldestRunSeconds", 86400),
        ("sweep-repaired", "Repaired", 1),
        ("janitor-found", "Forgotten", 1),
        ("api-errors", "5XXError", 5),
        ("errors-sweep", "Errors", 1),
        ("throttles-predict", "Throttles", 5),
        ("folder-burst", "BurstCreditBalance", 200e9),
    ],
)
def test_what_is_watched(cloud: Templates, name: str, metric: str, threshold: float) -> None:
    assert (alarms(cloud)[name]["MetricName"], alarms(cloud)[name]["Threshold"]) == (metric, threshold)


def test_what_is_watched_exists(cloud: Templates) -> None:
    """A misspelt dimension is an alarm that never rings."""
    functions = {f"chartloop-{name}" for name in cloud.functions()}
    queues = {queue["Properties"]["QueueName"] for queue in cloud.all("AWS::SQS::Queue").values()}
    machine = "arn:aws:states:us-east-1:123456789012:stateMachine:chartloop-retrain"
    for name, alarm in alarms(cloud).items():
        dimensions = {each["Name"]: each["Value"] for each in alarm["Dimensions"]}
        assert dimensions.get("FunctionName", "chartloop-api") in functions, name
        assert dimensions.get("QueueName", "chartloop-uploads") in queues, name
        assert dimensions.get("StateMachineArn", machine) == machine, name
        if alarm["Namespace"] == METRICS:
            assert alarm["MetricName"] in metrics.UNITS and dimensions == {"service": "chartloop"}, name


def test_the_functions_metrics_are_those_that_are_watched() -> None:
    assert metrics.NAMESPACE == METRICS


def test_the_topic_is_encrypted_and_lets_only_this_accounts_services_in(cloud: Templates) -> None:
    topic = cloud.only("AWS::SNS::Topic", TopicName="chartloop-alarms")["Properties"]
    assert "DataKey" in json.dumps(topic["KmsMasterKeyId"])
    (policy,) = [p["Properties"]["PolicyDocument"]["Statement"] for p in cloud.all("AWS::SNS::TopicPolicy").values()]
    senders = {service: s for s in policy if s["Effect"] == "Allow" for service in listed(s["Principal"]["Service"])}
    assert set(senders) == {"cloudwatch.amazonaws.com", "budgets.amazonaws.com", "events.amazonaws.com"}
    for service in ("cloudwatch", "budgets"):
        assert senders[f"{service}.amazonaws.com"]["Condition"] == {"StringEquals": {"aws:SourceAccount": "123456789012"}}
    assert [s for s in policy if s["Effect"] == "Deny" and s["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}]


def test_the_dashboard_shows_the_loop_and_its_alarms(cloud: Templates) -> None:
    (board,) = cloud.all("AWS::CloudWatch::Dashboard").values()
    body = json.dumps(board["Properties"]["DashboardBody"])
    for shown in ("ExecutionsFailed", "Repaired", "InvocationModelErrors", "ModelLatency", "5XXError", "StorageBytes", "alarms"):
        assert shown in body, shown


def test_texts_are_not_traced(cloud: Templates) -> None:
    """X-Ray keeps what it is given for a month under a key that is not ours; the state machine, which is traced, has no texts."""
    for name, function in cloud.functions().items():
        assert "TracingConfig" not in function, name
    (stage,) = cloud.all("AWS::ApiGateway::Stage").values()
    assert not stage["Properties"].get("TracingEnabled")


def test_every_log_ends(cloud: Templates) -> None:
    groups = [group["Properties"] for group in cloud.all("AWS::Logs::LogGroup").values()]
    assert groups and all(group["RetentionInDays"] <= 3653 for group in groups)


def test_dev_has_no_budget_and_no_vault_unless_told(cloud: Templates) -> None:
    assert not cloud.all("AWS::Budgets::Budget") and not cloud.all("AWS::Backup::BackupPlan")


def test_in_prod_people_are_told_money_is_watched_and_copies_are_made(prod: Templates) -> None:
    (mail,) = prod.all("AWS::SNS::Subscription").values()
    assert (mail["Properties"]["Protocol"], mail["Properties"]["Endpoint"]) == ("email", "on-call@hospital.example")
    (budget,) = prod.all("AWS::Budgets::Budget").values()
    assert budget["Properties"]["Budget"]["BudgetLimit"] == {"Amount": 500, "Unit": "USD"}
    assert budget["Properties"]["Budget"]["CostFilters"] == {"TagKeyValue": ["user:application$chartloop"]}
    told = budget["Properties"]["NotificationsWithSubscribers"]
    kinds = {(each["Notification"]["NotificationType"], each["Notification"]["Threshold"]) for each in told}
    assert kinds == {("ACTUAL", 80), ("ACTUAL", 100), ("FORECASTED", 100)}
    (vault,) = prod.all("AWS::Backup::BackupVault").values()
    assert vault["DeletionPolicy"] == "Retain" and "DataKey" in json.dumps(vault["Properties"]["EncryptionKeyArn"])
    (chosen,) = prod.all("AWS::Backup::BackupSelection").values()
    assert len(chosen["Properties"]["BackupSelection"]["Resources"]) == 2


def test_concurrency_is_reserved_only_where_asked_for(cloud: Templates, prod: Templates) -> None:
    """A new account has too few executions to reserve any: the deployment would fail."""
    assert not [name for name, function in cloud.functions().items() if "ReservedConcurrentExecutions" in function]
    reserved = {
        name: f["ReservedConcurrentExecutions"] for name, f in prod.functions().items() if "ReservedConcurrentExecutions" in f
    }
    assert reserved == {"api": 10, "predict": 10, "search": 10}


def test_the_janitor_can_delete_no_endpoint_that_serves(cloud: Templates) -> None:
    role, place = cloud.role_of("janitor"), "arn:aws:sagemaker:us-east-1:123456789012"
    assert not cloud.allowed(role, "sagemaker:DeleteEndpoint", f"{place}:endpoint/chartloop-ner")
    assert cloud.allowed(role, "sagemaker:DeleteEndpoint", f"{place}:endpoint/chartloop-ner-next")
    assert not cloud.allowed(role, "sagemaker:DeleteModel", f"{place}:model/another-ner-1")
    rule = cloud.only("AWS::Events::Rule", Name="chartloop-janitor")["Properties"]
    assert rule["ScheduleExpression"] == "rate(1 day)"
    assert [target["Arn"].rsplit(":", 1)[-1] for target in rule["Targets"]] == ["chartloop-janitor"]


def test_the_runbook_says_what_a_night_needs() -> None:
    """Every chapter that was asked for, and every command of ours in it is one that there is."""
    text = RUNBOOK.read_text()
    chapters = ("First deploy", "Stage the model", "Dev and prod", "Upgrade", "Restore", "Alarms", "Rotate", "Tear-down")
    assert [chapter for chapter in chapters if not re.search(rf"^##+ {chapter}$", text, re.MULTILINE)] == []
    (commands,) = (action.choices for action in parser()._actions if action.choices)
    assert set(re.findall(r"(?:^|`)chartloop ([a-z-]+)", text, re.MULTILINE)) <= set(commands or ())
    assert set(re.findall(r"#([a-z-]+)\)", text)) <= {
        _anchor(heading) for heading in re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    }


def _anchor(heading: str) -> str:
    return heading.lower().replace(",", "").replace(" ", "-")
