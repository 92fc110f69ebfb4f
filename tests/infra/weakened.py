"""Templates made weaker, one way for each rule: a rule that does not notice its own is no rule."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from typing import Any

from tests.infra.templates import Templates, listed

Stacks = dict[str, Any]
Weaken = Callable[[Stacks], None]


def weakened(t: Templates, weaken: Weaken) -> Templates:
    """A copy with the change. Raises AssertionError where nothing changed."""
    stacks = copy.deepcopy(t.stacks)
    weaken(stacks)
    assert stacks != t.stacks, "nothing changed"
    return Templates(t.folder, stacks)


def of(stacks: Stacks, kind: str, **wanted: Any) -> dict[str, Any]:
    """The first resource of a type whose properties have these values."""
    for template in stacks.values():
        for resource in template["Resources"].values():
            if resource["Type"] == f"AWS::{kind}" and wanted.items() <= {**resource.get("Properties", {})}.items():
                found: dict[str, Any] = resource
                return found
    raise AssertionError(f"no {kind} with {wanted}")


def put(kind: str, path: str, value: Any, **wanted: Any) -> Weaken:
    """Sets a property, named by a path of names and numbers; None takes it away."""

    def weaken(stacks: Stacks) -> None:
        *way, last = [int(part) if part.isdigit() else part for part in path.split(".")]
        place = of(stacks, kind, **wanted)["Properties"]
        for part in way:
            place = place[part]
        if value is None:
            del place[last]
        else:
            place[last] = value

    return weaken


def resource(kind: str, field: str, value: Any) -> Weaken:
    def weaken(stacks: Stacks) -> None:
        of(stacks, kind)[field] = value

    return weaken


def add(kind: str, **properties: Any) -> Weaken:
    def weaken(stacks: Stacks) -> None:
        stacks["data"]["Resources"]["Added"] = {"Type": f"AWS::{kind}", "Properties": properties}

    return weaken


def in_machine(old: str, new: str) -> Weaken:
    """Replaces text in the state machine's definition, once."""

    def weaken(stacks: Stacks) -> None:
        parts = of(stacks, "StepFunctions::StateMachine")["Properties"]["DefinitionString"]["Fn::Join"][1]
        index = next(i for i, part in enumerate(parts) if isinstance(part, str) and old in part)
        parts[index] = parts[index].replace(old, new, 1)

    return weaken


def reference_after(mark: str, value: str) -> Weaken:
    """Replaces the reference that follows `mark` in the state machine's definition."""

    def weaken(stacks: Stacks) -> None:
        parts = of(stacks, "StepFunctions::StateMachine")["Properties"]["DefinitionString"]["Fn::Join"][1]
        index = next(i for i, part in enumerate(parts) if isinstance(part, str) and part.endswith(mark))
        parts[index + 1] = value

    return weaken


def statements(stacks: Stacks) -> Iterator[dict[str, Any]]:
    for template in stacks.values():
        for found in template["Resources"].values():
            if found["Type"] == "AWS::IAM::Policy":
                yield from found["Properties"]["PolicyDocument"]["Statement"]


def grant(role: str, action: str, on: Any, **more: Any) -> Weaken:
    """Gives the role whose policy's logical id begins so another right."""

    def weaken(stacks: Stacks) -> None:
        for template in stacks.values():
            for name, found in template["Resources"].items():
                if found["Type"] == "AWS::IAM::Policy" and name.startswith(role):
                    said = {"Effect": "Allow", "Action": action, "Resource": on, **more}
                    found["Properties"]["PolicyDocument"]["Statement"].append(said)
                    return
        raise AssertionError(f"no policy of {role}")

    return weaken


def condition_off(action: str) -> Weaken:
    def weaken(stacks: Stacks) -> None:
        for statement in statements(stacks):
            if action in listed(statement["Action"]) and statement.pop("Condition", None):
                return
        raise AssertionError(f"no condition on {action}")

    return weaken


def in_the_clear(kind: str, where: str = "PolicyDocument") -> Weaken:
    """Takes the denial of what is not TLS out of a policy."""

    def weaken(stacks: Stacks) -> None:
        document = of(stacks, kind)["Properties"][where]
        document["Statement"] = [s for s in document["Statement"] if "SecureTransport" not in str(s)]

    return weaken


def key_without_conditions(stacks: Stacks) -> None:
    for statement in of(stacks, "KMS::Key")["Properties"]["KeyPolicy"]["Statement"]:
        statement.pop("Condition", None)


