"""The jobs' and the endpoint's container images: AWS's Hugging Face images, pinned, from the registry of the region."""

from __future__ import annotations

from aws_cdk.region_info import RegionInfo

from chartloop.errors import InvalidRequest

TRAINING = "huggingface-pytorch-training:2.9.0-transformers5.3.0-gpu-py312-cu130-ubuntu22.04"
INFERENCE = "huggingface-pytorch-inference:2.6.0-transformers5.5.3-cpu-py312-ubuntu22.04"
GPU_INFERENCE = "huggingface-pytorch-inference:2.6.0-transformers5.5.3-gpu-py312-cu124-ubuntu22.04"
"""For endpoints on a machine with a GPU."""
PYTHON = "3.12"
"""Of all three images: what is vendored into the jobs' code is built for it."""


REGISTRIES = {
    "af-south-1": "626614931356",
    "ap-northeast-3": "364406365360",
    "ca-west-1": "204538143572",
    "il-central-1": "780543022126",
    "us-gov-east-1": "446045086412",
    "us-gov-west-1": "442386744353",
}
"""Accounts of AWS's registries in regions where the CDK's own map has none."""


def image(tag: str, region: str) -> str:
    """The image's address: AWS runs the registry in another account by region."""
    info = RegionInfo.get(region)
    account, suffix = info.dlc_repository_account or REGISTRIES.get(region), info.domain_suffix
    if account is None or suffix is None:
        raise InvalidRequest(f"AWS has no deep learning containers in {region}", field="region")
    return f"{account}.dkr.ecr.{region}.{suffix}/{tag}"


def repository_arn(tag: str, region: str) -> str:
    """The ARN of the image's repository, for the permission to pull it."""
    registry, _, repository = image(tag, region).partition("/")
    partition = RegionInfo.get(region).partition or "aws"
    return f"arn:{partition}:ecr:{region}:{registry.split('.', 1)[0]}:repository/{repository.split(':', 1)[0]}"
