"""The data stack: encrypted, versioned, retained, closed to the internet."""

from __future__ import annotations

import json

import pytest

from infra.storage import EXPIRING
from tests.infra.templates import Templates, listed

DATA_KEY = "Encrypts everything that may hold clinical text or tell of it"
KEPT = ["AWS::KMS::Key", "AWS::S3::Bucket", "AWS::DynamoDB::Table", "AWS::EFS::FileSystem"]


@pytest.mark.parametrize("kind", KEPT)
def test_what_holds_data_is_retained(cloud: Templates, kind: str) -> None:
    found = cloud.all(kind)
    assert found
    for resource in found.values():
        assert (resource["DeletionPolicy"], resource["UpdateReplacePolicy"]) == ("Retain", "Retain")


def test_the_bucket_is_versioned_encrypted_private_and_tells_eventbridge(cloud: Templates) -> None:
    bucket = cloud.only("AWS::S3::Bucket", BucketName="chartloop-data-123456789012-us-east-1")["Properties"]
    assert bucket["VersioningConfiguration"] == {"Status": "Enabled"}
    (rule,) = bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    assert rule["ServerSideEncryptionByDefault"]["SSEAlgorithm"] == "aws:kms"
    assert rule["BucketKeyEnabled"] is True
    assert all(bucket["PublicAccessBlockConfiguration"].values())
    assert bucket["NotificationConfiguration"] == {"EventBridgeConfiguration": {"EventBridgeEnabled": True}}
    assert bucket["LifecycleConfiguration"]["Rules"][0]["NoncurrentVersionExpiration"] == {"NoncurrentDays": 90}


def test_only_what_is_kept_for_a_while_expires(cloud: Templates) -> None:
    bucket = cloud.only("AWS::S3::Bucket", BucketName="chartloop-data-123456789012-us-east-1")["Properties"]
    rules = {rule["Prefix"]: rule for rule in bucket["LifecycleConfiguration"]["Rules"] if "ExpirationInDays" in rule}
    assert {prefix: rule["ExpirationInDays"] for prefix, rule in rules.items()} == EXPIRING
    assert {rule["NoncurrentVersionExpiration"]["NoncurrentDays"] for rule in rules.values()} == {1}
    assert {rule["Status"] for rule in rules.values()} == {"Enabled"} and rules.keys() == {
        "predictions/",
        "transforms/",
        "flips/",
    }


def test_every_bucket_refuses_what_is_not_tls(cloud: Templates) -> None:
    policies = cloud.all("AWS::S3::BucketPolicy").values()
    assert len(policies) == len(cloud.all("AWS::S3::Bucket")) == 3
    for policy in policies:
        denials = [s for s in policy["Properties"]["PolicyDocument"]["Statement"] if s["Effect"] == "Deny"]
        assert {"Bool": {"aws:SecureTransport": "false"}} in [denial["Condition"] for denial in denials]


def test_the_ledger_can_be_restored_and_is_under_the_key(cloud: Templates) -> None:
    table = cloud.only("AWS::DynamoDB::Table", TableName="chartloop-ledger")["Properties"]
    assert [(key["AttributeName"], key["KeyType"]) for key in table["KeySchema"]] == [("pk", "HASH"), ("sk", "RANGE")]
    assert table["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"] is True
    assert table["SSESpecification"]["SSEType"] == "KMS"
    assert table["TimeToLiveSpecification"] == {"AttributeName": "expires", "Enabled": True}
    assert table["BillingMode"] == "PAY_PER_REQUEST"


def test_the_network_has_no_way_out(cloud: Templates) -> None:
    for kind in ("AWS::EC2::NatGateway", "AWS::EC2::InternetGateway", "AWS::EC2::EIP"):
        assert not cloud.all(kind)
    endpoints = [found["Properties"] for found in cloud.all("AWS::EC2::VPCEndpoint").values()]
    assert {endpoint["VpcEndpointType"] for endpoint in endpoints} == {"Gateway"}
    assert sorted(endpoint["ServiceName"].rsplit(".", 1)[-1] for endpoint in endpoints) == ["dynamodb", "s3"]


def test_functions_reach_the_model_folder_and_the_gateway_endpoints_only(cloud: Templates) -> None:
    groups = [group["Properties"] for group in cloud.all("AWS::EC2::SecurityGroup").values()]
    (functions,) = [group for group in groups if group["GroupDescription"].startswith("Functions")]
    assert sorted(rule["ToPort"] for rule in functions["SecurityGroupEgress"]) == [443, 2049]
    (ingress,) = cloud.all("AWS::EC2::SecurityGroupIngress").values()
    assert ingress["Properties"]["ToPort"] == 2049
    assert "NetworkFunctions" in ingress["Properties"]["SourceSecurityGroupId"]


def test_the_model_folder_is_encrypted_and_reached_by_its_access_point(cloud: Templates) -> None:
    folder = cloud.only("AWS::EFS::FileSystem")["Properties"]
    assert folder["Encrypted"] is True
    assert "DataKey" in folder["KmsKeyId"]
    # With a policy that allows nothing, a role may do there what it was given, and who brings no role may do nothing.
    (refused,) = folder["FileSystemPolicy"]["Statement"]
    assert (refused["Effect"], refused["Condition"]) == ("Deny", {"Bool": {"aws:SecureTransport": "false"}})
    points = [point["Properties"] for point in cloud.all("AWS::EFS::AccessPoint").values()]
    assert sorted(point["PosixUser"]["Uid"] for point in points) == ["1000", "1001"]  # who writes, and who may only read
    assert {point["RootDirectory"]["Path"] for point in points} == {"/chartloop"}


def test_the_key_rotates_and_lets_only_named_services_in(cloud: Templates) -> None:
    key = cloud.only("AWS::KMS::Key", Description=DATA_KEY)["Properties"]
    assert key["EnableKeyRotation"] is True
    let_in = [(service, s) for s in key["KeyPolicy"]["Statement"] for service in listed(s["Principal"].get("Service", []))]
    services = ("events", "cloudwatch", "budgets", "logs.us-east-1")
    assert {service for service, _ in let_in} == {f"{service}.amazonaws.com" for service in services}
    assert not [statement for _, statement in let_in if "kms:*" in statement["Action"]]


def test_no_stack_needs_a_function_of_the_cdks_own(cloud: Templates) -> None:
    for stack in cloud.stacks.values():
        kinds = {resource["Type"] for resource in stack["Resources"].values()}
        assert not [kind for kind in kinds if kind.startswith("Custom::") or kind == "AWS::CloudFormation::CustomResource"]
    ours = {f"chartloop-{name}" for name in cloud.functions()}
    assert ours == {found["Properties"]["FunctionName"] for found in cloud.all("AWS::Lambda::Function").values()}


def test_templates_name_no_bootstrap_parameter(cloud: Templates) -> None:
    assert not [stack for stack in cloud.stacks.values() if "BootstrapVersion" in json.dumps(stack.get("Parameters", {}))]
