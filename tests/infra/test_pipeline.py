"""The pipeline stack: what triggers what, and who may do what."""

from __future__ import annotations

import ast
import json
from pathlib import Path

import pytest

from chartloop.settings import PREFIX, Settings, from_environment
from infra.code import ROOT
from tests.infra.asl import machines
from tests.infra.templates import Templates
from tests.infra.test_data import DATA_KEY

DATA = "arn:aws:s3:::chartloop-data-123456789012-us-east-1"
MACHINE = "arn:aws:states:us-east-1:123456789012:stateMachine:chartloop-retrain"


def test_an_upload_becomes_a_message(cloud: Templates) -> None:
    rule = cloud.only("AWS::Events::Rule", Name="chartloop-uploaded")["Properties"]
    assert rule["EventPattern"] == {
        "source": ["aws.s3"],
        "detail-type": ["Object Created"],
        "detail": {
            "bucket": {"name": ["chartloop-data-123456789012-us-east-1"]},
            "object": {"key": [{"prefix": "incoming/"}]},
        },
    }
    assert rule["State"] == "ENABLED"
    assert [target["Arn"] for target in rule["Targets"]] == ["arn:aws:sqs:us-east-1:123456789012:chartloop-uploads"]


def test_eventbridge_may_write_into_the_encrypted_queue(cloud: Templates) -> None:
    policies = [policy["Properties"]["PolicyDocument"]["Statement"] for policy in cloud.all("AWS::SQS::QueuePolicy").values()]
    senders = [s for statements in policies for s in statements if s["Principal"] == {"Service": "events.amazonaws.com"}]
    queues = {s["Resource"].rsplit(":", 1)[-1] for s in senders}
    assert queues == {"chartloop-uploads", "chartloop-uploads-dead-letters", "chartloop-missed"}
    queue = cloud.only("AWS::SQS::Queue", QueueName="chartloop-uploads")["Properties"]
    assert "DataKey" in queue["KmsMasterKeyId"]
    key = cloud.only("AWS::KMS::Key", Description=DATA_KEY)["Properties"]["KeyPolicy"]["Statement"]
    statements = [s for s in key if s["Principal"] == {"Service": "events.amazonaws.com"}]
    assert statements and all(set(s["Action"]) >= {"kms:Decrypt", "kms:GenerateDataKey*"} for s in statements)


def test_messages_reach_on_upload_and_what_fails_comes_again_then_rests(cloud: Templates) -> None:
    mapping = cloud.only("AWS::Lambda::EventSourceMapping")["Properties"]
    assert mapping["EventSourceArn"] == "arn:aws:sqs:us-east-1:123456789012:chartloop-uploads"
    assert mapping["FunctionName"] == "chartloop-on-upload"
    assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert mapping["ScalingConfig"]["MaximumConcurrency"] == 5
    queue = cloud.only("AWS::SQS::Queue", QueueName="chartloop-uploads")["Properties"]
    assert queue["RedrivePolicy"]["deadLetterTargetArn"].endswith(":chartloop-uploads-dead-letters")
    assert queue["VisibilityTimeout"] >= 6 * cloud.function("on-upload")["Timeout"]


def test_the_sweep_runs_by_the_clock(cloud: Templates) -> None:
    rule = cloud.only("AWS::Events::Rule", Name="chartloop-sweep")["Properties"]
    assert rule["ScheduleExpression"] == "rate(15 minutes)"
    assert [target["Arn"].rsplit(":", 1)[-1] for target in rule["Targets"]] == ["chartloop-sweep"]


def test_every_handler_exists(cloud: Templates) -> None:
    assert len(cloud.functions()) == 15
    for name, function in cloud.functions().items():
        package, module, handler = function["Handler"].split(".")
        path: Path = ROOT / package / f"{module}.py"
        assert path.is_file(), name
        defined = {node.name for node in ast.parse(path.read_text()).body if isinstance(node, ast.FunctionDef)}
        assert handler in defined, f"{path.name} has no {handler}"


