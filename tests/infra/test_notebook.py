"""Where a notebook trains: its instance, who reaches it, what it reaches, and that nothing of the jobs is left."""

from __future__ import annotations

import base64
import json
import re
from typing import Any

import botocore.session
import pytest
from botocore.validate import ParamValidator

from tests.infra.asl import machines
from tests.infra.templates import Templates

DATA = "arn:aws:s3:::chartloop-data-123456789012-us-east-1"
MACHINE = "arn:aws:states:us-east-1:123456789012:stateMachine:chartloop-retrain"
INSTANCE = "arn:aws:sagemaker:us-east-1:123456789012:notebook-instance/chartloop-training"
JOB = "arn:aws:sagemaker:us-east-1:123456789012:training-job/ner-20261121-080102-3f9c-1-train"


def instance(by_notebook: Templates) -> dict[str, Any]:
    found: dict[str, Any] = by_notebook.only("AWS::SageMaker::NotebookInstance")["Properties"]
    return found


def role(by_notebook: Templates) -> str:
    return str(instance(by_notebook)["RoleArn"].rsplit("/", 1)[-1])


def job_role(by_notebook: Templates) -> str:
    training = by_notebook.definition()["States"]["Notebook"]["Parameters"]["Payload"]["training"]
    return str(training["RoleArn"].rsplit("/", 1)[-1])


def script(by_notebook: Templates) -> str:
    config = by_notebook.only("AWS::SageMaker::NotebookInstanceLifecycleConfig")["Properties"]
    assert config["NotebookInstanceLifecycleConfigName"] == "chartloop-training"
    assert instance(by_notebook)["LifecycleConfigName"].endswith(".NotebookInstanceLifecycleConfigName")
    (hook,) = config["OnStart"]
    return str(hook["Content"]["Fn::Base64"])


def test_nobody_is_root_and_nothing_leads_to_the_internet(by_notebook: Templates) -> None:
    found = instance(by_notebook)
    assert (found["RootAccess"], found["DirectInternetAccess"]) == ("Disabled", "Disabled")
    assert found["InstanceMetadataServiceConfiguration"] == {"MinimumInstanceMetadataServiceVersion": "2"}
    assert found["PlatformIdentifier"] == "notebook-al2023-v1"
    assert "DataKey" in found["KmsKeyId"]
    assert found["SubnetId"].startswith("Network") and found["SecurityGroupIds"] == [f"{group_of(by_notebook)}.GroupId"]


@pytest.mark.parametrize(
    ("kind", "operation"),
    [
        ("NotebookInstance", "CreateNotebookInstance"),
        ("NotebookInstanceLifecycleConfig", "CreateNotebookInstanceLifecycleConfig"),
    ],
)
def test_botocore_takes_what_cloudformation_will_ask_for(by_notebook: Templates, kind: str, operation: str) -> None:
    asked = {**by_notebook.only(f"AWS::SageMaker::{kind}")["Properties"]}
    asked.pop("Tags", None)
    if "OnStart" in asked:
        asked["OnStart"] = [{"Content": base64.b64encode(script(by_notebook).encode()).decode()}]
    shape = botocore.session.get_session().get_service_model("sagemaker").operation_model(operation).input_shape
    report = ParamValidator().validate(asked, shape)
    assert not report.has_errors(), report.generate_report()
    for name, value in asked.items():
        allowed = getattr(shape.members[name], "enum", None)
        assert not allowed or value in allowed
        if name.endswith("Name") and "." not in value:  # which is a reference, here
            assert re.fullmatch(shape.members[name].metadata["pattern"], value)


def group_of(by_notebook: Templates) -> str:
    (name,) = [
        name
        for name, group in by_notebook.all("AWS::EC2::SecurityGroup").items()
        if group["Properties"]["GroupDescription"] == "The notebook that trains"
    ]
    return name


def test_it_reaches_the_model_folder_and_aws_alone(by_notebook: Templates) -> None:
    group = by_notebook.all("AWS::EC2::SecurityGroup")[group_of(by_notebook)]["Properties"]
    assert [rule["FromPort"] for rule in group["SecurityGroupEgress"]] == [2049, 443]
    assert "SecurityGroupIngress" not in group
    rules = [rule["Properties"] for rule in by_notebook.all("AWS::EC2::SecurityGroupIngress").values()]
    ours = [rule for rule in rules if rule["SourceSecurityGroupId"] == f"{group_of(by_notebook)}.GroupId"]
    assert sorted((rule["FromPort"], rule["ToPort"]) for rule in ours) == [(443, 443), (2049, 2049)]


