"""The jobs' and the endpoint's container images: AWS's Hugging Face images, pinned, from the registry of the region."""

from __future__ import annotations

from aws_cdk.region_info import RegionInfo

from chartloop.errors import InvalidRequest

TRAINING = "huggingface-pytorch-training:2.9.0-transformers5.3.0-gpu-py312-cu130-ubuntu22.04"
INFERENCE = "huggingface-pytorch-inference:2.6.0-transformers5.5.3-cpu-py312-ubuntu22.04"
PYTHON = "3.12"
"""Of both images: what is vendored into the jobs' code is built for it."""


def image(tag: str, region: str) -> str:
    """The image's address. AWS runs the registry in another account by region; the CDK keeps the map."""
    info = RegionInfo.get(region)
    account, suffix = info.dlc_repository_account, info.domain_suffix
    if account is None or suffix is None:
        raise InvalidRequest(f"AWS has no deep learning containers in {region}", field="region")
    return f"{account}.dkr.ecr.{region}.{suffix}/{tag}"


def repository_arn(tag: str, region: str) -> str:
    """The ARN of the image's repository, for the permission to pull it."""
    registry, _, repository = image(tag, region).partition("/")
    partition = RegionInfo.get(region).partition or "aws"
    return f"arn:{partition}:ecr:{region}:{registry.split('.', 1)[0]}:repository/{repository.split(':', 1)[0]}"
