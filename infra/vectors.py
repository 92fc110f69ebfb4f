"""With library=s3vectors: the vector bucket that holds the stored records' vectors, and the way to it from the network."""

from __future__ import annotations

from aws_cdk import RemovalPolicy
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_s3vectors as s3vectors
from constructs import Construct

from chartloop.tasks import TASKS
from infra.grants import allow
from infra.names import Names
from infra.network import Network

WRITES = ("CreateIndex", "DeleteIndex", "ListVectors", "PutVectors", "DeleteVectors")
"""What publication does with an index; it makes them itself, as only vectors tell how many dimensions they have."""


class StoredVectors(Construct):
    """The bucket, under the deployment's key, and an interface endpoint that leads to it and to nothing else."""

    def __init__(self, scope: Construct, *, names: Names, key: kms.Key, network: Network) -> None:
        super().__init__(scope, "StoredVectors")
        encryption = s3vectors.CfnVectorBucket.EncryptionConfigurationProperty(sse_type="aws:kms", kms_key_arn=key.key_arn)
        bucket = s3vectors.CfnVectorBucket(self, "Bucket", vector_bucket_name=names.vectors, encryption_configuration=encryption)
        bucket.apply_removal_policy(RemovalPolicy.RETAIN)  # one with indexes cannot be deleted
        bucket.node.add_dependency(key)  # with its policy: the service refuses indexes that it cannot tend
        self._let_indexes_be_tended(key, names)
        self._endpoint(names, network)

    def _let_indexes_be_tended(self, key: kms.Key, names: Names) -> None:
        """The service reorders indexes in the background, in its own name."""
        key.add_to_resource_policy(
            iam.PolicyStatement(
                actions=["kms:Decrypt"],
                resources=["*"],
                principals=[iam.ServicePrincipal("indexing.s3vectors.amazonaws.com")],
                conditions={
                    "StringEquals": {"aws:SourceAccount": names.account},
                    "ArnLike": {"aws:SourceArn": f"{_bucket(names)}*"},
                    "ForAnyValue:StringEquals": {"kms:EncryptionContextKeys": ["aws:s3vectors:arn", "aws:s3vectors:resource-id"]},
                },
            )
        )

    def _endpoint(self, names: Names, network: Network) -> None:
        door = ec2.SecurityGroup(self, "Door", vpc=network.vpc, description="S3 Vectors", allow_all_outbound=False)
        door.add_ingress_rule(network.functions, ec2.Port.tcp(443), "functions that publish and search")
        endpoint = ec2.InterfaceVpcEndpoint(
            self,
            "Endpoint",
            vpc=network.vpc,
            service=ec2.InterfaceVpcEndpointAwsService.S3_VECTORS,
            subnets=network.subnets,
            security_groups=[door],
            open=False,
        )
        endpoint.add_to_policy(
            iam.PolicyStatement(
                principals=[iam.AnyPrincipal()],
                actions=[f"s3vectors:{each}" for each in ("ListIndexes", "QueryVectors", *WRITES)],
                resources=[_bucket(names), *_indexes(names)],
                conditions={"StringEquals": {"aws:PrincipalAccount": names.account}},
            )
        )


def publish(function: lambda_.Function, names: Names, key: kms.IKey) -> None:
    """Make the tasks' indexes, fill them, and take away what is old; no vector is read back."""
    allow(function, "s3vectors:ListIndexes", on=[_bucket(names)])
    allow(function, *(f"s3vectors:{each}" for each in WRITES), on=_indexes(names))
    key.grant(function, "kms:Decrypt", "kms:GenerateDataKey")


def search(function: lambda_.Function, names: Names, key: kms.IKey) -> None:
    """Ask for the nearest: keys and distances."""
    allow(function, "s3vectors:QueryVectors", on=_indexes(names))
    key.grant(function, "kms:Decrypt")


def _bucket(names: Names) -> str:
    return names.arn("s3vectors", f"bucket/{names.vectors}")


def _indexes(names: Names) -> list[str]:
    """A task's, as adapters/vector_index.py names them."""
    return [f"{_bucket(names)}/index/{task}.*" for task in TASKS]
