"""What becomes of each property of a template on one machine: used, or knowingly left out. Another one is reported."""

from __future__ import annotations

from collections.abc import Iterable

from local.identity_types import CLIENT_FIELDS, POOL_FIELDS

USED = {
    "AWS::ApiGateway::Authorizer": "RestApiId Name Type AuthorizerUri AuthorizerResultTtlInSeconds IdentitySource"
    " IdentityValidationExpression",
    "AWS::ApiGateway::Deployment": "RestApiId",
    "AWS::ApiGateway::GatewayResponse": "RestApiId ResponseType StatusCode ResponseParameters ResponseTemplates",
    "AWS::ApiGateway::Method": "RestApiId ResourceId HttpMethod AuthorizationType AuthorizerId Integration",
    "AWS::ApiGateway::Resource": "RestApiId ParentId PathPart",
    "AWS::ApiGateway::RestApi": "Name BinaryMediaTypes",
    "AWS::ApiGateway::Stage": "RestApiId StageName DeploymentId",
    "AWS::CloudFront::ResponseHeadersPolicy": "ResponseHeadersPolicyConfig",
    "AWS::CloudWatch::Alarm": "ActionsEnabled AlarmActions AlarmDescription AlarmName ComparisonOperator DatapointsToAlarm"
    " Dimensions EvaluationPeriods ExtendedStatistic InsufficientDataActions MetricName Namespace OKActions Period"
    " Statistic Threshold TreatMissingData Unit",
    "AWS::CloudWatch::Dashboard": "DashboardName DashboardBody",
    "AWS::Cognito::UserPool": "UserPoolName " + " ".join(POOL_FIELDS),
    "AWS::Cognito::UserPoolClient": " ".join(CLIENT_FIELDS),
    "AWS::Cognito::UserPoolDomain": "Domain UserPoolId",
    "AWS::Cognito::UserPoolResourceServer": "UserPoolId Identifier Name Scopes",
    "AWS::DynamoDB::Table": "TableName KeySchema AttributeDefinitions BillingMode",
    "AWS::EFS::AccessPoint": "FileSystemId RootDirectory",
    "AWS::EFS::FileSystem": "",
    "AWS::Events::Rule": "Name EventPattern ScheduleExpression State Targets",
    "AWS::KMS::Alias": "AliasName TargetKeyId",
    "AWS::KMS::Key": "KeyPolicy",
    "AWS::Lambda::EventSourceMapping": "EventSourceArn FunctionName Enabled BatchSize FunctionResponseTypes ScalingConfig",
    "AWS::Lambda::Function": "FunctionName Code Handler Environment Timeout MemorySize Runtime FileSystemConfigs",
    "AWS::S3::Bucket": "BucketName VersioningConfiguration NotificationConfiguration",
    "AWS::SageMaker::ModelPackageGroup": "ModelPackageGroupName",
    "AWS::SNS::Subscription": "Endpoint Protocol TopicArn",
    "AWS::SageMaker::NotebookInstance": "NotebookInstanceName InstanceType RoleArn LifecycleConfigName DirectInternetAccess"
    " InstanceMetadataServiceConfiguration KmsKeyId PlatformIdentifier RootAccess SecurityGroupIds SubnetId VolumeSizeInGB",
    "AWS::SageMaker::NotebookInstanceLifecycleConfig": "NotebookInstanceLifecycleConfigName OnCreate OnStart",
    "AWS::SNS::Topic": "TopicName",
    "AWS::SQS::Queue": "QueueName MessageRetentionPeriod RedrivePolicy VisibilityTimeout",
    "AWS::SQS::QueuePolicy": "Queues PolicyDocument",
    "AWS::SSM::Parameter": "Name Type Value",
    "AWS::StepFunctions::StateMachine": "StateMachineName DefinitionString",
}
"""By type, the properties that have their effect here. Where CloudFormation has a default, moto's is the same."""

LEFT_OUT = {
    "AWS::ApiGateway::Deployment": "Description",
    "AWS::ApiGateway::RestApi": "Description EndpointConfiguration",
    "AWS::ApiGateway::Method": "RequestValidatorId",
    "AWS::ApiGateway::Stage": "AccessLogSetting ClientCertificateId MethodSettings",
    "AWS::Cognito::UserPool": "EmailVerificationMessage EmailVerificationSubject EnabledMfas SmsVerificationMessage"
    " UserPoolAddOns",
    "AWS::DynamoDB::Table": "PointInTimeRecoverySpecification SSESpecification TimeToLiveSpecification",
    "AWS::EFS::AccessPoint": "AccessPointTags PosixUser",
    "AWS::EFS::FileSystem": "BackupPolicy Encrypted FileSystemPolicy FileSystemTags KmsKeyId",
    "AWS::Events::Rule": "Description",
    "AWS::KMS::Key": "Description EnableKeyRotation",
    "AWS::Lambda::Function": "Architectures DeadLetterConfig Description EphemeralStorage KmsKeyArn Layers LoggingConfig"
    " ReservedConcurrentExecutions Role VpcConfig",
    "AWS::S3::Bucket": "AccessControl BucketEncryption CorsConfiguration LifecycleConfiguration LoggingConfiguration"
    " PublicAccessBlockConfiguration",
    "AWS::SageMaker::ModelPackageGroup": "ModelPackageGroupDescription",
    "AWS::SNS::Topic": "KmsMasterKeyId",
    "AWS::SQS::Queue": "KmsMasterKeyId",
    "AWS::StepFunctions::StateMachine": "LoggingConfiguration RoleArn TracingConfiguration",
}
"""What means nothing here: encryption at rest, expiry, log destinations, throttling, users of files, roles, text for people; and
who else than the page's own origin may put objects, which is the bucket's here too.
"""

ONLY_KEPT = (
    "AWS::EC2::", "AWS::ECR::", "AWS::EFS::MountTarget", "AWS::IAM::", "AWS::Lambda::LayerVersion", "AWS::Lambda::Permission",
    "AWS::Logs::",
)  # fmt: skip
"""Beginnings of types that moto keeps and nothing here reads: there is no network, no IAM, no layer, and logs are files."""


def unknown(resource_type: str, properties: Iterable[str]) -> set[str]:
    """Properties that nobody decided on: they may be dropped without a word."""
    if resource_type.startswith(ONLY_KEPT):
        return set()
    decided = f"{USED.get(resource_type, '')} {LEFT_OUT.get(resource_type, '')} Tags".split()
    return set(properties) - set(decided)
