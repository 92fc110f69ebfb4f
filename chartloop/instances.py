"""What SageMaker's machines are like, as far as requests depend on it: their disks and their GPUs, by name."""

from __future__ import annotations

import re

LOCAL_STORAGE = re.compile(r"ml\.(g\d|p[4-9]|p3dn|trn|[a-z]+\d+[a-z]*d[a-z]*\.)")
SEVERAL_GPUS = re.compile(r"ml\.(g\d\w*\.(12|24|48)xlarge|p3\.(8|16)xlarge|p3dn\.|p4|p5\w*\.48xlarge|p6)")
GPU = re.compile(r"ml\.[gp]\d")


def has_gpu(instance: str) -> bool:
    return GPU.match(instance) is not None


def has_own_disks(instance: str) -> bool:
    """Families whose disks are part of the machine: encrypted by it, and SageMaker refuses a key for them."""
    return LOCAL_STORAGE.match(instance) is not None


def has_several_gpus(instance: str) -> bool:
    return SEVERAL_GPUS.match(instance) is not None
