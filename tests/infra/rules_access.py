"""Rules of our own on who may do what, and on the network: least privilege, closed groups, people and their tokens."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from chartloop.tasks import TASKS
from tests.infra.rules import each, rule
from tests.infra.templates import Templates, listed

DATA = "arn:aws:s3:::chartloop-data-123456789012-us-east-1"
ENDPOINT = "arn:aws:sagemaker:us-east-1:123456789012:endpoint/chartloop-ner"
NOTEBOOK = "TrainingNotebook"
"""In the logical id of the notebook's role, which does the work of both job roles where compute=notebook."""

LISTED = (
    "ModelPackages", "ModelPackageGroups", "Endpoints", "EndpointConfigs", "Models", "NotebookInstances",
    "TrainingJobs", "TransformJobs", "ProcessingJobs", "HyperParameterTuningJobs",
)  # fmt: skip
STARS = {
    "cloudwatch:PutMetricData": "knows no resource; its condition names the namespace",
    "application-autoscaling:DescribeScalableTargets": "knows no resource; a listing holds no clinical text",
    "elasticfilesystem:ClientMount": "its condition names the access point",
    "cloudwatch:DescribeAlarms": "composite alarms are listed by name only",
    "ecr:GetAuthorizationToken": "knows no resource; what may be pulled is said beside it",
    **dict.fromkeys((f"sagemaker:List{kind}" for kind in LISTED), "knows no resource; a listing holds no clinical text"),
    **dict.fromkeys(
        ("logs:CreateLogDelivery", "logs:DeleteLogDelivery", "logs:GetLogDelivery", "logs:ListLogDeliveries"),
        "Step Functions' way to a log group knows no resource",
    ),
    **dict.fromkeys(
        ("logs:UpdateLogDelivery", "logs:PutResourcePolicy", "logs:DescribeResourcePolicies"),
        "Step Functions' way to a log group knows no resource",
    ),
    **dict.fromkeys(
        ("logs:CreateLogGroup", "logs:CreateLogStream", "logs:DescribeLogGroups", "logs:DescribeLogStreams"),
        "API Gateway's own log role serves every API of the account, and is refused if it may do less",
    ),
    **dict.fromkeys(
        ("logs:FilterLogEvents", "logs:GetLogEvents", "logs:PutLogEvents"),
        "API Gateway's own log role serves every API of the account, and is refused if it may do less",
    ),
    **dict.fromkeys(
        ("ec2:AssignPrivateIpAddresses", "ec2:CreateNetworkInterface", "ec2:DeleteNetworkInterface"),
        "Lambda makes a function's network interface before it knows its name",
    ),
    **dict.fromkeys(
        ("ec2:DescribeNetworkInterfaces", "ec2:DescribeSubnets", "ec2:UnassignPrivateIpAddresses"),
        "Lambda makes a function's network interface before it knows its name",
    ),
    **dict.fromkeys(
        ("xray:PutTraceSegments", "xray:PutTelemetryRecords", "xray:GetSamplingRules", "xray:GetSamplingTargets"),
        "knows no resource; the state machine, which alone may, carries no text",
    ),
}
"""Every action that may be allowed on a bare `*`, with the reason."""


