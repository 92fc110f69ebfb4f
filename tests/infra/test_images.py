"""Image addresses by region."""

from __future__ import annotations

import pytest

from chartloop.errors import InvalidRequest
from infra.images import INFERENCE, TRAINING, image, repository_arn


@pytest.mark.parametrize(
    ("region", "registry"),
    [
        ("us-east-1", "763104351884.dkr.ecr.us-east-1.amazonaws.com"),
        ("eu-central-1", "763104351884.dkr.ecr.eu-central-1.amazonaws.com"),
        ("af-south-1", "626614931356.dkr.ecr.af-south-1.amazonaws.com"),
        ("cn-north-1", "727897471807.dkr.ecr.cn-north-1.amazonaws.com.cn"),
    ],
)
def test_the_registry_is_the_regions(region: str, registry: str) -> None:
    assert image(INFERENCE, region) == f"{registry}/{INFERENCE}"


def test_a_region_without_images_is_refused() -> None:
    with pytest.raises(InvalidRequest, match="xx-nowhere-9"):
        image(TRAINING, "xx-nowhere-9")


def test_the_permission_names_the_repository_without_its_tag() -> None:
    expected = "arn:aws:ecr:us-east-1:763104351884:repository/huggingface-pytorch-training"
    assert repository_arn(TRAINING, "us-east-1") == expected
