"""The notebook that trains: its instance, role, way to the model folder and to AWS, and who hears of its end."""

from __future__ import annotations

from aws_cdk import Fn
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sagemaker as sagemaker
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from chartloop.keys import notebook_order, notebook_wheels
from chartloop.tasks import TASKS
from infra import code
from infra.context import Context
from infra.data import DataStack
from infra.grants import allow, objects, volumes
from infra.jobs import PREPARED, PREPARING, SCORED, SCORING, Jobs
from infra.names import Names
from infra.network import NFS

VOLUME_GB = 50
SCRIPT = code.ROOT / "training" / "lifecycle.sh"
SERVICES = {
    "SageMaker": ec2.InterfaceVpcEndpointAwsService.SAGEMAKER_API,
    "StepFunctions": ec2.InterfaceVpcEndpointAwsService.STEP_FUNCTIONS,
    "Logs": ec2.InterfaceVpcEndpointAwsService.CLOUDWATCH_LOGS,
    "Sts": ec2.InterfaceVpcEndpointAwsService.STS,
}
"""What the notebook calls besides S3: each an interface endpoint that costs by the hour (docs/deploy.md)."""


class TrainingNotebook(Construct):
    """One instance without root, internet or a public address. It lives in one zone, and so do its endpoints."""

    def __init__(self, scope: Construct, *, context: Context, names: Names, data: DataStack, jobs: Jobs) -> None:
        super().__init__(scope, "TrainingNotebook")
        self._names = names
        self._data = data
        subnet = data.network.vpc.select_subnets(subnet_type=data.network.subnets.subnet_type).subnets[0]
        group = self._group(subnet)
        self.role = self._role(jobs)
        script = sagemaker.CfnNotebookInstanceLifecycleConfig(
            self,
            "Script",
            notebook_instance_lifecycle_config_name=names.notebook,
            on_start=[
                sagemaker.CfnNotebookInstanceLifecycleConfig.NotebookInstanceLifecycleHookProperty(
                    content=Fn.base64(self._script(context))
                )
            ],
        )
        self.instance = sagemaker.CfnNotebookInstance(
            self,
            "Instance",
            notebook_instance_name=names.notebook,
            instance_type=context.notebook_instance,
            platform_identifier="notebook-al2023-v1",
            role_arn=self.role.role_arn,
            root_access="Disabled",
            direct_internet_access="Disabled",
            kms_key_id=data.key.key_arn,
            subnet_id=subnet.subnet_id,
            security_group_ids=[group.security_group_id],
            lifecycle_config_name=script.attr_notebook_instance_lifecycle_config_name,
            volume_size_in_gb=VOLUME_GB,
            instance_metadata_service_configuration=sagemaker.CfnNotebookInstance.InstanceMetadataServiceConfigurationProperty(
                minimum_instance_metadata_service_version="2"
            ),
        )

    def _group(self, subnet: ec2.ISubnet) -> ec2.SecurityGroup:
        network = self._data.network
        group = ec2.SecurityGroup(
            self, "Group", vpc=network.vpc, description="The notebook that trains", allow_all_outbound=False
        )
        group.add_egress_rule(ec2.Peer.ipv4(network.vpc.vpc_cidr_block), ec2.Port.tcp(NFS), "the model folder")
        group.add_egress_rule(ec2.Peer.any_ipv4(), ec2.Port.tcp(443), "AWS, by the only routes that lead out")
        ec2.CfnSecurityGroupIngress(
            self,
            "ModelFolder",
            group_id=self._data.folder.access.security_group_id,
            source_security_group_id=group.security_group_id,
            ip_protocol="tcp",
            from_port=NFS,
            to_port=NFS,
            description="the notebook that trains",
        )
        doors = ec2.SecurityGroup(self, "Doors", vpc=network.vpc, description="Endpoints of AWS", allow_all_outbound=False)
        doors.add_ingress_rule(group, ec2.Port.tcp(443), "the notebook that trains")
        for name, service in SERVICES.items():
            ec2.InterfaceVpcEndpoint(
                self,
                name,
                vpc=network.vpc,
                service=service,
                subnets=ec2.SubnetSelection(subnets=[subnet]),
                security_groups=[doors],
                open=False,
            )
        return group

    def _role(self, jobs: Jobs) -> iam.Role:
        names, data = self._names, self._data
        account = {"StringEquals": {"aws:SourceAccount": names.account}}
        role = iam.Role(self, "Role", assumed_by=iam.ServicePrincipal("sagemaker.amazonaws.com", conditions=account))
        reads = {*PREPARING, *SCORING, "base-models/*", notebook_order(), notebook_wheels("*")}
        writes = {*PREPARED, *SCORED, "runs/*/notebook/*"}
        objects(role, data.bucket, data.key, read=sorted(reads), write=sorted(writes), large=True)
        jobs.grant_code(role)
        volumes(role, data.key)  # of the training job that it starts
        training = [names.arn("sagemaker", f"training-job/{task}-*") for task in TASKS]
        allow(
            role, *(f"sagemaker:{verb}TrainingJob" for verb in ("Create", "Describe", "Stop")), "sagemaker:AddTags", on=training
        )
        passed = {"iam:PassedToService": "sagemaker.amazonaws.com"}
        allow(role, "iam:PassRole", on=[jobs.role.role_arn], StringEquals=passed)
        answers = ("states:SendTaskHeartbeat", "states:SendTaskSuccess", "states:SendTaskFailure")
        allow(role, *answers, on=[names.machine_arn])
        allow(role, "sagemaker:StopNotebookInstance", on=[names.arn("sagemaker", f"notebook-instance/{names.notebook}")])
        mounted = {"elasticfilesystem:AccessPointArn": data.folder.access_point.access_point_arn}
        allow(role, "elasticfilesystem:ClientMount", on=[data.folder.file_system.file_system_arn], StringEquals=mounted)
        groups = [names.arn("logs", f"log-group:/aws/sagemaker/*{suffix}") for suffix in ("", ":log-stream:*")]
        allow(role, "logs:CreateLogGroup", "logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents", on=groups)
        return role

    def _script(self, context: Context) -> str:
        """training/lifecycle.sh with the settings of this deployment, none of them secret, behind its first line."""
        settings = {
            "AWS_DEFAULT_REGION": context.region,
            "CHARTLOOP_BUCKET": self._names.bucket,
            "CHARTLOOP_KMS_KEY": self._data.key.key_arn,
            "CHARTLOOP_NOTEBOOK": self._names.notebook,
            "CHARTLOOP_HOURS": str(context.notebook_hours),
            "CHARTLOOP_FILE_SYSTEM": self._data.folder.file_system.file_system_id,
            "CHARTLOOP_ACCESS_POINT": self._data.folder.access_point.access_point_id,
        }
        first, _, rest = SCRIPT.read_text().partition("\n")
        exports = "\n".join(f"export {name}='{value}'" for name, value in settings.items())
        return f"{first}\n{exports}\n{rest}"

    def tell_of_its_end(self, function: lambda_.Function, *, missed: sqs.IQueue) -> None:
        events.Rule(
            self,
            "Stopped",
            rule_name=f"{self._names.name}-notebook-stopped",
            description="The notebook instance stopped or failed",
            event_pattern=events.EventPattern(
                source=["aws.sagemaker"],
                detail_type=["SageMaker Notebook Instance State Change"],
                detail={
                    "NotebookInstanceName": [self._names.notebook],
                    "NotebookInstanceStatus": ["Stopped", "Failed"],
                },
            ),
            targets=[targets.LambdaFunction(function, dead_letter_queue=missed)],
        )
