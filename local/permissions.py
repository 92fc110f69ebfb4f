"""Which permissions a call needs: the IAM actions of an operation, each with its resource and what a condition may ask.

Source: the service authorization reference, for the operations that this project calls; another one is named as it is, on `*`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from local.server import ACCOUNT, REGION, role_name
from local.wire import Call

Fields = dict[str, Any]


@dataclass(frozen=True)
class Permission:
    """`role` needs it, or the caller where that is empty."""

    action: str
    resource: str
    context: dict[str, str] = field(default_factory=dict)
    role: str = ""


def arn(service: str, name: str) -> str:
    return f"arn:aws:{service}:{REGION}:{ACCOUNT}:{name}"


def needed(call: Call) -> Iterator[Permission]:
    """Every permission that the caller must have."""
    own = SERVICES.get(call.service)
    yield from own(call) if own else [Permission(f"{call.service}:{call.operation}", "*")]


def storage(call: Call) -> Iterator[Permission]:
    fields, bucket = call.fields, f"arn:aws:s3:::{call.fields['Bucket']}"
    if not fields["Key"]:
        listing = "s3:ListBucketVersions" if "versions" in fields else "s3:ListBucket"
        prefix = {"s3:prefix": fields["prefix"]} if "prefix" in fields else {}
        yield Permission(listing if call.operation in ("GET", "HEAD") else f"s3:{call.operation}Bucket", bucket, prefix)
        return
    yield Permission(object_action(call.operation, fields), f"{bucket}/{fields['Key']}")
    if "CopySource" in fields:
        yield Permission("s3:GetObject", f"arn:aws:s3:::{fields['CopySource']}")


def object_action(method: str, fields: Fields) -> str:
    if method in ("GET", "HEAD"):
        return "s3:GetObjectVersion" if "versionId" in fields else "s3:GetObject"
    if method == "DELETE":
        if "uploadId" in fields:
            return "s3:AbortMultipartUpload"
        return "s3:DeleteObjectVersion" if "versionId" in fields else "s3:DeleteObject"
    return "s3:PutObjectTagging" if "tagging" in fields else "s3:PutObject"


def ledger(call: Call) -> Iterator[Permission]:
    """A transaction needs what its parts would need alone."""
    parts = call.fields.get("TransactItems") or []
    for part in parts:
        for operation, fields in part.items():
            action = {"ConditionCheck": "ConditionCheckItem"}.get(operation, f"{operation}Item")
            yield Permission(f"dynamodb:{action}", arn("dynamodb", f"table/{fields['TableName']}"), leading(fields))
    if not parts:
        tables = call.fields.get("RequestItems") or [call.fields.get("TableName", "*")]
        for table in tables:
            yield Permission(f"dynamodb:{call.operation}", arn("dynamodb", f"table/{table}"), leading(call.fields))


def leading(fields: Fields) -> dict[str, str]:
    """The partition that an item is put into, by its kind alone, as there are many; the table's partition key is `pk`."""
    kind, found, _ = (fields.get("Item") or {}).get("pk", {}).get("S", "").partition("#")
    return {"dynamodb:LeadingKeys": kind + found} if kind else {}


def queues(call: Call) -> Iterator[Permission]:
    name = call.fields.get("QueueName") or str(call.fields.get("QueueUrl", "*")).rpartition("/")[2]
    yield Permission(f"sqs:{call.operation.removesuffix('Batch')}", arn("sqs", name))


def machines(call: Call) -> Iterator[Permission]:
    fields = call.fields
    yield Permission(f"states:{call.operation}", fields.get("executionArn") or fields.get("stateMachineArn") or "*")


def functions(call: Call) -> Iterator[Permission]:
    if call.operation == "Invoke":
        name = call.fields["FunctionName"]
        yield Permission("lambda:InvokeFunction", name if name.startswith("arn:") else arn("lambda", f"function:{name}"))
    else:
        yield Permission(f"lambda:{call.operation}", "*")


