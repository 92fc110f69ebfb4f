"""Jobs of the local cloud for its tests: what they are packed from, and what they leave and tell."""

from __future__ import annotations

import io
import tarfile
from typing import Any

from tests.local.kept import BUCKET, ROLE, KeptCloud


def archive(**files: str) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as tar:
        for name, text in files.items():
            member = tarfile.TarInfo(name.replace("__", "/") + ".py")
            member.size = len(text.encode())
            tar.addfile(member, io.BytesIO(text.encode()))
    return packed.getvalue()


def put(cloud: KeptCloud, key: str, body: bytes) -> str:
    cloud.client("s3").put_object(Bucket=BUCKET, Key=key, Body=body)
    return f"s3://{BUCKET}/{key}"


def channel(name: str, uri: str) -> dict[str, Any]:
    return {"ChannelName": name, "DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": uri}}}


def process(
    cloud: KeptCloud, name: str, script: str, *, inputs: dict[str, str], isolated: bool = True, machines: int = 1, dealt: str = ""
) -> None:
    command = {"ContainerEntrypoint": ["bash", "-c", script, "work"], "ContainerArguments": ["x y"]}
    folder = "/opt/ml/processing/input"
    cloud.client("sagemaker").create_processing_job(
        ProcessingJobName=name, RoleArn=ROLE, AppSpecification={"ImageUri": "image", **command},
        ProcessingInputs=[
            {"InputName": key, "S3Input": {
                "S3Uri": uri, "LocalPath": f"{folder}/{key}", "S3DataType": "S3Prefix",
                "S3DataDistributionType": "ShardedByS3Key" if key == dealt else "FullyReplicated"}}
            for key, uri in inputs.items()
        ],
        ProcessingOutputConfig={"Outputs": [{"OutputName": "out", "S3Output": {
            "S3Uri": f"s3://{BUCKET}/{name}/out", "LocalPath": "/opt/ml/processing/output", "S3UploadMode": "EndOfJob"}}]},
        ProcessingResources={"ClusterConfig": {"InstanceCount": machines, "InstanceType": "ml.m5.large", "VolumeSizeInGB": 5}},
        StoppingCondition={"MaxRuntimeInSeconds": 600}, NetworkConfig={"EnableNetworkIsolation": isolated},
    )  # fmt: skip


def content(cloud: KeptCloud, key: str) -> bytes:
    body: bytes = cloud.client("s3").get_object(Bucket=BUCKET, Key=key)["Body"].read()
    return body


def told(cloud: KeptCloud, kind: str, name: str) -> list[str]:
    statuses = []
    for detail_type, detail in cloud.events():
        if detail_type == f"SageMaker {kind} Job State Change" and detail[f"{kind}JobName"] == name:
            statuses.append(detail.get("SecondaryStatus", detail[f"{kind}JobStatus"]))
    return statuses