def test_its_endpoints_are_there_only_with_it(by_notebook: Templates, cloud: Templates) -> None:
    def interfaces(templates: Templates) -> set[str]:
        found = [endpoint["Properties"] for endpoint in templates.all("AWS::EC2::VPCEndpoint").values()]
        return {str(endpoint["ServiceName"]) for endpoint in found if endpoint.get("VpcEndpointType") == "Interface"}

    ours = {f"com.amazonaws.us-east-1.{service}" for service in ("sagemaker.api", "states", "logs", "sts")}
    assert interfaces(by_notebook) - interfaces(cloud) == ours
    for endpoint in by_notebook.all("AWS::EC2::VPCEndpoint").values():
        if endpoint["Properties"].get("ServiceName") in ours:
            assert endpoint["Properties"]["PrivateDnsEnabled"] is True
            assert endpoint["Properties"]["SubnetIds"] == [instance(by_notebook)["SubnetId"]]


def test_its_script_fits_and_carries_names_only(by_notebook: Templates) -> None:
    text = script(by_notebook)
    assert len(text.encode()) < 12_000
    assert len(base64.b64encode(text.encode())) <= 16_384
    assert text.startswith("#!/bin/bash\nexport ")
    exported = dict(re.findall(r"^export (\w+)='([^']*)'$", text, re.MULTILINE))
    assert set(exported) == {
        *("AWS_DEFAULT_REGION", "CHARTLOOP_ACCESS_POINT", "CHARTLOOP_BUCKET", "CHARTLOOP_FILE_SYSTEM"),
        *("CHARTLOOP_HOURS", "CHARTLOOP_KMS_KEY", "CHARTLOOP_NOTEBOOK"),
    }
    assert exported["CHARTLOOP_NOTEBOOK"] == instance(by_notebook)["NotebookInstanceName"]
    assert set(re.findall(r"\$\{?(CHARTLOOP_\w+|AWS_\w+)", text)) == set(exported)


def test_no_job_is_left_to_the_state_machine(by_notebook: Templates) -> None:
    resources = [s.get("Resource", "") for part in machines(by_notebook.definition()) for s in part["States"].values()]
    assert not [resource for resource in resources if "sagemaker" in resource]
    machine = by_notebook.only("AWS::StepFunctions::StateMachine")["Properties"]["RoleArn"].rsplit("/", 1)[-1]
    for action in ("sagemaker:CreateTrainingJob", "sagemaker:CreateProcessingJob", "iam:PassRole", "events:PutRule"):
        assert not [s for s in by_notebook.statements(machine) if action in s["Action"]]
    function = by_notebook.definition()["States"]["Notebook"]["Parameters"]["FunctionName"]
    assert by_notebook.allowed(machine, "lambda:InvokeFunction", function)


@pytest.mark.parametrize(
    ("key", "may_read", "may_write"),
    [
        ("records/ner/b.jsonl", True, False),
        ("holdout/ner/b.jsonl", True, False),
        ("snapshots/ner/h/train.jsonl", True, True),
        ("embeddings/ner/h/vectors.npy", True, True),
        ("runs/r/request.json", True, False),
        ("runs/r/train/j/output/model.tar.gz", True, False),
        ("runs/r/score/candidate.json", False, True),
        ("runs/r/verdict.json", False, False),
        ("runs/r/notebook/model_training.ipynb", False, True),
        ("models/ner/v/model.tar.gz", True, True),
        ("notebook/order.json", True, False),
        ("wheels/notebook/manifest.json", True, False),
        ("incoming/ner/b.jsonl", False, False),
        ("receipts/ner/b.json", False, False),
    ],
)
def test_the_notebook_reaches_what_it_works_on(by_notebook: Templates, key: str, may_read: bool, may_write: bool) -> None:
    assert by_notebook.allowed(role(by_notebook), "s3:GetObject", f"{DATA}/{key}") is may_read
    assert by_notebook.allowed(role(by_notebook), "s3:PutObject", f"{DATA}/{key}") is may_write


def test_the_training_job_reaches_less_where_it_only_trains(by_notebook: Templates) -> None:
    readable = ("snapshots/ner/h/train.jsonl", "base-models/b/config.json")
    assert all(by_notebook.allowed(job_role(by_notebook), "s3:GetObject", f"{DATA}/{key}") for key in readable)
    assert not by_notebook.allowed(job_role(by_notebook), "s3:GetObject", f"{DATA}/records/ner/b.jsonl")
    readers = {
        name for name in by_notebook.all("AWS::IAM::Role") if by_notebook.allowed(name, "s3:GetObject", f"{DATA}/holdout/ner/b")
    }
    assert readers == {role(by_notebook)}