NAMED = {
    "TransformJobName": "transform-job", "HyperParameterTuningJobName": "hyper-parameter-tuning-job",
    "TrainingJobName": "training-job", "ProcessingJobName": "processing-job", "ModelName": "model",
    "EndpointConfigName": "endpoint-config", "EndpointName": "endpoint", "NotebookInstanceName": "notebook-instance",
}  # fmt: skip
"""SageMaker's fields that name a resource, and the resource's type."""

ENDPOINT_CHANGES = ("CreateEndpoint", "UpdateEndpoint")


def models(call: Call) -> Iterator[Permission]:
    action, fields = f"sagemaker:{call.operation}", call.fields
    names = [(kind, str(fields[name]).lower()) for name, kind in NAMED.items() if name in fields]
    if call.operation not in ENDPOINT_CHANGES:  # which alone need both: the endpoint and what it is to serve
        names = names[:1]
    resources = [arn("sagemaker", f"{kind}/{name}") for kind, name in names]
    resources += [package for name in ("ModelPackageArn", "ModelPackageName") if (package := fields.get(name))]
    if call.operation == "CreateModelPackage":
        resources = [arn("sagemaker", f"model-package/{fields['ModelPackageGroupName']}/1")]
    for resource in resources or ["*"]:
        yield Permission(action, resource)
    definition = {**fields, **(fields.get("TrainingJobDefinition") or {})}
    yield from passed(definition)
    yield from volumes(definition)
    if fields.get("Tags") and call.operation.startswith("Create"):
        yield from (Permission("sagemaker:AddTags", resource) for resource in resources)


def passed(fields: Fields) -> Iterator[Permission]:
    for name in ("RoleArn", "ExecutionRoleArn"):
        if name in fields:
            yield Permission("iam:PassRole", fields[name], {"iam:PassedToService": "sagemaker.amazonaws.com"})


def volumes(fields: Fields) -> Iterator[Permission]:
    """An encrypted volume is attached in the name of a job's role, and of who deploys an endpoint or starts a transform."""
    cluster = (fields.get("ProcessingResources") or {}).get("ClusterConfig") or fields.get("ResourceConfig") or {}
    cluster = cluster or fields.get("HyperParameterTuningResourceConfig") or {}
    role = role_name(fields["RoleArn"]) if cluster else ""
    cluster = cluster or fields.get("TransformResources") or {}
    key = cluster.get("VolumeKmsKeyId") or fields.get("KmsKeyId")
    if key:
        yield Permission("kms:DescribeKey", key, role=role)
        yield Permission("kms:CreateGrant", key, {"kms:GrantIsForAWSResource": "true"}, role)


def metrics(call: Call) -> Iterator[Permission]:
    namespace = call.fields.get("Namespace")
    yield Permission(f"cloudwatch:{call.operation}", "*", {"cloudwatch:namespace": namespace} if namespace else {})


def scaling(call: Call) -> Iterator[Permission]:
    """A target's id is AWS's own; a listing knows no resource."""
    listing = call.operation.startswith("Describe")
    target = "*" if listing else arn("application-autoscaling", "scalable-target/0")
    context = {} if listing else {"application-autoscaling:service-namespace": call.fields["ServiceNamespace"]}
    yield Permission(f"application-autoscaling:{call.operation}", target, context)


def topics(call: Call) -> Iterator[Permission]:
    yield Permission(f"sns:{call.operation}", call.fields.get("TopicArn", "*"))


SERVICES: dict[str, Callable[[Call], Iterator[Permission]]] = {
    "application-autoscaling": scaling,
    "dynamodb": ledger,
    "lambda": functions,
    "monitoring": metrics,
    "s3": storage,
    "sagemaker": models,
    "sns": topics,
    "sqs": queues,
    "states": machines,
}
"""By the name with which a request to the service is signed."""
