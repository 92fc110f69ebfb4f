"""The serving stack: routes behind the authorizer, answers in our form, and who signs the tokens."""

from __future__ import annotations

import json
from typing import Any

import jsonschema
import pytest

from chartloop.tasks import TASKS
from infra.code import ROOT
from lambdas.http import GOLD_WRITE, MODELS_PROMOTE, MODELS_READ, PREDICT, RECORDS_WRITE
from local import sign_in
from tests.infra.templates import Templates, listed

ERROR = json.loads((ROOT / "docs" / "contracts" / "error.schema.json").read_text())
CODES = (ROOT / "docs" / "contracts" / "error-codes.md").read_text()


def routes(templates: Templates) -> dict[str, dict[str, Any]]:
    """Methods by `VERB /path`."""
    resources = templates.stacks["serving"]["Resources"]

    def path(name: str) -> str:
        properties = resources[name]["Properties"]
        parent = properties["ParentId"].get("Ref")
        return (path(parent) if parent else "") + "/" + str(properties["PathPart"])

    return {
        f"{r['Properties']['HttpMethod']} {path(r['Properties']['ResourceId']['Ref'])}": r["Properties"]
        for r in resources.values()
        if r["Type"] == "AWS::ApiGateway::Method"
    }


def test_every_route_but_health_is_behind_the_authorizer(cloud: Templates) -> None:
    found = routes(cloud)
    assert set(found) == {
        "GET /v1/health",
        "ANY /v1/{proxy+}",
        "ANY /v1/tasks/{task}",
        "ANY /v1/tasks/{task}/{proxy+}",
        "POST /v1/tasks/{task}/predict",
    }
    open_routes = {route for route, method in found.items() if method["AuthorizationType"] != "CUSTOM"}
    assert open_routes == {"GET /v1/health"}
    assert all("AuthorizerId" in method for route, method in found.items() if route not in open_routes)


def test_predictions_go_to_a_function_of_their_own(cloud: Templates) -> None:
    for route, method in routes(cloud).items():
        uri = json.dumps(cloud.resolve(method["Integration"]["Uri"], "serving"))
        assert ("chartloop-predict" if route.endswith("/predict") else "chartloop-api") in uri


def test_every_answer_of_the_gateways_own_is_our_error(cloud: Templates) -> None:
    responses = [response["Properties"] for response in cloud.all("AWS::ApiGateway::GatewayResponse").values()]
    answered = {response["ResponseType"]: response for response in responses}
    assert {"DEFAULT_4XX", "DEFAULT_5XX", "UNAUTHORIZED", "ACCESS_DENIED", "REQUEST_TOO_LARGE", "THROTTLED"} <= set(answered)
    for response in responses:
        body = json.loads(response["ResponseTemplates"]["application/json"])
        jsonschema.validate(body, ERROR)
        assert str(body["error"]["status"]) == response["StatusCode"]
        assert f"| {body['error']['status']} |" in CODES
        assert f"`{body['error']['code']}`" in CODES


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        ("UNAUTHORIZED", 401),
        ("ACCESS_DENIED", 403),
        ("MISSING_AUTHENTICATION_TOKEN", 404),
        ("REQUEST_TOO_LARGE", 413),
        ("THROTTLED", 429),
    ],
)
def test_statuses_are_those_of_the_contract(cloud: Templates, kind: str, status: int) -> None:
    response = cloud.only("AWS::ApiGateway::GatewayResponse", ResponseType=kind)["Properties"]
    assert response["StatusCode"] == str(status)


def test_the_stage_throttles_and_logs_no_bodies_or_queries(cloud: Templates) -> None:
    stage = cloud.only("AWS::ApiGateway::Stage", StageName="prod")["Properties"]
    (every,) = stage["MethodSettings"]
    assert every["ThrottlingRateLimit"] > 0
    assert every["DataTraceEnabled"] is False
    assert every["LoggingLevel"] == "ERROR"
    assert not every.get("CachingEnabled", False)
    shown = json.loads(stage["AccessLogSetting"]["Format"]).values()
    assert not [value for value in shown if "path}" in value or "query" in value or value == "$context.path"]


def test_predict_writes_what_is_kept_and_counted_and_reads_nothing_back(cloud: Templates) -> None:
    role, bucket = cloud.role_of("predict"), "arn:aws:s3:::chartloop-data-123456789012-us-east-1"
    assert cloud.allowed(role, "s3:PutObject", f"{bucket}/predictions/ner/c.json")
    assert not cloud.allowed(role, "s3:GetObject", f"{bucket}/predictions/ner/c.json")
    assert not cloud.allowed(role, "s3:PutObject", f"{bucket}/incoming/ner/b.jsonl")
    [table] = [s for s in cloud.statements(role) if "dynamodb" in json.dumps(s["Action"])]
    assert table["Action"] == "dynamodb:PutItem"
    assert table["Condition"] == {"ForAllValues:StringLike": {"dynamodb:LeadingKeys": ["KEPT#*", "COUNTED#*"]}}
    api = cloud.role_of("api")
    assert cloud.allowed(api, "s3:GetObject", f"{bucket}/predictions/ner/c.json")
    assert not cloud.allowed(api, "s3:PutObject", f"{bucket}/predictions/ner/c.json")