def test_the_notebook_may_do_its_own_work_and_no_more(by_notebook: Templates) -> None:
    name = role(by_notebook)
    allowed = {action for statement in by_notebook.statements(name) for action in _listed(statement["Action"])}
    assert {action for action in allowed if not action.startswith(("s3:", "kms:", "logs:"))} == {
        *("sagemaker:CreateTrainingJob", "sagemaker:DescribeTrainingJob", "sagemaker:StopTrainingJob"),
        *("states:SendTaskFailure", "states:SendTaskHeartbeat", "states:SendTaskSuccess"),
        *("sagemaker:StopNotebookInstance", "elasticfilesystem:ClientMount", "iam:PassRole"),
        "sagemaker:AddTags",
    }
    assert by_notebook.allowed(name, "sagemaker:CreateTrainingJob", JOB)
    assert not by_notebook.allowed(name, "sagemaker:CreateTrainingJob", JOB.replace("/ner-", "/someone-elses-"))
    assert by_notebook.allowed(name, "sagemaker:StopNotebookInstance", INSTANCE)
    assert not by_notebook.allowed(name, "sagemaker:StopNotebookInstance", INSTANCE + "-of-others")
    assert by_notebook.allowed(name, "states:SendTaskSuccess", MACHINE)
    assert all("*" not in _listed(statement["Resource"]) for statement in by_notebook.statements(name))


def test_the_model_folder_is_mounted_by_its_access_point_alone(by_notebook: Templates) -> None:
    (mounting,) = [s for s in by_notebook.statements(role(by_notebook)) if "elasticfilesystem" in str(s["Action"])]
    ((_, point),) = mounting["Condition"]["StringEquals"].items()
    assert "AccessPoint" in json.dumps(point)


def test_only_the_job_role_is_passed_and_only_to_sagemaker(by_notebook: Templates) -> None:
    (passing,) = [s for s in by_notebook.statements(role(by_notebook)) if "iam:PassRole" in s["Action"]]
    assert passing["Resource"].rsplit("/", 1)[-1] == job_role(by_notebook)
    assert passing["Condition"] == {"StringEquals": {"iam:PassedToService": "sagemaker.amazonaws.com"}}


def test_its_end_is_heard_of(by_notebook: Templates) -> None:
    rule = by_notebook.only("AWS::Events::Rule", Name="chartloop-notebook-stopped")["Properties"]
    assert rule["EventPattern"] == {
        "source": ["aws.sagemaker"],
        "detail-type": ["SageMaker Notebook Instance State Change"],
        "detail": {"NotebookInstanceName": ["chartloop-training"], "NotebookInstanceStatus": ["Stopped", "Failed"]},
    }
    assert [target["Arn"].rsplit(":", 1)[-1] for target in rule["Targets"]] == ["chartloop-notebook-stopped"]
    listener = by_notebook.role_of("notebook-stopped")
    assert by_notebook.allowed(listener, "states:SendTaskFailure", MACHINE)
    assert by_notebook.allowed(listener, "sagemaker:DescribeNotebookInstance", INSTANCE)


def test_the_instance_is_started_and_stopped_by_one_function(by_notebook: Templates) -> None:
    for verb in ("Start", "Stop"):
        action = f"sagemaker:{verb}NotebookInstance"
        able = {name for name in by_notebook.all("AWS::IAM::Role") if by_notebook.allowed(name, action, INSTANCE)}
        janitor = {by_notebook.role_of("janitor")} if verb == "Stop" else set()
        assert able - {role(by_notebook)} == {by_notebook.role_of("notebook")} | janitor
    writer = by_notebook.role_of("notebook")
    assert by_notebook.allowed(writer, "s3:PutObject", f"{DATA}/notebook/order.json")
    assert by_notebook.allowed(writer, "s3:PutObject", f"{DATA}/runs/r/notebook/order.json")
    assert not by_notebook.allowed(writer, "s3:PutObject", f"{DATA}/runs/r/request.json")


def test_functions_know_the_instance_where_there_is_one(by_notebook: Templates, cloud: Templates) -> None:
    for templates, name in ((by_notebook, "chartloop-training"), (cloud, "")):
        settings = {f["Environment"]["Variables"]["CHARTLOOP_NOTEBOOK"] for f in templates.functions().values()}
        assert settings == {name}


def _listed(value: Any) -> list[str]:
    return value if isinstance(value, list) else [value]
