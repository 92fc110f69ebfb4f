"""What the loop really called against what its roles are allowed: nothing is missing, and what nobody used has a reason."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from client import transforming
from client.api import Api
from local.calls import FILE
from local.faults import Faults
from tests.e2e import easy
from tests.e2e.conftest import BUCKET, Cloud, until
from tests.e2e.policies import Call, Statement, allowed, holds, implied, like, of_role, statements, unused
from tests.e2e.test_loop import QUICK, RUN_SECONDS, processed

BY_THE_SERVICE = "SageMaker does it in the role's name; the local cloud pulls no image and keeps logs as files"
DELIVERED = "Step Functions delivers the machine's log; the console's own policy for it"
IN_PARTS = "a body of many megabytes goes up in parts, and is aborted where that fails"
MISSING = "who may not list a prefix is told 403 and not 404 of a missing object; a run reads objects that may be missing"
SEARCHED = "a run that searches its hyper-parameters; tests/e2e/test_stays.py lives through one"
RESUMED = "after an interruption; tests/e2e/test_kills.py lives through it"
VOLUMES = "SageMaker encrypts a job's volume in the role's name"
WATCHED = "SageMaker looks at the rollback alarms in this name while it shifts the traffic; there is no API call of ours"
EVENTS = "Step Functions hears of a job's end by rules of its own; the local cloud asks the job"

NEEDED = (
    ("*", "logs:*", BY_THE_SERVICE),
    ("*", "ecr:*", BY_THE_SERVICE),
    ("*", "cloudwatch:PutMetricData", BY_THE_SERVICE),
    ("chartloop-endpoint", "s3:ListBucket", MISSING),
    (
        "chartloop-endpoint",
        "kms:*",
        "for the endpoint's encrypted volume, attached by SageMaker",
    ),
    ("*Functions*", "s3:ListBucket", MISSING),
    ("*Functions*", "kms:*", "DynamoDB's minimum for a table under a key of one's own"),
    ("*FunctionsFinish*", "states:*", "the next run starts where records are waiting; after an interruption"),
    ("*Functions*", "states:DescribeExecution", RESUMED),
    ("*FunctionsOnUpload*", "sqs:*", "Lambda polls the queue in the function's name, and shows a failed message again"),
    ("*FunctionsSweep*", "states:*", RESUMED),
    ("*FunctionsSweep*", "sagemaker:Describe*Job", RESUMED),
    ("*FunctionsSweep*", "sagemaker:*ModelPackage*", "a review that nobody decided ends; tests/chartloop/test_deadlines.py"),
    ("*FunctionsSweep*", "s3:*Object", RESUMED),
    ("*FunctionsSweep*", "dynamodb:*Item", RESUMED),
    ("*FunctionsSweep*", "sqs:Get*", "the construct's grant of a sender; it opens no message"),
    ("*FunctionsPublish*", "elasticfilesystem:*", "the mount itself; asserted in tests/infra/test_pipeline.py"),
    ("*FunctionsSearch*", "elasticfilesystem:*", "the mount itself; asserted in tests/infra/test_serving.py"),
    ("*FunctionsPromote*", "sagemaker:DeleteEndpoint", "a first promotion that is undone takes its endpoint away"),
    ("*FunctionsJudge*", "sagemaker:UpdateModelPackage", "a candidate that is not better is entered as rejected"),
    ("*FunctionsApi*", "states:StartExecution", "a run that a person starts"),
    ("*FunctionsApi*", "states:StopExecution", "a run that a person cancels; tests/browser and tests/lambdas/test_api.py"),
    ("*FunctionsApi*", "dynamodb:BatchGetItem", "pages of batches"),
    ("*Jobs*", "s3:AbortMultipartUpload", IN_PARTS),
    ("*Jobs*", "kms:Encrypt", VOLUMES),
    ("*Functions*", "ec2:*", "Lambda joins the network in the function's name"),
    ("*FunctionsApi*", "sagemaker:Describe*Job", "shows where an active run stands"),
    ("*FunctionsJanitor*", "*", "what is forgotten is stopped or taken away, after a day; tests/lambdas/test_janitor.py"),
    ("*FunctionsApi*", "sagemaker:StopTransformJob", "a person stops one; tests/lambdas/test_transforms.py"),
    ("*FunctionsApi*", "kms:CreateGrant", VOLUMES),
    ("*FunctionsTransformed*", "sagemaker:*TransformJob", "a job that there was no room for is asked for again"),
    ("*FunctionsTransformed*", "sagemaker:AddTags", "a job that there was no room for is asked for again"),
    (
        "*FunctionsTransformed*",
        "sqs:SendMessage",
        "Lambda lays an event that fails aside, in the function's name",
    ),
    ("*FunctionsTransformed*", "dynamodb:Query", "by the clock, for ends that nobody heard of"),
    ("chartloop-endpoint", "s3:AbortMultipartUpload", IN_PARTS),
    ("*FunctionsPromote*", "application-autoscaling:*", "one instance does not scale; targets of a context before end with it"),
    ("*FunctionsPromote*", "cloudwatch:DescribeAlarms", WATCHED),
    ("*FunctionsPromote*", "sagemaker:CreateModelPackage", "a version that has no package yet gets one before it is deployed"),
    ("*FunctionsPromote*", "states:StartExecution", "a champion that fails after the switch is rolled back by a run of its own"),
    ("chartloop-endpoint", "cloudwatch:DescribeAlarms", WATCHED),
    ("*RetrainingMachine*", "xray:*", "Step Functions traces the machine, which carries no text"),
    ("*RetrainingMachine*", "logs:*", DELIVERED),
    ("*RetrainingMachine*", "events:*", EVENTS),
    ("*RetrainingMachine*", "*HyperParameterTuningJob", SEARCHED),
    ("*FunctionsTune*", "*", SEARCHED),
    ("*FunctionsFinish*", "sagemaker:*HyperParameterTuningJob", SEARCHED),
    ("*FunctionsSweep*", "sagemaker:*HyperParameterTuningJob", RESUMED),
    ("*FunctionsApi*", "sagemaker:*HyperParameterTuningJob", SEARCHED),
    ("*RetrainingMachine*", "sagemaker:Stop*Job", "an execution that is stopped stops its job"),
    ("*RetrainingMachine*", "sagemaker:*Tags", "Step Functions marks the jobs that it runs"),
)
"""(role, action, why): permissions that this run did not use."""


def live(cloud: Cloud, api: Api, tmp: Path) -> None:
    """What a deployment lives through: runs, a prediction and its correction, decisions, a withdrawal, a lost event."""
    api.change_settings("ner", QUICK)
    for seed in (1, 12):
        if len([run for run in api.runs("ner")["runs"] if run["status"] == "succeeded"]) < (1 if seed == 1 else 2):
            api.post_records("ner", easy.notes(120 if seed == 1 else 40, seed=seed))
            until(lambda: api.task("ner")["active_run"], 60)
            until(lambda: idle(api), RUN_SECONDS)
    champion = api.task("ner")["champion"]["version"]
    kept = api.predict("ner", ["the patient takes aspirin"], keep=True, codes=3)["predictions"][0]
    api.feedback("ner", kept["prediction_id"], entities=[{"start": 18, "end": 25, "label": "drug"}])
    api.review("ner", text=True)
    api.drift("ner")
    api.similar("ner", "the patient takes aspirin", include=["text"])
    transform(api, tmp)
    other = next(model["version"] for model in api.models("ner") if model["version"] != champion)
    api.promote("ner", other, reason="to see what it takes")
    until(lambda: idle(api) and api.task("ner")["champion"]["version"] == other, RUN_SECONDS)
    api.reject("ner", champion, reason="to see what it takes")
    batch = api.post_records("ner", easy.notes(3, seed=90))["batch_id"]
    until(lambda: processed(api, batch), 60)
    api.withdraw("ner", batch, reason="to see what it takes")
    api.batches("ner")
    lose_an_event(cloud)


def transform(api: Api, folder: Path) -> None:
    source = folder / "notes.jsonl"
    source.write_text(json.dumps({"text": "the patient takes aspirin"}))
    started = transforming.begin(api, "ner", source)["transform_id"]
    until(lambda: api.transform("ner", started)["status"] == "done", 120)


def lose_an_event(cloud: Cloud) -> None:
    """The sweep finds the object that nobody was told of, and sends it again."""
    faults = Faults(cloud.state / "faults")
    faults.begin("drop:events:1")
    lines = "\n".join(json.dumps(record) for record in easy.notes(2, seed=91))
    cloud.client("s3").put_object(Bucket=BUCKET, Key="incoming/ner/lost.jsonl", Body=lines.encode())
    until(lambda: not (cloud.state / "faults").read_text(), 60)
    faults.begin("")
    cloud.client("lambda").invoke(FunctionName="chartloop-sweep", Payload=b"{}")
    listing = {"Bucket": BUCKET, "Prefix": "receipts/ner/lost.jsonl.json"}
    until(lambda: cloud.client("s3").list_objects_v2(**listing)["KeyCount"], 60)


def idle(api: Api) -> bool:
    task = api.task("ner")
    return task["active_run"] is None and task["promotion"] is None


def logged(state: Path) -> list[Call]:
    return [Call(**json.loads(line)) for line in (state / "logs" / FILE).read_text().splitlines()]


def encrypted(cloud: Cloud) -> dict[str, str]:
    """The key's ARN by the ARN of what it encrypts: everything that the data stack keeps."""
    aliases = cloud.client("kms").list_aliases()["Aliases"]
    (key,) = (alias["TargetKeyId"] for alias in aliases if alias["AliasName"] == "alias/chartloop")
    arn = f"arn:aws:kms:us-east-1:123456789012:key/{key}"
    return dict.fromkeys(
        (f"arn:aws:s3:::{BUCKET}", "arn:aws:dynamodb:us-east-1:123456789012:table/chartloop-ledger",
         "arn:aws:sqs:us-east-1:123456789012:chartloop-uploads"), arn,
    )  # fmt: skip


