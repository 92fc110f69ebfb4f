"""Resource types by name: what is made through an API, what moto makes in part, and what has no effect on one machine."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from moto.apigateway.models import apigateway_backends

from local import identity_types, site_types
from local.server import LocalCloud

Properties = dict[str, Any]


@dataclass(frozen=True)
class Made:
    """What `Ref` gives for a resource, and what `Fn::GetAtt` gives by name."""

    reference: str
    attributes: Mapping[str, str] = field(default_factory=dict)


Make = Callable[[LocalCloud, str, Properties], Made]


def stage(cloud: LocalCloud, _name: str, properties: Properties) -> Made:
    cloud.client("apigateway").create_stage(
        restApiId=properties["RestApiId"], stageName=properties["StageName"], deploymentId=properties["DeploymentId"]
    )
    return Made(properties["StageName"])


def authorizer(cloud: LocalCloud, _name: str, properties: Properties) -> Made:
    api = properties["RestApiId"]
    made = cloud.client("apigateway").create_authorizer(
        restApiId=api,
        name=properties["Name"],
        type=properties["Type"],
        authorizerUri=properties["AuthorizerUri"],
        identitySource=properties["IdentitySource"],
        authorizerResultTtlInSeconds=int(properties.get("AuthorizerResultTtlInSeconds", 300)),
    )
    kept = apigateway_backends[cloud.account][cloud.region].get_authorizer(api, made["id"])
    kept.identity_validation_expression = properties.get("IdentityValidationExpression")  # moto's API loses it
    return Made(made["id"], {"AuthorizerId": made["id"]})


def gateway_response(cloud: LocalCloud, name: str, properties: Properties) -> Made:
    status = {"statusCode": str(properties["StatusCode"])} if "StatusCode" in properties else {}
    cloud.client("apigateway").put_gateway_response(
        restApiId=properties["RestApiId"],
        responseType=properties["ResponseType"],
        **status,
        responseParameters=properties.get("ResponseParameters", {}),
        responseTemplates=properties.get("ResponseTemplates", {}),
    )
    return Made(name)


def package_group(cloud: LocalCloud, _name: str, properties: Properties) -> Made:
    group = properties["ModelPackageGroupName"]
    made = cloud.client("sagemaker").create_model_package_group(ModelPackageGroupName=group)
    return Made(group, {"ModelPackageGroupArn": made["ModelPackageGroupArn"]})


def alarm(cloud: LocalCloud, name: str, properties: Properties) -> Made:
    """CloudFormation's properties are the fields of the API's request."""
    named = {"AlarmName": name, **properties}
    numbers = {field: kind(named[field]) for field, kind in ALARM_NUMBERS.items() if field in named}
    cloud.client("cloudwatch").put_metric_alarm(**{**named, **numbers})
    return Made(named["AlarmName"], {"Arn": f"arn:aws:cloudwatch:{cloud.region}:{cloud.account}:alarm:{named['AlarmName']}"})


def notebook_instance(cloud: LocalCloud, _name: str, properties: Properties) -> Made:
    request = {**properties, "VolumeSizeInGB": int(properties.get("VolumeSizeInGB", 5))}
    made = cloud.client("sagemaker").create_notebook_instance(**request)
    return Made(made["NotebookInstanceArn"], {"NotebookInstanceName": properties["NotebookInstanceName"]})


def lifecycle_config(cloud: LocalCloud, _name: str, properties: Properties) -> Made:
    made = cloud.client("sagemaker").create_notebook_instance_lifecycle_config(**properties)
    name = {"NotebookInstanceLifecycleConfigName": properties["NotebookInstanceLifecycleConfigName"]}
    return Made(made["NotebookInstanceLifecycleConfigArn"], name)


def by(make: Callable[[LocalCloud, str, Properties], tuple[str, dict[str, str]]]) -> Make:
    return lambda cloud, name, properties: Made(*make(cloud, name, properties))


def queue_policy(cloud: LocalCloud, name: str, properties: Properties) -> Made:
    for queue in properties["Queues"]:
        policy = {"Policy": json.dumps(properties["PolicyDocument"])}
        cloud.client("sqs").set_queue_attributes(QueueUrl=queue, Attributes=policy)
    return Made(name)


def subscription(cloud: LocalCloud, _name: str, properties: Properties) -> Made:
    wanted = {"TopicArn": properties["TopicArn"], "Protocol": properties["Protocol"], "Endpoint": properties["Endpoint"]}
    return Made(cloud.client("sns").subscribe(**wanted)["SubscriptionArn"])


ALARM_NUMBERS: dict[str, Callable[[Any], Any]] = {
    "DatapointsToAlarm": int,
    "EvaluationPeriods": int,
    "Period": int,
    "Threshold": float,
    "ActionsEnabled": lambda on: str(on).lower() == "true",
}
"""Of an alarm: CloudFormation may give numbers as text."""

MADE: dict[str, Make] = {
    "AWS::ApiGateway::Authorizer": authorizer,
    "AWS::ApiGateway::GatewayResponse": gateway_response,
    "AWS::ApiGateway::Stage": stage,
    "AWS::CloudFront::ResponseHeadersPolicy": by(site_types.headers_policy),
    "AWS::CloudWatch::Alarm": alarm,
    "AWS::Cognito::UserPool": by(identity_types.pool),
    "AWS::Cognito::UserPoolClient": by(identity_types.client),
    "AWS::Cognito::UserPoolDomain": by(identity_types.domain),
    "AWS::Cognito::UserPoolResourceServer": by(identity_types.resource_server),
    "AWS::SageMaker::ModelPackageGroup": package_group,
    "AWS::SNS::Subscription": subscription,
    "AWS::SageMaker::NotebookInstance": notebook_instance,
    "AWS::SageMaker::NotebookInstanceLifecycleConfig": lifecycle_config,
    "AWS::SQS::QueuePolicy": queue_policy,
}
"""Types that moto's CloudFormation does not know but its APIs do."""