def test_files_arrive_as_they_were_sent(cloud: Templates) -> None:
    kinds = cloud.only("AWS::ApiGateway::RestApi", Name="chartloop")["Properties"]["BinaryMediaTypes"]
    assert "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet" in kinds
    assert "application/json" not in kinds


def test_cognito_signs_the_scopes_that_the_routes_ask_for(cloud: Templates) -> None:
    server = cloud.only("AWS::Cognito::UserPoolResourceServer")["Properties"]
    scopes = {f"{server['Identifier']}/{scope['ScopeName']}" for scope in server["Scopes"]}
    assert scopes == {RECORDS_WRITE, MODELS_READ, PREDICT, MODELS_PROMOTE, GOLD_WRITE} == set(sign_in.SCOPES)
    flows = {
        c["Properties"]["ClientName"]: c["Properties"]["AllowedOAuthFlows"]
        for c in cloud.all("AWS::Cognito::UserPoolClient").values()
    }
    assert flows == {"people": ["code"], "machines": ["client_credentials"]}
    pool = cloud.only("AWS::Cognito::UserPool")
    assert pool["Properties"]["AdminCreateUserConfig"]["AllowAdminCreateUserOnly"] is True
    assert pool["DeletionPolicy"] == "Retain"


def test_the_authorizer_trusts_the_pool_or_the_issuer_that_is_named(cloud: Templates, local: Templates) -> None:
    own = cloud.function("authorizer")["Environment"]["Variables"]
    assert own["CHARTLOOP_JWKS_URL"] == own["CHARTLOOP_ISSUER"] + "/.well-known/jwks.json"
    assert not local.all("AWS::Cognito::UserPool")
    named = local.function("authorizer")["Environment"]["Variables"]
    assert named["CHARTLOOP_ISSUER"] == "http://localhost:8040/issuer"
    assert named["CHARTLOOP_JWKS_URL"] == "http://localhost:8040/issuer/.well-known/jwks.json"


def test_each_task_has_a_model_group_that_is_kept(cloud: Templates) -> None:
    groups = cloud.all("AWS::SageMaker::ModelPackageGroup").values()
    assert {group["Properties"]["ModelPackageGroupName"] for group in groups} == {f"chartloop-{task}" for task in TASKS}
    assert {group["DeletionPolicy"] for group in groups} == {"Retain"}


def test_no_endpoint_is_deployed_by_cloudformation(cloud: Templates) -> None:
    for kind in ("Endpoint", "EndpointConfig", "Model"):
        assert not cloud.all(f"AWS::SageMaker::{kind}")


def test_the_endpoint_role_is_the_one_that_promotion_passes(cloud: Templates) -> None:
    role = cloud.only("AWS::IAM::Role", RoleName="chartloop-endpoint")
    passed = cloud.function("promote")["Environment"]["Variables"]["CHARTLOOP_ENDPOINT_ROLE"]
    assert passed == "arn:aws:iam::123456789012:role/chartloop-endpoint"
    bucket = "arn:aws:s3:::chartloop-data-123456789012-us-east-1"
    assert cloud.allowed(role["LogicalId"], "s3:GetObject", f"{bucket}/models/ner/v/model.tar.gz")
    assert not cloud.allowed(role["LogicalId"], "s3:PutObject", f"{bucket}/models/ner/v/model.tar.gz")
    assert not cloud.allowed(role["LogicalId"], "s3:GetObject", f"{bucket}/records/ner/b.jsonl")


def test_stored_vectors_are_searched_by_a_function_that_reads_the_folder_and_calls_nothing(cloud: Templates) -> None:
    search = cloud.function("search")
    [mount] = search["FileSystemConfigs"]
    assert mount["LocalMountPath"] == search["Environment"]["Variables"]["CHARTLOOP_MODEL_FOLDER"] == "/mnt/chartloop"
    assert "Reader" in str(mount["Arn"]) and search["VpcConfig"] == cloud.function("publish")["VpcConfig"]
    granted = {action for statement in cloud.statements(cloud.role_of("search")) for action in listed(statement["Action"])}
    others = {action for action in granted if not action.startswith(("logs:", "ec2:", "kms:"))}
    assert others == {"elasticfilesystem:ClientMount"}


def test_only_the_functions_behind_the_api_may_ask_it(cloud: Templates) -> None:
    arn = "arn:aws:lambda:us-east-1:123456789012:function:chartloop-search"
    asking = {name for name in cloud.functions() if cloud.allowed(cloud.role_of(name), "lambda:InvokeFunction", arn)}
    assert asking == {"api", "predict"}
    assert not cloud.allowed(cloud.role_of("predict"), "lambda:InvokeFunction", arn.replace("search", "publish"))
    assert cloud.function("predict")["Environment"]["Variables"]["CHARTLOOP_SEARCH_FUNCTION"] == "chartloop-search"
