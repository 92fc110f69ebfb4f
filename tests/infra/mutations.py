"""Every way to weaken an assembly by one step: each statement dropped or widened, each protecting flag off, each alarm gone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from tests.infra.templates import Templates
from tests.infra.weakened import Stacks, in_machine

FLAGS: dict[str, tuple[tuple[str, Any], ...]] = {
    "ApiGateway::Stage": (("MethodSettings.0.DataTraceEnabled", True), ("MethodSettings.0.ThrottlingRateLimit", None)),
    "CloudFront::Distribution": (
        ("DistributionConfig.CacheBehaviors.0.CachePolicyId", "658327ea-f89d-4fab-a63d-7e88639e58f6"),
        ("DistributionConfig.CacheBehaviors.0.ViewerProtocolPolicy", "allow-all"),
        ("DistributionConfig.DefaultCacheBehavior.ResponseHeadersPolicyId", None),
        ("DistributionConfig.Origins.0.OriginAccessControlId", None),
    ),
    "CloudFront::ResponseHeadersPolicy": (
        ("ResponseHeadersPolicyConfig.SecurityHeadersConfig.ContentSecurityPolicy.Override", False),
    ),
    "CloudWatch::Alarm": (("AlarmActions", None),),
    "Cognito::UserPool": (("AdminCreateUserConfig.AllowAdminCreateUserOnly", False), ("DeletionProtection", None)),
    "Cognito::UserPoolClient": (("EnableTokenRevocation", None),),
    "DynamoDB::Table": (("SSESpecification.SSEEnabled", False), ("SSESpecification.KMSMasterKeyId", None)),
    "EFS::AccessPoint": (("PosixUser.Uid", "0"),),
    "EFS::FileSystem": (("Encrypted", False), ("KmsKeyId", None)),
    "EC2::FlowLog": (("TrafficType", "REJECT"),),
    "KMS::Key": (("EnableKeyRotation", False),),
    "Lambda::Function": (("KmsKeyArn", None), ("TracingConfig", {"Mode": "Active"})),
    "Lambda::Permission": (("Principal", "*"), ("SourceArn", None)),
    "Logs::Delivery": (("RecordFields", None),),
    "Logs::LogGroup": (("KmsKeyId", None), ("RetentionInDays", None)),
    "S3::Bucket": (
        ("BucketEncryption", None),
        ("PublicAccessBlockConfiguration.BlockPublicAcls", False),
        ("PublicAccessBlockConfiguration.BlockPublicPolicy", False),
        ("PublicAccessBlockConfiguration.IgnorePublicAcls", False),
        ("PublicAccessBlockConfiguration.RestrictPublicBuckets", False),
        ("VersioningConfiguration.Status", "Suspended"),
    ),
    "SNS::Topic": (("KmsMasterKeyId", None),),
    "SQS::Queue": (("KmsMasterKeyId", None),),
    "SageMaker::NotebookInstance": (("RootAccess", "Enabled"), ("DirectInternetAccess", "Enabled"), ("KmsKeyId", None)),
    "StepFunctions::StateMachine": (("LoggingConfiguration.IncludeExecutionData", True),),
}
"""By type: the property whose change weakens it, and to what; None takes it away."""
POLICIES = {
    "AWS::IAM::Policy": "PolicyDocument",
    "AWS::KMS::Key": "KeyPolicy",
    "AWS::EFS::FileSystem": "FileSystemPolicy",
    "AWS::S3::BucketPolicy": "PolicyDocument",
    "AWS::SNS::TopicPolicy": "PolicyDocument",
    "AWS::SQS::QueuePolicy": "PolicyDocument",
}
ISOLATION = ("EnableNetworkIsolation", "EnableInterContainerTrafficEncryption")


@dataclass(frozen=True)
class Mutation:
    name: str
    change: Callable[[Stacks], None]


def mutations(t: Templates) -> Iterator[Mutation]:
    for stack, template in t.stacks.items():
        for name, resource in template["Resources"].items():
            kind, properties = resource["Type"], resource.get("Properties", {})
            if kind in POLICIES:
                yield from _of_policy(stack, name, kind, properties)
            if kind == "AWS::CloudWatch::Alarm":
                yield Mutation(f"{name} gone", lambda stacks, s=stack, n=name: stacks[s]["Resources"].pop(n))
            for path, value in FLAGS.get(kind.removeprefix("AWS::"), ()):
                if value is not None or _has(properties, path):
                    yield Mutation(f"{name} {path}", _flag(stack, name, path, value))
    for flag in ISOLATION:
        yield Mutation(flag, in_machine(f'"{flag}": true', f'"{flag}": false'))


def _of_policy(stack: str, name: str, kind: str, properties: dict[str, Any]) -> Iterator[Mutation]:
    for index, statement in enumerate(properties.get(POLICIES[kind], {}).get("Statement", [])):
        field = POLICIES[kind]
        yield Mutation(f"{name} without statement {index}", _statement(stack, name, field, index, None))
        if statement.get("Resource", "*") != "*":
            yield Mutation(f"{name} statement {index} on *", _statement(stack, name, field, index, {"Resource": "*"}))
        if "Condition" in statement:
            free = {"Condition": None}
            yield Mutation(f"{name} statement {index} at any time", _statement(stack, name, field, index, free))


def _statement(stack: str, name: str, field: str, index: int, change: dict[str, Any] | None) -> Callable[[Stacks], None]:
    def mutate(stacks: Stacks) -> None:
        said = stacks[stack]["Resources"][name]["Properties"][field]["Statement"]
        if change is None:
            del said[index]
        else:
            said[index] = {key: value for key, value in {**said[index], **change}.items() if value is not None}

    return mutate


def _flag(stack: str, name: str, path: str, value: Any) -> Callable[[Stacks], None]:
    def mutate(stacks: Stacks) -> None:
        place: Any = stacks[stack]["Resources"][name]["Properties"]
        *way, last = [int(part) if part.isdigit() else part for part in path.split(".")]
        for part in way:
            place = place[part]
        if value is None:
            del place[last]
        else:
            place[last] = value

    return mutate


def _has(properties: Any, path: str) -> bool:
    for part in path.split("."):
        properties = properties[int(part)] if part.isdigit() else properties.get(part)
        if properties is None:
            return False
    return True