DATA = "arn:aws:s3:::chartloop-data-123456789012-us-east-1"
ENDPOINT = "arn:aws:sagemaker:us-east-1:123456789012:endpoint/chartloop-ner"
WAYS: dict[str, list[Weaken]] = {
    "jobs_have_no_network": [in_machine('"EnableNetworkIsolation": true', '"EnableNetworkIsolation": false')],
    "traffic_between_containers_is_encrypted": [
        in_machine('"EnableInterContainerTrafficEncryption": true', '"EnableInterContainerTrafficEncryption": false')
    ],
    "volumes_of_jobs_are_under_the_key": [reference_after('"VolumeKmsKeyId": "', "alias/aws/ebs")],
    "outputs_of_jobs_are_under_the_key": [reference_after('"KmsKeyId": "', "alias/aws/s3")],
    "the_holdout_is_scored_by_its_own_role": [in_machine('"$.uris.records"', '"$.uris.holdout"')],
    "executions_log_no_data": [put("StepFunctions::StateMachine", "LoggingConfiguration.IncludeExecutionData", True)],
    "the_gateway_traces_no_data": [put("ApiGateway::Stage", "MethodSettings.0.DataTraceEnabled", True)],
    "access_logs_hold_routes_only": [put("ApiGateway::Stage", "AccessLogSetting.Format", '{"p": "$context.path"}')],
    "texts_are_not_traced": [
        put("ApiGateway::Stage", "TracingEnabled", True),
        put("Lambda::Function", "TracingConfig", {"Mode": "Active"}),
    ],
    "the_gateway_caches_nothing": [put("ApiGateway::Stage", "CacheClusterEnabled", True)],
    "the_gateway_throttles": [put("ApiGateway::Stage", "MethodSettings.0.ThrottlingRateLimit", None)],
    "every_route_has_its_authorizer": [put("ApiGateway::Method", "AuthorizationType", "NONE", HttpMethod="POST")],
    "the_authorizer_asks_for_bearer_tokens": [
        put("ApiGateway::Authorizer", "IdentityValidationExpression", None),
        put("ApiGateway::Authorizer", "AuthorizerResultTtlInSeconds", 3600),
    ],
    "functions_are_called_by_our_own_only": [
        put("Lambda::Permission", "Principal", "*"),
        add("Lambda::Url", AuthType="NONE", TargetFunctionArn="chartloop-api"),
    ],
    "buckets_are_private": [put("S3::Bucket", "PublicAccessBlockConfiguration.BlockPublicPolicy", False)],
    "buckets_queues_topics_and_folder_want_tls": [
        in_the_clear("S3::BucketPolicy"),
        in_the_clear("SQS::QueuePolicy"),
        in_the_clear("SNS::TopicPolicy"),
        in_the_clear("EFS::FileSystem", "FileSystemPolicy"),
    ],
    "what_is_stored_is_under_the_key": [
        put("SQS::Queue", "KmsMasterKeyId", None),
        put("SNS::Topic", "KmsMasterKeyId", None),
        put("Logs::LogGroup", "KmsKeyId", None),
        put("Lambda::Function", "KmsKeyArn", None),
        put("EFS::FileSystem", "KmsKeyId", None),
        put("DynamoDB::Table", "SSESpecification.KMSMasterKeyId", None),
    ],
    "encryption_is_switched_on": [
        put("EFS::FileSystem", "Encrypted", False),
        put("DynamoDB::Table", "SSESpecification.SSEEnabled", False),
    ],
    "the_key_rotates": [put("KMS::Key", "EnableKeyRotation", False)],
    "the_key_lets_services_in_by_condition": [key_without_conditions],
    "data_is_retained": [
        resource("S3::Bucket", "DeletionPolicy", "Delete"),
        resource("DynamoDB::Table", "DeletionPolicy", "Delete"),
        resource("KMS::Key", "UpdateReplacePolicy", "Delete"),
        resource("Cognito::UserPool", "DeletionPolicy", "Delete"),
    ],
    "data_has_versions": [
        put("S3::Bucket", "VersioningConfiguration.Status", "Suspended"),
        put("DynamoDB::Table", "PointInTimeRecoverySpecification.PointInTimeRecoveryEnabled", False),
    ],
    "the_data_bucket_logs_its_accesses": [
        put("S3::Bucket", "LoggingConfiguration", None, BucketName="chartloop-data-123456789012-us-east-1")
    ],
    "logs_end": [put("Logs::LogGroup", "RetentionInDays", None)],
    "no_bare_star_without_a_reason": [grant("FunctionsBegin", "s3:GetObject", "*")],
    "no_wildcard_in_actions": [grant("FunctionsBegin", "s3:*", f"{DATA}/runs/*")],
    "patterns_stay_in_their_place": [grant("FunctionsBegin", "s3:GetObject", "arn:aws:s3:::*")],
    "roles_are_passed_by_name_to_one_service": [
        condition_off("iam:PassRole"),
        grant("FunctionsPromote", "iam:PassRole", "*"),
    ],
    "roles_trust_services_only": [
        put("IAM::Role", "AssumeRolePolicyDocument.Statement.0.Principal", {"AWS": "*"}),
    ],
    "no_managed_policies": [put("IAM::Role", "ManagedPolicyArns", ["arn:aws:iam::aws:policy/AmazonSageMakerFullAccess"])],
    "the_holdout_is_read_by_scoring_alone": [
        grant("JobsRole", "s3:GetObject", f"{DATA}/holdout/*"),
        grant("FunctionsApi", "s3:GetObject", f"{DATA}/*"),
    ],
    "flips_are_read_by_the_api_alone": [
        grant("JobsRole", "s3:GetObject", f"{DATA}/flips/*"),
        grant("FunctionsPredict", "s3:GetObject", f"{DATA}/*"),
    ],
    "posting_reaches_the_way_in_only": [grant("FunctionsApi", "s3:PutObject", f"{DATA}/holdout/*")],
    "nothing_is_deleted": [grant("FunctionsFinish", "s3:DeleteObject", f"{DATA}/runs/*")],
    "promotion_alone_changes_the_endpoint": [grant("FunctionsFinish", "sagemaker:UpdateEndpoint", ENDPOINT)],
    "the_endpoint_is_asked_by_three": [grant("FunctionsJudge", "sagemaker:InvokeEndpoint", ENDPOINT)],
    "settings_hold_no_secrets": [put("Lambda::Function", "Environment.Variables.API_TOKEN", "abc")],
    "the_network_has_no_way_out": [add("EC2::NatGateway"), add("EC2::InternetGateway")],
    "only_functions_that_mount_are_in_the_network": [
        put("Lambda::Function", "VpcConfig", {"SubnetIds": ["subnet-1"]}, FunctionName="chartloop-api")
    ],
    "security_groups_are_closed": [
        put("EC2::SecurityGroup", "SecurityGroupIngress", [{"CidrIp": "0.0.0.0/0", "IpProtocol": "-1"}]),
        put("EC2::SecurityGroup", "SecurityGroupEgress", [{"CidrIp": "0.0.0.0/0", "IpProtocol": "-1"}]),
        put("EC2::SecurityGroupIngress", "ToPort", 22),
    ],
    "nothing_is_in_the_default_group": [
        put("Lambda::Function", "VpcConfig", {"SecurityGroupIds": [{"Fn::GetAtt": ["NetworkVpc", "DefaultSecurityGroup"]}]})
    ],
    "the_network_logs_its_flows": [put("EC2::FlowLog", "TrafficType", "ACCEPT")],
    "the_folder_is_reached_by_its_access_point": [
        put("EFS::AccessPoint", "PosixUser.Uid", "0"),
        put("EFS::FileSystem", "FileSystemPolicy.Statement", [{"Effect": "Allow", "Principal": "*", "Action": "*"}]),
    ],
    "notebooks_have_no_root_and_no_internet": [
        add("SageMaker::NotebookInstance", RootAccess="Enabled", DirectInternetAccess="Disabled", SubnetId="subnet-1"),
        add("SageMaker::NotebookInstance", RootAccess="Disabled", DirectInternetAccess="Enabled", SubnetId="subnet-1"),
    ],
    "people_are_invited": [
        put("Cognito::UserPool", "AdminCreateUserConfig.AllowAdminCreateUserOnly", False),
        put("Cognito::UserPool", "Policies.PasswordPolicy.MinimumLength", 8),
    ],
    "tokens_end_soon": [
        put("Cognito::UserPoolClient", "AccessTokenValidity", 1440),
        put("Cognito::UserPoolClient", "EnableTokenRevocation", False),
    ],
    "clients_have_one_flow": [put("Cognito::UserPoolClient", "AllowedOAuthFlows", ["implicit"])],
    "alarms_tell_somebody": [put("CloudWatch::Alarm", "AlarmActions", None)],
    "events_have_dead_letters": [put("Events::Rule", "Targets.0.DeadLetterConfig", None)],
    "people_have_a_second_factor": [put("Cognito::UserPool", "MfaConfiguration", "OPTIONAL")],
    "the_firewall_stands_before_the_api": [
        put("WAFv2::WebACLAssociation", "ResourceArn", "arn:aws:apigateway:us-east-1::/restapis/other/stages/prod"),
        put("WAFv2::WebACL", "Rules.3.Statement", {"GeoMatchStatement": {"CountryCodes": ["AQ"]}}),
    ],
    "the_firewall_refuses_no_note_and_keeps_none": [
        put("WAFv2::WebACL", "Rules.1.Statement.ManagedRuleGroupStatement.RuleActionOverrides", []),
        put("WAFv2::WebACL", "VisibilityConfig.SampledRequestsEnabled", True),
        put("WAFv2::LoggingConfiguration", "LoggingFilter", None),
    ],
}
"""By the name of the rule that must notice."""