def statements(t: Templates) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every statement of every role."""
    for name, policy in each(t, "AWS::IAM::Policy"):
        for statement in policy["PolicyDocument"]["Statement"]:
            yield name, statement


def roles_that_may(t: Templates, action: str, resource: str) -> set[str]:
    return {role for role in t.all("AWS::IAM::Role") if t.allowed(role, action, resource)}


@rule("Least privilege: a bare * needs its reason, which is written in STARS")
def no_bare_star_without_a_reason(t: Templates) -> Iterator[str]:
    for name, statement in statements(t):
        if "*" in listed(statement.get("Resource", [])):
            yield from (f"{name}: {action}" for action in listed(statement["Action"]) if action not in STARS)


@rule("Least privilege: an action is named, never a family of them")
def no_wildcard_in_actions(t: Templates) -> Iterator[str]:
    spared = ("kms:GenerateDataKey*", "kms:ReEncrypt*")  # of what the CDK grants to a queue's senders
    for name, statement in statements(t):
        yield from (f"{name}: {a}" for a in listed(statement["Action"]) if "*" in a and a not in spared)


@rule("Least privilege: a pattern is bounded by a name of this deployment or by a service's own prefix")
def patterns_stay_in_their_place(t: Templates) -> Iterator[str]:
    bounded = re.compile(
        rf"chartloop|scalable-target/|/({'|'.join(TASKS)}|aws)[-/]|rule/StepFunctions|Ledger|Functions|[A-Z]\w+\.Arn|cdk-|huggingface|pytorch"
    )
    for name, statement in statements(t):
        for resource in listed(statement.get("Resource", [])):
            if "*" in resource and resource != "*" and not bounded.search(resource):
                yield f"{name}: {resource}"


@rule("Whoever may pass any role to any service may do anything")
def roles_are_passed_by_name_to_one_service(t: Templates) -> Iterator[str]:
    for name, statement in statements(t):
        if "iam:PassRole" in listed(statement["Action"]):
            to = statement.get("Condition", {}).get("StringEquals", {}).get("iam:PassedToService")
            if not to or any("*" in resource for resource in listed(statement["Resource"])):
                yield name


@rule("A role is for a service of AWS, and SageMaker may take ours for this account's jobs only")
def roles_trust_services_only(t: Templates) -> Iterator[str]:
    for name, role in each(t, "AWS::IAM::Role"):
        for statement in role["AssumeRolePolicyDocument"]["Statement"]:
            service = statement["Principal"].get("Service", "") if isinstance(statement["Principal"], dict) else ""
            if not service or (service == "sagemaker.amazonaws.com" and "aws:SourceAccount" not in json.dumps(statement)):
                yield name


@rule("AWS's managed policies reach further than any of ours")
def no_managed_policies(t: Templates) -> Iterator[str]:
    yield from (name for name, role in each(t, "AWS::IAM::Role") if role.get("ManagedPolicyArns"))


@rule("The holdout is seen by who scores, and by nobody who trains or serves")
def the_holdout_is_read_by_scoring_alone(t: Templates) -> Iterator[str]:
    for role in roles_that_may(t, "s3:GetObject", f"{DATA}/holdout/ner/x.jsonl"):
        if "ScoreRole" not in role and NOTEBOOK not in role:
            yield role


@rule("Sentences of the holdout are shown by the API, which asks for the right to text, and read by nobody who trains or serves")
def flips_are_read_by_the_api_alone(t: Templates) -> Iterator[str]:
    yield from roles_that_may(t, "s3:GetObject", f"{DATA}/flips/ner/r/flips.json") - {t.role_of("api")}


@rule("Who posts records must not choose what they are judged on, nor write what is trained on or served")
def posting_reaches_the_way_in_only(t: Templates) -> Iterator[str]:
    role = t.role_of("api")
    for prefix in ("holdout", "records", "snapshots", "embeddings", "models", "base-models"):
        if t.allowed(role, "s3:PutObject", f"{DATA}/{prefix}/ner/x"):
            yield prefix


@rule("Nobody deletes records, models or the ledger; the bucket's rules end old versions")
def nothing_is_deleted(t: Templates) -> Iterator[str]:
    for name, statement in statements(t):
        for action in listed(statement["Action"]):
            if re.fullmatch(r"(s3:Delete\w+|dynamodb:(DeleteItem|DeleteTable|Update\w+|Scan)|kms:ScheduleKeyDeletion)", action):
                yield f"{name}: {action}"


@rule("The endpoint in service is changed by promotion alone, and taken down by who looks after forgotten ones")
def promotion_alone_changes_the_endpoint(t: Templates) -> Iterator[str]:
    for action in ("CreateEndpoint", "UpdateEndpoint"):
        yield from roles_that_may(t, f"sagemaker:{action}", ENDPOINT) - {t.role_of("promote")}


@rule("A text goes to the endpoint from predict, for its like from api, and golden requests from promotion")
def the_endpoint_is_asked_by_three(t: Templates) -> Iterator[str]:
    asking = {t.role_of(name) for name in ("predict", "api", "promote")}
    yield from roles_that_may(t, "sagemaker:InvokeEndpoint", ENDPOINT) - asking


@rule("Secrets have no place in settings, which many may read")
def settings_hold_no_secrets(t: Templates) -> Iterator[str]:
    for name, function in t.functions().items():
        for variable, value in function.get("Environment", {}).get("Variables", {}).items():
            if re.search(r"secret|password|token|api_?key|credential", f"{variable}={value}", re.IGNORECASE):
                yield f"{name}: {variable}"


@rule("What has no route out cannot leak by one")
def the_network_has_no_way_out(t: Templates) -> Iterator[str]:
    for kind in ("NatGateway", "InternetGateway", "EgressOnlyInternetGateway", "EIP", "VPCPeeringConnection"):
        yield from t.all(f"AWS::EC2::{kind}")


@rule("Only what mounts the model folder is in the network")
def only_functions_that_mount_are_in_the_network(t: Templates) -> Iterator[str]:
    for name, function in t.functions().items():
        if ("VpcConfig" in function) != ("FileSystemConfigs" in function):
            yield name


@rule("Groups let in by group, and out to the folder and to TLS")
def security_groups_are_closed(t: Templates) -> Iterator[str]:
    for name, group in each(t, "AWS::EC2::SecurityGroup"):
        yield from (f"{name} lets {r} in" for r in group.get("SecurityGroupIngress", []))
        for out in group.get("SecurityGroupEgress", [{}]):
            nowhere = out.get("CidrIp") == "255.255.255.255/32"  # how the CDK writes: nothing
            if not nowhere and (out.get("IpProtocol") != "tcp" or out.get("ToPort") not in (443, 2049)):
                yield f"{name} lets out {out}"
    for name, way in each(t, "AWS::EC2::SecurityGroupIngress"):
        if "SourceSecurityGroupId" not in way or way.get("ToPort") not in (443, 2049):
            yield name


@rule("Nothing may be put into the group that AWS makes with each network, which is open")
def nothing_is_in_the_default_group(t: Templates) -> Iterator[str]:
    for name, template in t.stacks.items():
        if "DefaultSecurityGroup" in json.dumps(template["Resources"]):
            yield name


@rule("Who talked to whom in the network must be on record")
def the_network_logs_its_flows(t: Templates) -> Iterator[str]:
    networks = {name for name, _ in each(t, "AWS::EC2::VPC")}
    yield from networks - {log.get("ResourceId") for _, log in each(t, "AWS::EC2::FlowLog") if log.get("TrafficType") == "ALL"}


@rule("The folder's files are one user's, behind one access point, and never public")
def the_folder_is_reached_by_its_access_point(t: Templates) -> Iterator[str]:
    for name, point in each(t, "AWS::EFS::AccessPoint"):
        if point.get("PosixUser", {}).get("Uid") in (None, "0") or point.get("RootDirectory", {}).get("Path", "/") == "/":
            yield name
    for name, folder in each(t, "AWS::EFS::FileSystem"):
        allowed = [s for s in folder.get("FileSystemPolicy", {}).get("Statement", []) if s["Effect"] == "Allow"]
        if any("elasticfilesystem:AccessedViaMountTarget" not in json.dumps(s.get("Condition")) for s in allowed):
            yield name


@rule("A notebook with root or internet is a way out for all that it reads")
def notebooks_have_no_root_and_no_internet(t: Templates) -> Iterator[str]:
    for name, notebook in each(t, "AWS::SageMaker::NotebookInstance"):
        closed = (notebook.get("RootAccess"), notebook.get("DirectInternetAccess")) == ("Disabled", "Disabled")
        metadata = notebook.get("InstanceMetadataServiceConfiguration", {}).get("MinimumInstanceMetadataServiceVersion")
        if not closed or metadata != "2" or not notebook.get("SubnetId"):
            yield name


@rule("Nobody signs himself up, and a password alone is long and mixed")
def people_are_invited(t: Templates) -> Iterator[str]:
    for name, pool in each(t, "AWS::Cognito::UserPool"):
        password = pool.get("Policies", {}).get("PasswordPolicy", {})
        mixed = all(password.get(f"Require{kind}") for kind in ("Lowercase", "Uppercase", "Numbers", "Symbols"))
        invited = pool.get("AdminCreateUserConfig", {}).get("AllowAdminCreateUserOnly")
        if not (mixed and invited and password.get("MinimumLength", 0) >= 12 and pool.get("DeletionProtection") == "ACTIVE"):
            yield name


@rule("A stolen token is good for an hour, and can be revoked")
def tokens_end_soon(t: Templates) -> Iterator[str]:
    for name, client in each(t, "AWS::Cognito::UserPoolClient"):
        if client.get("AccessTokenValidity", 1440) > 60 or client.get("EnableTokenRevocation") is not True:
            yield name


@rule("People have no secret to lose and prove themselves by PKCE; machines have one, and no other flow has either")
def clients_have_one_flow(t: Templates) -> Iterator[str]:
    for name, client in each(t, "AWS::Cognito::UserPoolClient"):
        flows = (client.get("AllowedOAuthFlows"), client.get("GenerateSecret", False))
        if flows not in ((["code"], False), (["client_credentials"], True)):
            yield name


@rule("An alarm that tells nobody is no alarm")
def alarms_tell_somebody(t: Templates) -> Iterator[str]:
    for name, alarm in each(t, "AWS::CloudWatch::Alarm"):
        if alarm.get("ActionsEnabled") is False or not alarm.get("AlarmActions"):
            yield name


@rule("An event that could not be delivered must lie somewhere")
def events_have_dead_letters(t: Templates) -> Iterator[str]:
    for name, found in each(t, "AWS::Events::Rule"):
        yield from (name for target in found.get("Targets", []) if not target.get("DeadLetterConfig"))
    for name, queue in each(t, "AWS::SQS::Queue"):
        if queue["QueueName"] == "chartloop-uploads" and not queue.get("RedrivePolicy"):
            yield name


@rule("A password that was given away must not open clinical data", only="prod")
def people_have_a_second_factor(t: Templates) -> Iterator[str]:
    yield from (name for name, pool in each(t, "AWS::Cognito::UserPool") if pool.get("MfaConfiguration") != "ON")


@rule("The API is on the internet", only="prod")
def the_firewall_stands_before_the_api(t: Templates) -> Iterator[str]:
    guarded = [str(made["ResourceArn"]) for _, made in each(t, "AWS::WAFv2::WebACLAssociation")]
    for stage in t.all("AWS::ApiGateway::Stage"):
        if not any("/restapis/ApiRest" in arn and arn.endswith(f"/stages/{stage}") for arn in guarded):
            yield stage
    for name, firewall in each(t, "AWS::WAFv2::WebACL"):
        text = json.dumps(firewall["Rules"])
        yield from (f"{name} lacks {part}" for part in FIREWALL if part not in text)


FIREWALL = ("AWSManagedRulesCommonRuleSet", "AWSManagedRulesKnownBadInputsRuleSet", "RateBasedStatement")


@rule("A note may be long and look like anything; and a log must not quote it", only="prod")
def the_firewall_refuses_no_note_and_keeps_none(t: Templates) -> Iterator[str]:
    for name, firewall in each(t, "AWS::WAFv2::WebACL"):
        common = next(r for r in firewall["Rules"] if r["Name"] == "AWSManagedRulesCommonRuleSet")
        counted = {o["Name"] for o in common["Statement"]["ManagedRuleGroupStatement"].get("RuleActionOverrides", [])}
        if not {"SizeRestrictions_BODY", "CrossSiteScripting_BODY", "GenericLFI_BODY"} <= counted:
            yield f"{name} refuses bodies"
        if any(part["VisibilityConfig"]["SampledRequestsEnabled"] for part in (firewall, *firewall["Rules"])):
            yield f"{name} keeps samples"
    for name, logging in each(t, "AWS::WAFv2::LoggingConfiguration"):
        hidden = json.dumps([logging.get("RedactedFields"), logging.get("LoggingFilter")])
        shown = ("authorization", "QueryString", "CrossSiteScripting_Body")
        yield from (f"{name} shows {part}" for part in shown if part not in hidden)