def test_functions_get_every_setting_and_can_read_it_back(cloud: Templates) -> None:
    for name, function in cloud.functions().items():
        variables = {key: str(value) for key, value in function["Environment"]["Variables"].items()}
        assert {PREFIX + field.upper() for field in Settings.model_fields} <= set(variables)
        settings = from_environment(variables, "state_machine", "endpoint_role", "inference_image", "kms_key", "queue_url")
        assert settings.state_machine == MACHINE
        assert bool(settings.model_folder) is (name in ("publish", "search"))
        assert bool(settings.issuer) is (name == "authorizer")


def test_only_publish_and_search_have_the_model_folder_and_are_in_the_network(cloud: Templates) -> None:
    mounting = ("publish", "search")
    for name, function in cloud.functions().items():
        assert ("FileSystemConfigs" in function) is ("VpcConfig" in function) is (name in mounting)
    for name in mounting:
        (mount,) = cloud.function(name)["FileSystemConfigs"]
        assert mount["LocalMountPath"] == cloud.function(name)["Environment"]["Variables"]["CHARTLOOP_MODEL_FOLDER"]


def test_logs_are_encrypted_and_end(cloud: Templates) -> None:
    groups = {group["Properties"]["LogGroupName"]: group["Properties"] for group in cloud.all("AWS::Logs::LogGroup").values()}
    assert {f"/aws/lambda/chartloop-{name}" for name in cloud.functions()} <= set(groups)
    assert all(group["KmsKeyId"] and group["RetentionInDays"] for group in groups.values())


def test_the_machine_is_standard_logs_no_data_and_is_the_definition(cloud: Templates) -> None:
    machine = cloud.only("AWS::StepFunctions::StateMachine", StateMachineName="chartloop-retrain")["Properties"]
    assert machine.get("StateMachineType", "STANDARD") == "STANDARD"
    assert machine["LoggingConfiguration"]["IncludeExecutionData"] is False
    definition = cloud.definition()
    called = {
        state["Parameters"]["FunctionName"].rsplit(":", 1)[-1]
        for part in machines(definition)
        for state in part["States"].values()
        if "FunctionName" in state.get("Parameters", {})
    }
    assert called == {f"chartloop-{name}" for name in ("begin", "champion", "judge", "promote", "publish", "finish", "tune")}
    assert definition["States"]["Pause"]["Seconds"] == 30
    assert definition["States"]["Swap"]["ResultPath"] is None


def machine_role(cloud: Templates) -> str:
    (machine,) = [r for r in cloud.stacks["pipeline"]["Resources"].values() if r["Type"] == "AWS::StepFunctions::StateMachine"]
    return str(machine["Properties"]["RoleArn"]["Fn::GetAtt"][0])


def test_the_machine_may_call_what_it_calls(cloud: Templates) -> None:
    role = machine_role(cloud)
    for part in machines(cloud.definition()):
        for state in part["States"].values():
            if "FunctionName" in state.get("Parameters", {}):
                assert cloud.allowed(role, "lambda:InvokeFunction", state["Parameters"]["FunctionName"])


@pytest.mark.parametrize("kind", ["Processing", "Training"])
@pytest.mark.parametrize("verb", ["Create", "Describe", "Stop"])
def test_the_machine_may_run_jobs_of_its_runs_to_their_end(cloud: Templates, kind: str, verb: str) -> None:
    role, job = machine_role(cloud), f"arn:aws:sagemaker:us-east-1:123456789012:{kind.lower()}-job/ner-20261121-080102-3f9c-1-x"
    assert cloud.allowed(role, f"sagemaker:{verb}{kind}Job", job)
    assert not cloud.allowed(role, f"sagemaker:{verb}{kind}Job", job.replace("/ner-", "/someone-elses-"))
    rule = f"arn:aws:events:us-east-1:123456789012:rule/StepFunctionsGetEventsForSageMaker{kind}JobsRule"
    assert all(cloud.allowed(role, f"events:{action}", rule) for action in ("PutRule", "PutTargets", "DescribeRule"))


def test_roles_are_passed_to_sagemaker_only(cloud: Templates) -> None:
    passing = [
        statement
        for policy in cloud.all("AWS::IAM::Policy").values()
        for statement in policy["Properties"]["PolicyDocument"]["Statement"]
        if "iam:PassRole" in statement["Action"]
    ]
    assert len(passing) == 2
    for statement in passing:
        assert statement["Condition"] == {"StringEquals": {"iam:PassedToService": "sagemaker.amazonaws.com"}}
        assert "*" not in json.dumps(statement["Resource"])


