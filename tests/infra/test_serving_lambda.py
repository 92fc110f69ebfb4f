"""serving=lambda in the templates: one function that reads the folder and calls nothing, and no right at an endpoint anywhere."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from botocore.validate import ParamValidator

from infra import jobs
from infra.context import Context
from tests.infra.asl import resolve
from tests.infra.conftest import composed
from tests.infra.executions import JOBS, an_input
from tests.infra.templates import Templates, listed
from tests.infra.test_requests import CONTEXT, shape_of

PREDICT = "arn:aws:lambda:us-east-1:123456789012:function:chartloop-predict"


@pytest.fixture(scope="module")
def itself(tmp_path_factory: pytest.TempPathFactory) -> Templates:
    return composed(tmp_path_factory.mktemp("itself"), serving="lambda")


def actions(templates: Templates, function: str) -> set[str]:
    return {action for statement in templates.statements(templates.role_of(function)) for action in listed(statement["Action"])}


def test_predict_mounts_the_model_folder_in_the_network(itself: Templates) -> None:
    predict = itself.function("predict")
    [mount] = predict["FileSystemConfigs"]
    assert mount["LocalMountPath"] == predict["Environment"]["Variables"]["CHARTLOOP_MODEL_FOLDER"] == "/mnt/chartloop"
    assert predict["VpcConfig"] == itself.function("publish")["VpcConfig"]
    assert predict["Timeout"] <= 29 and len(predict["Layers"]) == 2


def test_it_reads_the_folder_as_another_user_who_owns_nothing(itself: Templates) -> None:
    points = [point["Properties"] for point in itself.all("AWS::EFS::AccessPoint").values()]
    users = {point["PosixUser"]["Uid"]: point for point in points}
    assert set(users) == {"1000", "1001"} and {point["PosixUser"]["Gid"] for point in points} == {"1000"}
    assert {point["RootDirectory"]["Path"] for point in points} == {"/chartloop"}
    made = {tuple(sorted(point["RootDirectory"]["CreationInfo"].items())) for point in points}
    assert made == {(("OwnerGid", "1000"), ("OwnerUid", "1000"), ("Permissions", "750"))}
    [mount] = itself.function("predict")["FileSystemConfigs"]
    assert "Reader" in str(mount["Arn"])


def test_it_may_mount_that_folder_and_write_what_is_kept_or_counted(itself: Templates) -> None:
    others = {each for each in actions(itself, "predict") if not each.startswith(("logs:", "ec2:", "kms:"))}
    assert others == {"elasticfilesystem:ClientMount", "s3:PutObject", "dynamodb:PutItem"}
    [statement] = [
        each for each in itself.statements(itself.role_of("predict")) if each["Action"] == "elasticfilesystem:ClientMount"
    ]
    assert statement["Resource"] != "*" and "elasticfilesystem:AccessPointArn" in str(statement["Condition"])


def test_promotion_asks_that_function_and_touches_no_endpoint(itself: Templates) -> None:
    role = itself.role_of("promote")
    assert itself.allowed(role, "lambda:InvokeFunction", PREDICT)
    assert not itself.allowed(role, "lambda:InvokeFunction", PREDICT.replace("predict", "publish"))
    granted = actions(itself, "promote")
    assert {action for action in granted if action.startswith("sagemaker:")} == {
        "sagemaker:CreateModelPackage", "sagemaker:ListModelPackages", "sagemaker:UpdateModelPackage",
    }  # fmt: skip
    assert not {"iam:PassRole", "kms:CreateGrant"} & granted


@pytest.mark.parametrize("function", ["promote", "predict"])
def test_the_functions_know_how_it_is_served(itself: Templates, cloud: Templates, function: str) -> None:
    told = itself.function(function)["Environment"]["Variables"]
    assert (told["CHARTLOOP_SERVING"], told["CHARTLOOP_PREDICT_FUNCTION"]) == ("lambda", "chartloop-predict")
    assert cloud.function(function)["Environment"]["Variables"]["CHARTLOOP_SERVING"] == "realtime"


def test_otherwise_predict_mounts_nothing_and_nobody_asks_it_directly(cloud: Templates) -> None:
    assert "FileSystemConfigs" not in cloud.function("predict") and len(cloud.function("predict")["Layers"]) == 1
    assert len(cloud.all("AWS::EFS::AccessPoint")) == 2  # the publisher's and the search function's
    assert not cloud.allowed(cloud.role_of("promote"), "lambda:InvokeFunction", PREDICT)


@pytest.mark.parametrize(
    ("chosen", "engine"),
    [
        ({"serving": "lambda"}, "onnx"),
        ({"serving": "lambda", "serving_instance": "ml.g5.xlarge"}, "onnx"),
        ({"serving": "realtime"}, "openvino"),
        ({"serving": "serverless", "serving_instance": "ml.g5.xlarge"}, "openvino"),
        ({"serving": "realtime", "serving_instance": "ml.g5.xlarge"}, "torch"),
    ],
)
def test_the_engine_suits_what_serves(chosen: dict[str, str], engine: str) -> None:
    assert jobs.engine(Context.model_validate({"account": "123456789012", **chosen})) == engine


@pytest.mark.parametrize("champion", [True, False])
def test_score_exports_for_it_and_sees_the_training_side(champion: bool) -> None:
    sent: Any = resolve(replace(JOBS, engine="onnx").score(champion=champion), handed(), CONTEXT)
    arguments = sent["AppSpecification"]["ContainerArguments"]
    assert arguments[arguments.index("--engine") + 1] == "onnx"
    [source] = [each for each in sent["ProcessingInputs"] if each["InputName"] == "snapshot"]
    assert arguments[arguments.index("--snapshot") + 1] == source["S3Input"]["LocalPath"]
    assert source["S3Input"]["S3Uri"] == an_input()["uris"]["snapshot"]
    report = ParamValidator().validate(sent, shape_of("CreateProcessingJob"))
    assert not report.has_errors(), report.generate_report()


def test_the_templates_say_which(cloud: Templates, itself: Templates) -> None:
    assert "'--engine', 'openvino'" in str(cloud.definition()) and "'--engine', 'onnx'" in str(itself.definition())


def handed() -> dict[str, Any]:
    return {
        **an_input(),
        "candidate": {"model_uri": "s3://data/runs/r/train/j/output/model.tar.gz"},
        "standing": {"champion": {"present": True, "version": "ner-0", "model_uri": "s3://data/m.tar.gz"}, "look": 1},
        "tries": {"made": 0},
    }
