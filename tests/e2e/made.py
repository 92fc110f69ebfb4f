"""What a deployment made, asked of each service by its own API: the names by resource type."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Client = Callable[[str], Any]
NAME = "chartloop"


def buckets(client: Client) -> list[str]:
    return [found["Name"] for found in client("s3").list_buckets()["Buckets"] if found["Name"].startswith(NAME)]


def tables(client: Client) -> list[str]:
    return list(client("dynamodb").list_tables()["TableNames"])


def functions(client: Client) -> list[str]:
    pages = client("lambda").get_paginator("list_functions").paginate()
    return [found["FunctionName"] for page in pages for found in page["Functions"]]


def permissions(client: Client) -> list[str]:
    """Statements of the functions' own policies."""
    found = []
    for name in functions(client):
        try:
            found.append(client("lambda").get_policy(FunctionName=name)["Policy"])
        except client("lambda").exceptions.ResourceNotFoundException:
            continue
    return [sid for policy in found for sid in policy.split('"Sid"')[1:]]


def mappings(client: Client) -> list[str]:
    return [found["UUID"] for found in client("lambda").list_event_source_mappings()["EventSourceMappings"]]


def layers(client: Client) -> list[str]:
    return [found["LayerName"] for found in client("lambda").list_layers()["Layers"]]


def roles(client: Client) -> list[str]:
    pages = client("iam").get_paginator("list_roles").paginate()
    return [found["RoleName"] for page in pages for found in page["Roles"] if found["RoleName"].startswith(NAME)]


def policies(client: Client) -> list[str]:
    return [name for role in roles(client) for name in client("iam").list_role_policies(RoleName=role)["PolicyNames"]]


def keys(client: Client) -> list[str]:
    return [found["KeyId"] for found in client("kms").list_keys()["Keys"]]


def aliases(client: Client) -> list[str]:
    return [found["AliasName"] for found in client("kms").list_aliases()["Aliases"] if NAME in found["AliasName"]]


def queues(client: Client) -> list[str]:
    return list(client("sqs").list_queues().get("QueueUrls", []))


def guarded_queues(client: Client) -> list[str]:
    asked = {"AttributeNames": ["Policy"]}
    return [url for url in queues(client) if client("sqs").get_queue_attributes(QueueUrl=url, **asked).get("Attributes")]


def topics(client: Client) -> list[str]:
    return [found["TopicArn"] for found in client("sns").list_topics()["Topics"]]


def rules(client: Client) -> list[str]:
    return [found["Name"] for found in client("events").list_rules()["Rules"]]


def machines(client: Client) -> list[str]:
    return [found["name"] for found in client("stepfunctions").list_state_machines()["stateMachines"]]


def log_groups(client: Client) -> list[str]:
    pages = client("logs").get_paginator("describe_log_groups").paginate()
    return [found["logGroupName"] for page in pages for found in page["logGroups"]]


def log_policies(client: Client) -> list[str]:
    return [found["policyName"] for found in client("logs").describe_resource_policies()["resourcePolicies"]]


def alarms(client: Client) -> list[str]:
    pages = client("cloudwatch").get_paginator("describe_alarms").paginate()
    return [found["AlarmName"] for page in pages for found in page["MetricAlarms"]]


def dashboards(client: Client) -> list[str]:
    return [found["DashboardName"] for found in client("cloudwatch").list_dashboards()["DashboardEntries"]]


def groups_of_models(client: Client) -> list[str]:
    found = client("sagemaker").list_model_package_groups()["ModelPackageGroupSummaryList"]
    return [group["ModelPackageGroupName"] for group in found]


def file_systems(client: Client) -> list[str]:
    return [found["FileSystemId"] for found in client("efs").describe_file_systems()["FileSystems"]]


def access_points(client: Client) -> list[str]:
    return [found["AccessPointId"] for found in client("efs").describe_access_points()["AccessPoints"]]


def mount_targets(client: Client) -> list[str]:
    targets = (client("efs").describe_mount_targets(FileSystemId=system)["MountTargets"] for system in file_systems(client))
    return [found["MountTargetId"] for each in targets for found in each]


def vpcs(client: Client) -> list[str]:
    """Beside the one that every account has."""
    return [found["VpcId"] for found in client("ec2").describe_vpcs()["Vpcs"] if not found["IsDefault"]]


def in_our_network(operation: str, answer: str, identity: str) -> Callable[[Client], list[str]]:
    def found(client: Client) -> list[str]:
        filters = [{"Name": "vpc-id", "Values": vpcs(client)}]
        return [each[identity] for each in getattr(client("ec2"), operation)(Filters=filters)[answer]]

    return found


def admitted(client: Client) -> list[str]:
    """Whom security groups let in, each with its group and port."""
    filters = [{"Name": "vpc-id", "Values": vpcs(client)}]
    groups = client("ec2").describe_security_groups(Filters=filters)["SecurityGroups"]
    return [
        f"{group['GroupId']} {rule.get('FromPort')} {source}"
        for group in groups
        for rule in group["IpPermissions"]
        for source in [*rule["UserIdGroupPairs"], *rule["IpRanges"]]
    ]


def api(client: Client) -> str:
    (found,) = client("apigateway").get_rest_apis()["items"]
    return str(found["id"])


def of_the_api(operation: str, answer: str, identity: str) -> Callable[[Client], list[str]]:
    def found(client: Client) -> list[str]:
        return [str(each[identity]) for each in getattr(client("apigateway"), operation)(restApiId=api(client))[answer]]

    return found