@pytest.fixture(scope="module")
def calls(cloud: Cloud, api: Api, tmp_path_factory: pytest.TempPathFactory) -> list[Call]:
    """Every call of every role in this cloud's life."""
    live(cloud, api, tmp_path_factory.mktemp("transform"))
    found, keys = logged(cloud.state), encrypted(cloud)
    return [*found, *(use for call in found for use in implied(call, keys))]


@pytest.fixture(scope="module")
def policies(cloud: Cloud) -> dict[str, list[Statement]]:
    iam = cloud.client("iam")
    pages = iam.get_paginator("list_roles").paginate()
    names = (role["RoleName"] for page in pages for role in page["Roles"])
    return {name: of_role(iam, name) for name in names if name.startswith("chartloop-")}


def test_every_call_is_allowed_by_the_synthesized_policies(calls: list[Call], policies: dict[str, list[Statement]]) -> None:
    ours = [call for call in calls if call.role in policies]
    assert len({call.role for call in ours}) >= 12 and len(ours) > 150
    assert [str(call) for call in ours if not allowed(call, policies[call.role])] == []


def test_what_is_allowed_and_never_called_has_its_reason(calls: list[Call], policies: dict[str, list[Statement]]) -> None:
    idle_ones = {pair for role, policy in policies.items() for pair in unused(role, policy, calls)}
    assert sorted(pair for pair in idle_ones if not reasons(*pair)) == []


