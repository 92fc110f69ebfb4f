"""Batch transforms: who may start them, in whose role they work, and who hears of their end."""

from __future__ import annotations

from pathlib import Path

from tests.infra.conftest import composed
from tests.infra.rules_access import roles_that_may
from tests.infra.templates import Templates

BUCKET = "arn:aws:s3:::chartloop-data-123456789012-us-east-1"
JOB = "arn:aws:sagemaker:us-east-1:123456789012:transform-job/ner-20261121-080000-abcd-transform"


def test_the_end_of_a_job_reaches_the_function_and_what_does_not_rests_in_the_queue(cloud: Templates) -> None:
    rule = cloud.only("AWS::Events::Rule", Name="chartloop-transform-ended")["Properties"]
    assert rule["EventPattern"]["detail-type"] == ["SageMaker Transform Job State Change"]
    assert rule["EventPattern"]["detail"]["TransformJobStatus"] == ["Completed", "Failed", "Stopped"]
    (target,) = rule["Targets"]
    assert target["Arn"].endswith(":function:chartloop-transformed")
    assert target["DeadLetterConfig"]["Arn"].endswith(":chartloop-missed")


def test_an_end_that_nobody_heard_of_is_looked_for_by_the_clock(cloud: Templates) -> None:
    assert cloud.only("AWS::Events::Rule", Name="chartloop-transformed")["Properties"]["ScheduleExpression"] == "rate(15 minutes)"


def test_jobs_work_in_the_models_role_which_reads_inputs_and_writes_outputs_alone(cloud: Templates) -> None:
    role = cloud.only("AWS::IAM::Role", RoleName="chartloop-endpoint")["LogicalId"]
    place = f"{BUCKET}/transforms/ner/ner-1"
    assert cloud.allowed(role, "s3:GetObject", f"{place}/input.jsonl")
    assert cloud.allowed(role, "s3:PutObject", f"{place}/output/input.jsonl.out")
    assert not cloud.allowed(role, "s3:PutObject", f"{place}/input.jsonl")
    assert not cloud.allowed(role, "s3:GetObject", f"{place}/output/input.jsonl.out")


def test_two_functions_may_start_jobs_and_api_and_janitor_stop_them(cloud: Templates) -> None:
    assert roles_that_may(cloud, "sagemaker:CreateTransformJob", JOB) == {cloud.role_of("api"), cloud.role_of("transformed")}
    assert roles_that_may(cloud, "sagemaker:StopTransformJob", JOB) == {cloud.role_of("api"), cloud.role_of("janitor")}


def test_where_the_function_serves_there_are_no_transforms(tmp_path: Path) -> None:
    itself = composed(tmp_path, serving="lambda")
    assert "transformed" not in itself.functions()
    assert not roles_that_may(itself, "sagemaker:CreateTransformJob", JOB)