def complete_bucket(cloud: LocalCloud, bucket: Any, properties: Properties) -> None:
    storage = cloud.client("s3")
    if versioning := properties.get("VersioningConfiguration"):
        storage.put_bucket_versioning(Bucket=bucket.name, VersioningConfiguration=versioning)
    if "EventBridgeConfiguration" in properties.get("NotificationConfiguration", {}):
        storage.put_bucket_notification_configuration(
            Bucket=bucket.name, NotificationConfiguration={"EventBridgeConfiguration": {}}
        )


def complete_function(_cloud: LocalCloud, function: Any, properties: Properties) -> None:
    function.file_system_configs = properties.get("FileSystemConfigs", [])


def complete_method(_cloud: LocalCloud, method: Any, properties: Properties) -> None:
    method.authorizer_id = properties.get("AuthorizerId")


def complete_api(_cloud: LocalCloud, api: Any, properties: Properties) -> None:
    api.binaryMediaTypes = properties.get("BinaryMediaTypes", [])


COMPLETED: dict[str, Callable[[LocalCloud, Any, Properties], None]] = {
    "AWS::ApiGateway::Method": complete_method,
    "AWS::ApiGateway::RestApi": complete_api,
    "AWS::Lambda::Function": complete_function,
    "AWS::S3::Bucket": complete_bucket,
}
"""What moto drops of the types that it makes."""

REFERENCES = {"AWS::ApiGateway::Deployment": "id", "AWS::EFS::AccessPoint": "access_point_id"}
"""Types of which moto has no `Ref`: the attribute that is it."""

ATTRIBUTES = {"AWS::EFS::FileSystem": {"Arn": "file_system_arn", "FileSystemId": "file_system_id"}}
"""Types of which moto has no `Fn::GetAtt`: the attribute that each name is."""

WITHOUT_EFFECT: dict[str, str] = {
    "AWS::ApiGateway::ClientCertificate": "there is no TLS between the gateway and the functions",
    "AWS::ApiGateway::RequestValidator": "the functions check what a request holds, here and on AWS",
    "AWS::CloudFront::Distribution": "nothing here is before the gateway, which is asked by itself",
    "AWS::CloudFront::Function": "there is no distribution that would run it",
    "AWS::CloudFront::OriginAccessControl": "there is no distribution that would show it to the bucket",
    "AWS::EC2::FlowLog": "there is no network",
    "AWS::WAFv2::LoggingConfiguration": "nothing but this machine reaches the gateway",
    "AWS::WAFv2::WebACL": "nothing but this machine reaches the gateway",
    "AWS::WAFv2::WebACLAssociation": "nothing but this machine reaches the gateway",
    "AWS::ApiGateway::Account": "the log role of the account; there are no CloudWatch logs",
    "AWS::Backup::BackupPlan": "nothing here outlives the machine by a copy in a vault",
    "AWS::Backup::BackupSelection": "there is no plan that would copy it",
    "AWS::Backup::BackupVault": "there is no plan that would fill it",
    "AWS::Budgets::Budget": "nothing is billed on one machine",
    "AWS::CDK::Metadata": "nothing on AWS either",
    "AWS::Logs::Delivery": "there is no distribution whose log it would be",
    "AWS::Logs::DeliveryDestination": "there is no distribution whose log it would be",
    "AWS::Logs::DeliverySource": "there is no distribution whose log it would be",
    "AWS::S3Vectors::VectorBucket": "`up` refuses library=s3vectors, as moto answers none of its queries",
    "AWS::SNS::TopicPolicy": "no IAM is run here",
    "AWS::S3::BucketPolicy": "no IAM is run here, and moto would take a conditional denial for a plain one",
}
"""Types that are only remembered by name, each with the reason."""