def test_no_reason_outlives_its_permission(policies: dict[str, list[Statement]]) -> None:
    granted = {(role, action) for role, policy in policies.items() for each in policy for action in each.actions}
    assert [need for need in NEEDED if not any(reasons(*pair, (need,)) for pair in granted)] == []


def reasons(role: str, action: str, table: tuple[tuple[str, str, str], ...] = NEEDED) -> list[str]:
    return [why for who, what, why in table if like(who, role) and like(what, action)]


POLICY: dict[str, Any] = {
    "Statement": [
        {"Effect": "Allow", "Action": ["s3:GetObject"], "Resource": "arn:aws:s3:::data/runs/*"},
        {"Effect": "Allow", "Action": "s3:List*", "Resource": "arn:aws:s3:::data",
         "Condition": {"StringLikeIfExists": {"s3:prefix": ["runs/*"]}}},
        {"Effect": "Allow", "Action": "iam:PassRole", "Resource": "*",
         "Condition": {"StringEquals": {"iam:PassedToService": "sagemaker.amazonaws.com"}}},
        {"Effect": "Deny", "Action": "s3:*", "Resource": "arn:aws:s3:::data/runs/secret"},
    ]
}  # fmt: skip


@pytest.mark.parametrize(
    ("action", "resource", "context", "expected"),
    [
        ("s3:GetObject", "arn:aws:s3:::data/runs/1/request.json", {}, True),
        ("s3:GetObject", "arn:aws:s3:::data/holdout/1", {}, False),
        ("s3:PutObject", "arn:aws:s3:::data/runs/1", {}, False),
        ("s3:GetObject", "arn:aws:s3:::data/runs/secret", {}, False),
        ("s3:ListBucket", "arn:aws:s3:::data", {}, True),
        ("s3:ListBucket", "arn:aws:s3:::data", {"s3:prefix": "holdout/"}, False),
        ("iam:PassRole", "role", {"iam:PassedToService": "sagemaker.amazonaws.com"}, True),
        ("iam:PassRole", "role", {"iam:PassedToService": "ec2.amazonaws.com"}, False),
        ("iam:PassRole", "role", {}, False),
    ],
)
def test_a_policy_allows_what_it_says(action: str, resource: str, context: dict[str, str], expected: bool) -> None:
    assert allowed(Call("role", action, resource, context), list(statements(POLICY))) is expected


def test_what_cannot_be_evaluated_is_refused() -> None:
    with pytest.raises(AssertionError, match="NotAction"):
        list(statements({"Statement": [{"Effect": "Allow", "NotAction": "s3:*", "Resource": "*"}]}))
    with pytest.raises(KeyError):
        holds("NumericLessThan", {"s3:max-keys": "1"}, {"s3:max-keys": "2"})


def test_a_grant_is_unused_until_its_role_calls_it() -> None:
    policy = list(statements(POLICY))
    call = Call("me", "s3:ListBucket", "arn:aws:s3:::data")
    assert ("me", "s3:List*") in unused("me", policy, [])
    assert ("me", "s3:List*") not in unused("me", policy, [call])
    assert ("other", "s3:List*") in unused("other", policy, [call])
