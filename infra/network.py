"""The network of the functions that mount EFS, and the model folder itself; there is no way out to the internet."""

from __future__ import annotations

from aws_cdk import RemovalPolicy, Stack
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_efs as efs
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from infra.grants import allow
from infra.logs import Log
from infra.names import Names

MOUNT = "/mnt/chartloop"
"""Where a function mounts the model folder."""
CIDR = "10.40.0.0/20"
NFS = 2049
OWNER = "1000"
"""User and group of every file on the access point, in the functions and in a notebook alike."""
READER = "1001"
"""A user of the same group, who may read the files and write none."""
ROOT = "/chartloop"


class Network(Construct):
    """Isolated subnets in two zones. S3 and DynamoDB are reached by gateway endpoints, which cost nothing."""

    def __init__(self, scope: Construct, *, names: Names, key: kms.IKey, prod: bool) -> None:
        super().__init__(scope, "Network")
        self.vpc = ec2.Vpc(
            self,
            "Vpc",
            ip_addresses=ec2.IpAddresses.cidr(CIDR),
            max_azs=2,
            nat_gateways=0,
            restrict_default_security_group=False,  # would deploy a function of the CDK's own; nothing uses that group
            subnet_configuration=[
                ec2.SubnetConfiguration(name="isolated", subnet_type=ec2.SubnetType.PRIVATE_ISOLATED, cidr_mask=24)
            ],
            gateway_endpoints={
                "S3": ec2.GatewayVpcEndpointOptions(service=ec2.GatewayVpcEndpointAwsService.S3),
                "DynamoDb": ec2.GatewayVpcEndpointOptions(service=ec2.GatewayVpcEndpointAwsService.DYNAMODB),
            },
        )
        self.subnets = ec2.SubnetSelection(subnet_type=ec2.SubnetType.PRIVATE_ISOLATED)
        self.functions = self._functions()
        log = Log(self, "FlowLog", name=f"/aws/vpc/{names.name}", key=key, prod=prod)
        self.vpc.add_flow_log("Flow", destination=ec2.FlowLogDestination.to_cloud_watch_logs(log))

    def _functions(self) -> ec2.ISecurityGroup:
        group = ec2.SecurityGroup(
            self,
            "Functions",
            vpc=self.vpc,
            description="Functions that mount the model folder",
            allow_all_outbound=False,
        )
        group.add_egress_rule(ec2.Peer.ipv4(CIDR), ec2.Port.tcp(NFS), "the model folder")
        group.add_egress_rule(ec2.Peer.any_ipv4(), ec2.Port.tcp(443), "S3 and DynamoDB, by the only routes that lead out")
        # Handed out as it is: else whatever mounts the folder would add rules of its own to what is said here.
        return ec2.SecurityGroup.from_security_group_id(self, "AsSaid", group.security_group_id, mutable=False)


def owned() -> efs.Acl:
    """Whose the folder is, where an access point has to make it."""
    return efs.Acl(owner_uid=OWNER, owner_gid=OWNER, permissions="750")


class ModelFolder(Construct):
    """EFS, encrypted, reached over TLS and through the access point alone."""

    def __init__(self, scope: Construct, *, network: Network, key: kms.IKey) -> None:
        super().__init__(scope, "ModelFolder")
        self.access = ec2.SecurityGroup(self, "Access", vpc=network.vpc, description="The model folder", allow_all_outbound=False)
        self.access.add_ingress_rule(network.functions, ec2.Port.tcp(NFS), "functions that mount it")
        self.file_system = efs.FileSystem(
            self,
            "FileSystem",
            vpc=network.vpc,
            vpc_subnets=network.subnets,
            security_group=self.access,
            encrypted=True,
            kms_key=key,
            # The CDK's "not anonymous" is a statement that lets every role which may mount also write, and be root. Without it
            # the policy below allows nobody anything: a role has what it was given.
            allow_anonymous_access=True,
            enable_automatic_backups=True,
            removal_policy=RemovalPolicy.RETAIN,
        )
        self.file_system.add_to_resource_policy(
            iam.PolicyStatement(
                effect=iam.Effect.DENY,
                principals=[iam.AnyPrincipal()],
                actions=["*"],
                conditions={"Bool": {"aws:SecureTransport": "false"}},
            )
        )
        self.access_point = self.file_system.add_access_point(
            "AccessPoint",
            path=ROOT,
            create_acl=owned(),
            posix_user=efs.PosixUser(uid=OWNER, gid=OWNER),
        )

    def read(self, function: lambda_.Function) -> None:
        """Mounts the folder in a function that is in the network, by an access point under which nothing can be written.

        By hand: the CDK's own mount would also grant the right to write.
        """
        reader = efs.AccessPoint(
            function,
            "Reader",
            file_system=self.file_system,
            path=ROOT,
            create_acl=owned(),
            posix_user=efs.PosixUser(uid=READER, gid=OWNER),
        )
        mount = {"Arn": reader.access_point_arn, "LocalMountPath": MOUNT}
        resource = function.node.default_child
        assert isinstance(resource, lambda_.CfnFunction)  # noqa: S101 (what a Function is made of)
        resource.add_property_override("FileSystemConfigs", [mount])
        by_it = {"elasticfilesystem:AccessPointArn": reader.access_point_arn}
        stack, name = Stack.of(function), self.file_system.file_system_id
        files = stack.format_arn(service="elasticfilesystem", resource="file-system", resource_name=name)
        allow(function, "elasticfilesystem:ClientMount", on=[files], StringEquals=by_it)
