"""Endpoints of the local cloud for its tests: a model of a few lines, and what configures, awaits and asks them."""

from __future__ import annotations

import io
import tarfile
from typing import Any

from tests.local.conftest import BareCloud, until
from tests.local.kept import BUCKET, ROLE

SCRIPT = """
import os, time
def model_fn(model_dir):
    if os.environ.get("BREAK"):
        raise RuntimeError("no weights")
    while (gate := os.environ.get("GATE")) and not os.path.exists(gate):
        time.sleep(0.02)
    return os.environ["VERSION"]
def input_fn(body, content_type):
    return body.decode()
def predict_fn(data, model):
    if data == "bad":
        raise ValueError(data)
    time.sleep(0.2 if data == "slow" else 0)
    return f"{model} {data}"
def output_fn(prediction, accept):
    return prediction
"""


def model_archive(*, escaping: bool = False) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as tar:
        member = tarfile.TarInfo("../../escaped.py" if escaping else "code/inference.py")
        member.size = len(SCRIPT)
        tar.addfile(member, io.BytesIO(SCRIPT.encode()))
    return packed.getvalue()


def configure(
    cloud: BareCloud, config: str, *, body: bytes | None = None, instances: int = 1, serverless: bool = False, **environment: str
) -> str:
    """A model and a configuration of that name; the name."""
    key = f"models/{config}/model.tar.gz"
    cloud.client("s3").put_object(Bucket=BUCKET, Key=key, Body=model_archive() if body is None else body)
    client = cloud.client("sagemaker")
    container = {"Image": "image", "ModelDataUrl": f"s3://{BUCKET}/{key}", "Environment": {"VERSION": config, **environment}}
    client.create_model(ModelName=config, ExecutionRoleArn=ROLE, PrimaryContainer=container)
    size: dict[str, Any] = {"InstanceType": "ml.m5.large", "InitialInstanceCount": instances}
    if serverless:
        size = {"ServerlessConfig": {"MemorySizeInMB": 2048, "MaxConcurrency": 1}}
    variant = {"VariantName": "champion", "ModelName": config, **size}
    client.create_endpoint_config(EndpointConfigName=config, ProductionVariants=[variant])
    return config


def settled(cloud: BareCloud, name: str) -> dict[str, Any]:
    client = cloud.client("sagemaker")

    def found() -> Any:
        endpoint = client.describe_endpoint(EndpointName=name)
        return endpoint if endpoint["EndpointStatus"] in ("InService", "Failed") else None

    return dict(until(found, 60))


def create(cloud: BareCloud, name: str, config: str) -> dict[str, Any]:
    cloud.client("sagemaker").create_endpoint(EndpointName=name, EndpointConfigName=config)
    return settled(cloud, name)


def invoke(cloud: BareCloud, name: str, body: str = "hi") -> str:
    answer = cloud.client("sagemaker-runtime").invoke_endpoint(EndpointName=name, Body=body.encode(), ContentType="text/plain")
    assert answer["InvokedProductionVariant"] == "champion"
    return str(answer["Body"].read().decode())
