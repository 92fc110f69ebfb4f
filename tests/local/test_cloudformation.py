"""CloudFormation in the local cloud: what moto drops is there, what nobody knows is refused, names stay the same."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from local.cloudformation import stable_name
from local.resource_properties import unknown
from tests.local.conftest import ROLE, BareCloud, until


def deploy(bare: BareCloud, name: str, resources: dict[str, Any], outputs: dict[str, Any] | None = None) -> dict[str, str]:
    """Creates a stack; its outputs."""
    stacks = bare.client("cloudformation")
    template: dict[str, Any] = {"Resources": resources}
    template |= {"Outputs": {key: {"Value": value} for key, value in outputs.items()}} if outputs else {}
    stacks.create_stack(StackName=name, TemplateBody=json.dumps(template))
    found = stacks.describe_stacks(StackName=name)["Stacks"][0].get("Outputs", [])
    return {output["OutputKey"]: output["OutputValue"] for output in found}


def test_a_bucket_is_versioned_and_tells_eventbridge(bare: BareCloud, recorder: Callable[..., Any]) -> None:
    arn, events = recorder("cfn-bucket")
    properties = {
        "BucketName": "cfn-bucket",
        "VersioningConfiguration": {"Status": "Enabled"},
        "NotificationConfiguration": {"EventBridgeConfiguration": {"EventBridgeEnabled": True}},
    }
    pattern = {"source": ["aws.s3"], "detail": {"bucket": {"name": ["cfn-bucket"]}}}
    rule = {"Name": "cfn-bucket", "EventPattern": pattern, "Targets": [{"Id": "1", "Arn": arn}]}
    deploy(bare, "bucket", {
        "Bucket": {"Type": "AWS::S3::Bucket", "Properties": properties},
        "Rule": {"Type": "AWS::Events::Rule", "Properties": rule},
    })  # fmt: skip
    stored = bare.client("s3").put_object(Bucket="cfn-bucket", Key="x", Body=b"x")
    assert until(events)[0]["detail"]["object"]["version-id"] == stored["VersionId"]


def test_a_function_mounts_its_file_system(bare: BareCloud) -> None:
    code = "import os\ndef handler(event, context): open(os.environ['FOLDER'] + '/mark', 'w').close()"
    arn = {"Fn::Join": ["", ["arn:aws:elasticfilesystem:us-east-1:123456789012:access-point/", {"Ref": "Point"}]]}
    outputs = deploy(bare, "mounted", {
        "System": {"Type": "AWS::EFS::FileSystem"},
        "Point": {"Type": "AWS::EFS::AccessPoint",
                  "Properties": {"FileSystemId": {"Ref": "System"}, "RootDirectory": {"Path": "/cfn"}}},
        "Function": {"Type": "AWS::Lambda::Function", "Properties": {
            "FunctionName": "cfn-mounted", "Runtime": "python3.13", "Handler": "index.handler", "Role": ROLE,
            "Code": {"ZipFile": code}, "Environment": {"Variables": {"FOLDER": "/mnt/models"}}, "Timeout": 20,
            "FileSystemConfigs": [{"Arn": arn, "LocalMountPath": "/mnt/models"}]}},
    }, {"Arn": {"Fn::GetAtt": ["System", "Arn"]}})  # fmt: skip
    assert outputs["Arn"].startswith("arn:aws:elasticfilesystem:us-east-1:123456789012:file-system/fs-")
    assert bare.invoke("cfn-mounted") == (None, None)
    assert (bare.state / "efs" / "cfn" / "mark").exists()


def test_an_api_has_its_authorizer_its_responses_and_its_stage(bare: BareCloud) -> None:
    api = {"Ref": "Api"}
    function = "arn:aws:lambda:us-east-1:123456789012:function:f"
    uri = f"arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/{function}/invocations"
    outputs = deploy(bare, "api", {
        "Api": {"Type": "AWS::ApiGateway::RestApi", "Properties": {"Name": "cfn", "BinaryMediaTypes": ["image/png"]}},
        "Guard": {"Type": "AWS::ApiGateway::Authorizer", "Properties": {
            "RestApiId": api, "Name": "guard", "Type": "TOKEN", "AuthorizerUri": uri,
            "IdentitySource": "method.request.header.Authorization", "IdentityValidationExpression": "Bearer .+"}},
        "Method": {"Type": "AWS::ApiGateway::Method", "Properties": {
            "RestApiId": api, "ResourceId": {"Fn::GetAtt": ["Api", "RootResourceId"]}, "HttpMethod": "GET",
            "AuthorizationType": "CUSTOM", "AuthorizerId": {"Ref": "Guard"},
            "Integration": {"Type": "AWS_PROXY", "IntegrationHttpMethod": "POST", "Uri": uri}}},
        "Refused": {"Type": "AWS::ApiGateway::GatewayResponse", "Properties": {
            "RestApiId": api, "ResponseType": "UNAUTHORIZED", "StatusCode": "401",
            "ResponseTemplates": {"application/json": "{}"}}},
        "Deployment": {"Type": "AWS::ApiGateway::Deployment", "DependsOn": ["Method"], "Properties": {"RestApiId": api}},
        "Stage": {"Type": "AWS::ApiGateway::Stage", "Properties": {
            "RestApiId": api, "StageName": "live", "DeploymentId": {"Ref": "Deployment"}}},
    }, {"Api": api, "Guard": {"Ref": "Guard"}})  # fmt: skip
    gateway = bare.client("apigateway")
    resource = gateway.get_resources(restApiId=outputs["Api"])["items"][0]
    assert resource["resourceMethods"]["GET"]["authorizerId"] == outputs["Guard"]
    assert gateway.get_stages(restApiId=outputs["Api"])["item"][0]["stageName"] == "live"
    assert gateway.get_gateway_response(restApiId=outputs["Api"], responseType="UNAUTHORIZED")["statusCode"] == "401"
    assert gateway.get_rest_api(restApiId=outputs["Api"])["binaryMediaTypes"] == ["image/png"]
    guard = gateway.get_authorizer(restApiId=outputs["Api"], authorizerId=outputs["Guard"])
    assert guard["identityValidationExpression"] == "Bearer .+"


def test_a_model_group_and_an_alarm_are_made(bare: BareCloud) -> None:
    group = {"Type": "AWS::SageMaker::ModelPackageGroup", "Properties": {"ModelPackageGroupName": "cfn-group"}}
    watched = {"Namespace": "Test", "MetricName": "Nothing", "Statistic": "Sum", "Period": "60", "EvaluationPeriods": "3"}
    compared = {"ComparisonOperator": "GreaterThanThreshold", "Threshold": "2.5"}
    alarm = {"Type": "AWS::CloudWatch::Alarm", "Properties": {**watched, **compared}}
    outputs = deploy(bare, "group", {"Group": group, "Alarm": alarm}, {"Arn": {"Fn::GetAtt": ["Alarm", "Arn"]}})
    groups = bare.client("sagemaker").list_model_package_groups()["ModelPackageGroupSummaryList"]
    assert "cfn-group" in [found["ModelPackageGroupName"] for found in groups]
    alarms = bare.client("cloudwatch").describe_alarms()["MetricAlarms"]
    (made,) = (found for found in alarms if found["AlarmArn"] == outputs["Arn"])
    assert (made["EvaluationPeriods"], made["Threshold"]) == (3, 2.5)


@pytest.mark.parametrize(
    ("resource", "told"),
    [
        ({"Type": "AWS::Nobody::Knows"}, "not known to the local cloud"),
        ({"Type": "AWS::KMS::Alias", "Properties": {"AliasName": "alias/x"}}, "lacks 'TargetKeyId'"),
    ],
)
def test_what_cannot_be_made_fails_the_stack_and_says_why(bare: BareCloud, resource: dict[str, Any], told: str) -> None:
    with pytest.raises(ClientError, match=told):
        deploy(bare, f"bad-{told[:3]}", {"It": resource})


def test_a_property_that_nobody_decided_on_is_reported(bare: BareCloud) -> None:
    properties = {"QueueName": "cfn-queue", "FancyNewProperty": 1}
    deploy(bare, "queue", {"Queue": {"Type": "AWS::SQS::Queue", "Properties": properties}})
    assert "AWS::SQS::Queue: the property FancyNewProperty" in (bare.state / "logs" / "cloud.log").read_text()


def test_properties_are_used_left_out_or_unknown() -> None:
    assert unknown("AWS::S3::Bucket", ["BucketName", "BucketEncryption", "Tags"]) == set()
    assert unknown("AWS::S3::Bucket", ["ReplicationConfiguration"]) == {"ReplicationConfiguration"}
    assert unknown("AWS::EC2::VPC", ["Anything"]) == set()


def test_a_generated_name_is_the_same_at_every_start_and_no_other() -> None:
    names = [stable_name("AWS::SQS::Queue", stack, logical) for stack in ("a", "b") for logical in ("Queue", "Other")]
    assert len(set(names)) == 4
    assert names[0] == stable_name("AWS::SQS::Queue", "a", "Queue")
    assert stable_name("AWS::S3::Bucket", "Stack", "X" * 80).islower()
    assert len(stable_name("AWS::S3::Bucket", "Stack", "X" * 80)) <= 63