def methods(client: Client) -> list[str]:
    resources = client("apigateway").get_resources(restApiId=api(client), limit=500)["items"]
    return [f"{verb} {resource['path']}" for resource in resources for verb in resource.get("resourceMethods", {})]


def paths(client: Client) -> list[str]:
    """Without the root, which every API has."""
    resources = client("apigateway").get_resources(restApiId=api(client), limit=500)["items"]
    return [resource["path"] for resource in resources if resource["path"] != "/"]


def pools(client: Client) -> list[str]:
    return [found["Id"] for found in client("cognito-idp").list_user_pools(MaxResults=10)["UserPools"]]


def of_the_pool(operation: str, answer: str, identity: str) -> Callable[[Client], list[str]]:
    def found(client: Client) -> list[str]:
        asked = [getattr(client("cognito-idp"), operation)(UserPoolId=pool, MaxResults=10) for pool in pools(client)]
        return [each[identity] for answers in asked for each in answers[answer]]

    return found


def domains(client: Client) -> list[str]:
    asked = [client("cognito-idp").describe_user_pool(UserPoolId=pool)["UserPool"] for pool in pools(client)]
    return [pool["Domain"] for pool in asked if "Domain" in pool]


def notebooks(client: Client) -> list[str]:
    found = client("sagemaker").list_notebook_instances()["NotebookInstances"]
    return [instance["NotebookInstanceName"] for instance in found]


def scripts(client: Client) -> list[str]:
    """Of the notebooks: moto describes a lifecycle configuration, but lists none."""
    maker = client("sagemaker")
    told = [maker.describe_notebook_instance(NotebookInstanceName=name) for name in notebooks(client)]
    names = {each["NotebookInstanceLifecycleConfigName"] for each in told}
    key = "NotebookInstanceLifecycleConfigName"
    return [maker.describe_notebook_instance_lifecycle_config(**{key: name})[key] for name in names]


def subscriptions(client: Client) -> list[str]:
    return [found["SubscriptionArn"] for found in client("sns").list_subscriptions()["Subscriptions"]]


MADE: dict[str, Callable[[Client], list[str]]] = {
    "AWS::ApiGateway::Authorizer": of_the_api("get_authorizers", "items", "id"),
    "AWS::ApiGateway::Deployment": of_the_api("get_deployments", "items", "id"),
    "AWS::ApiGateway::GatewayResponse": of_the_api("get_gateway_responses", "items", "responseType"),
    "AWS::ApiGateway::Method": methods,
    "AWS::ApiGateway::Resource": paths,
    "AWS::ApiGateway::RestApi": lambda client: [api(client)],
    "AWS::ApiGateway::Stage": of_the_api("get_stages", "item", "stageName"),
    "AWS::CloudWatch::Alarm": alarms,
    "AWS::CloudWatch::Dashboard": dashboards,
    "AWS::Cognito::UserPool": pools,
    "AWS::Cognito::UserPoolClient": of_the_pool("list_user_pool_clients", "UserPoolClients", "ClientId"),
    "AWS::Cognito::UserPoolDomain": domains,
    "AWS::Cognito::UserPoolResourceServer": of_the_pool("list_resource_servers", "ResourceServers", "Identifier"),
    "AWS::DynamoDB::Table": tables,
    "AWS::EC2::RouteTable": in_our_network("describe_route_tables", "RouteTables", "RouteTableId"),
    "AWS::EC2::SecurityGroup": in_our_network("describe_security_groups", "SecurityGroups", "GroupId"),
    "AWS::EC2::SecurityGroupIngress": admitted,
    "AWS::EC2::Subnet": in_our_network("describe_subnets", "Subnets", "SubnetId"),
    "AWS::EC2::VPC": vpcs,
    "AWS::EC2::VPCEndpoint": in_our_network("describe_vpc_endpoints", "VpcEndpoints", "VpcEndpointId"),
    "AWS::EFS::AccessPoint": access_points,
    "AWS::EFS::FileSystem": file_systems,
    "AWS::EFS::MountTarget": mount_targets,
    "AWS::Events::Rule": rules,
    "AWS::IAM::Policy": policies,
    "AWS::IAM::Role": roles,
    "AWS::KMS::Alias": aliases,
    "AWS::KMS::Key": keys,
    "AWS::Lambda::EventSourceMapping": mappings,
    "AWS::Lambda::Function": functions,
    "AWS::Lambda::LayerVersion": layers,
    "AWS::Lambda::Permission": permissions,
    "AWS::Logs::LogGroup": log_groups,
    "AWS::Logs::ResourcePolicy": log_policies,
    "AWS::S3::Bucket": buckets,
    "AWS::SNS::Subscription": subscriptions,
    "AWS::SNS::Topic": topics,
    "AWS::SQS::Queue": queues,
    "AWS::SQS::QueuePolicy": guarded_queues,
    "AWS::SageMaker::ModelPackageGroup": groups_of_models,
    "AWS::SageMaker::NotebookInstance": notebooks,
    "AWS::SageMaker::NotebookInstanceLifecycleConfig": scripts,
    "AWS::StepFunctions::StateMachine": machines,
}

NOT_SHOWN = {
    "AWS::CloudFront::ResponseHeadersPolicy": "the page's answers bear it, and no answer of an API shows it",
    "AWS::EC2::SubnetRouteTableAssociation": "moto keeps it, and no answer of its API shows it",
}
"""Types that are made and cannot be asked for."""
