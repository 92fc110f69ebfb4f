"""library=s3vectors in the templates: a bucket under the key, a way to it that leads nowhere else, and rights by index."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from cfnlint.api import ManualArgs, lint

from adapters.vector_index import name as index_name
from tests.infra import rules_access, rules_site  # noqa: F401 (they register their rules)
from tests.infra.rules import RULES
from tests.infra.templates import Templates, listed
from tests.infra.test_combinations import held, resources
from tests.published import ENCODER

BUCKET = "arn:aws:s3vectors:us-east-1:123456789012:bucket/chartloop-vectors-123456789012-us-east-1"
INDEX = f"{BUCKET}/index/{index_name('ner', ENCODER)}"


def of_vectors(templates: Templates, function: str) -> set[str]:
    statements = templates.statements(templates.role_of(function))
    return {each for statement in statements for each in listed(statement["Action"]) if each.startswith("s3vectors:")}


def test_the_bucket_is_under_the_key_and_kept(indexed: Templates) -> None:
    bucket = indexed.only("AWS::S3Vectors::VectorBucket", VectorBucketName="chartloop-vectors-123456789012-us-east-1")
    encryption = bucket["Properties"]["EncryptionConfiguration"]
    assert encryption["SseType"] == "aws:kms" and "DataKey" in encryption["KmsKeyArn"]
    assert (bucket["DeletionPolicy"], bucket["UpdateReplacePolicy"]) == ("Retain", "Retain")


def test_the_service_may_tend_the_indexes_of_this_bucket_alone(indexed: Templates) -> None:
    tending = [
        statement
        for key in indexed.all("AWS::KMS::Key").values()
        for statement in key["Properties"]["KeyPolicy"]["Statement"]
        if "indexing.s3vectors.amazonaws.com" in json.dumps(statement["Principal"])
    ]
    [statement] = tending
    assert statement["Action"] == "kms:Decrypt"
    assert statement["Condition"]["StringEquals"] == {"aws:SourceAccount": "123456789012"}
    assert statement["Condition"]["ArnLike"] == {"aws:SourceArn": f"{BUCKET}*"}


def test_the_functions_in_the_network_reach_it_and_nothing_else_of_the_service(indexed: Templates) -> None:
    found = [each["Properties"] for each in indexed.all("AWS::EC2::VPCEndpoint").values()]
    [endpoint] = [each for each in found if each["VpcEndpointType"] == "Interface"]
    assert endpoint["ServiceName"] == "com.amazonaws.us-east-1.s3vectors" and endpoint["PrivateDnsEnabled"] is True
    [statement] = endpoint["PolicyDocument"]["Statement"]
    assert all(resource.startswith(BUCKET) for resource in statement["Resource"])
    assert statement["Condition"] == {"StringEquals": {"aws:PrincipalAccount": "123456789012"}}
    door = indexed.only("AWS::EC2::SecurityGroup", GroupDescription="S3 Vectors")
    rules = [each["Properties"] for each in indexed.all("AWS::EC2::SecurityGroupIngress").values()]
    [rule] = [each for each in rules if door["LogicalId"] in each["GroupId"]]
    assert (rule["FromPort"], rule["ToPort"]) == (443, 443) and "Functions" in rule["SourceSecurityGroupId"]


def test_the_publisher_writes_indexes_and_reads_no_vector(indexed: Templates) -> None:
    role = indexed.role_of("publish")
    assert of_vectors(indexed, "publish") == {
        f"s3vectors:{each}"
        for each in ("ListIndexes", "CreateIndex", "DeleteIndex", "ListVectors", "PutVectors", "DeleteVectors")
    }  # fmt: skip
    assert indexed.allowed(role, "s3vectors:ListIndexes", BUCKET)
    assert indexed.allowed(role, "s3vectors:PutVectors", INDEX)
    assert not indexed.allowed(role, "s3vectors:PutVectors", INDEX.replace("/ner.", "/other."))


def test_who_searches_may_query_and_nobody_else(indexed: Templates) -> None:
    asking = {each for each in indexed.functions() if of_vectors(indexed, each)} - {"publish"}
    assert asking == {"search", "predict"}
    for function in asking:
        assert of_vectors(indexed, function) == {"s3vectors:QueryVectors"}
        assert indexed.allowed(indexed.role_of(function), "s3vectors:QueryVectors", INDEX)


def test_the_functions_know_the_bucket(indexed: Templates, cloud: Templates) -> None:
    for function in ("publish", "search", "predict"):
        assert indexed.function(function)["Environment"]["Variables"]["CHARTLOOP_VECTOR_BUCKET"] == BUCKET.rpartition("/")[2]
        assert cloud.function(function)["Environment"]["Variables"]["CHARTLOOP_VECTOR_BUCKET"] == ""


def test_without_it_there_is_nothing_of_it(cloud: Templates) -> None:
    assert not cloud.all("AWS::S3Vectors::VectorBucket")
    assert not any(of_vectors(cloud, function) for function in cloud.functions())


@pytest.mark.parametrize("name", [name for name, rule in RULES.items() if not rule.only])
def test_our_rules_hold(name: str, indexed: Templates) -> None:
    assert list(RULES[name].find(indexed)) == [], RULES[name].why


def test_the_local_cloud_knows_what_it_refuses(indexed: Templates) -> None:
    held(resources(indexed.folder))


def test_the_template_is_clean_to_cfn_lint(indexed: Templates) -> None:
    text = Path(indexed.folder / "chartloop-data.template.json").read_text()
    found = lint(text, config=ManualArgs(ignore_checks=["W3005"], regions=["us-east-1"]))
    assert [f"{match.rule.id} {match.message}" for match in found] == []