def job_roles(cloud: Templates) -> dict[str, str]:
    """Logical ids of the jobs' roles by the states that run under them."""
    names = cloud.definition()["States"]
    by_arn = {f"arn:aws:iam::123456789012:role/{name}": name for name in cloud.all("AWS::IAM::Role")}
    return {state: by_arn[names[state]["Parameters"]["RoleArn"]] for state in ("Prepare", "Score", "ScoreFirst")}


def test_the_holdout_is_readable_by_the_score_role_alone(cloud: Templates) -> None:
    readers = {role for role in cloud.all("AWS::IAM::Role") if cloud.allowed(role, "s3:GetObject", f"{DATA}/holdout/ner/b.jsonl")}
    assert readers == {job_roles(cloud)["Score"]}
    writers = {role for role in cloud.all("AWS::IAM::Role") if cloud.allowed(role, "s3:PutObject", f"{DATA}/holdout/ner/b.jsonl")}
    assert writers == {cloud.role_of("on-upload")}


def test_no_policy_opens_the_whole_bucket_or_service(cloud: Templates) -> None:
    for policy in cloud.all("AWS::IAM::Policy").values():
        for statement in policy["Properties"]["PolicyDocument"]["Statement"]:
            actions = statement["Action"] if isinstance(statement["Action"], list) else [statement["Action"]]
            assert not [action for action in actions if action == "*" or action.endswith(":*")]
            assert f"{DATA}/*" not in statement["Resource"]


@pytest.mark.parametrize(
    ("role", "key", "may_read", "may_write"),
    [
        ("Prepare", "records/ner/b.jsonl", True, False),
        ("Prepare", "runs/r/request.json", True, False),
        ("Prepare", "codes/icd10cm.jsonl", True, False),
        ("Prepare", "snapshots/ner/h/train.jsonl", True, True),
        ("Prepare", "runs/r/score/candidate.json", False, False),
        ("Prepare", "runs/r/train/j/output/model.tar.gz", False, True),
        ("Prepare", "models/ner/v/model.tar.gz", False, False),
        ("Prepare", "incoming/ner/b.jsonl", False, False),
        ("Score", "runs/r/train/j/output/model.tar.gz", True, False),
        ("Score", "models/ner/v/model.tar.gz", True, True),
        ("Score", "base-models/b/config.json", True, False),
        ("Score", "runs/r/score/candidate.json", False, True),
        ("Score", "records/ner/b.jsonl", False, False),
        ("Score", "runs/r/verdict.json", False, False),
    ],
)
def test_jobs_reach_what_they_work_on(cloud: Templates, role: str, key: str, may_read: bool, may_write: bool) -> None:
    name = job_roles(cloud)[role]
    assert cloud.allowed(name, "s3:GetObject", f"{DATA}/{key}") is may_read
    assert cloud.allowed(name, "s3:PutObject", f"{DATA}/{key}") is may_write


def test_only_promotion_makes_and_deletes_endpoints(cloud: Templates) -> None:
    endpoint = "arn:aws:sagemaker:us-east-1:123456789012:endpoint/chartloop-ner"
    for action in ("CreateEndpoint", "UpdateEndpoint", "DeleteEndpoint"):
        able = {role for role in cloud.all("AWS::IAM::Role") if cloud.allowed(role, f"sagemaker:{action}", endpoint)}
        assert able == {cloud.role_of("promote")}
    callers = {role for role in cloud.all("AWS::IAM::Role") if cloud.allowed(role, "sagemaker:InvokeEndpoint", endpoint)}
    assert callers == {cloud.role_of("promote"), cloud.role_of("predict"), cloud.role_of("api")}  # the last for a text's vector


def test_runs_are_started_by_those_who_decide_it(cloud: Templates) -> None:
    starters = {role for role in cloud.all("AWS::IAM::Role") if cloud.allowed(role, "states:StartExecution", MACHINE)}
    assert starters == {cloud.role_of(name) for name in ("on-upload", "finish", "sweep", "api", "promote")}
