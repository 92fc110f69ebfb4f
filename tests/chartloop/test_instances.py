"""Which machines take a key for their volumes, and which have a GPU."""

from __future__ import annotations

import pytest

from chartloop import instances


@pytest.mark.parametrize(
    ("instance", "own_disks"),
    [
        ("ml.m5.xlarge", False),
        ("ml.c6i.4xlarge", False),
        ("ml.p3.2xlarge", False),
        ("ml.g4dn.xlarge", True),
        ("ml.g5.2xlarge", True),
        ("ml.g6e.4xlarge", True),
        ("ml.p4d.24xlarge", True),
        ("ml.p3dn.24xlarge", True),
        ("ml.r5d.large", True),
        ("ml.m7i-flex.large", False),
    ],
)
def test_a_machine_with_disks_of_its_own_takes_no_volume_key(instance: str, own_disks: bool) -> None:
    assert instances.has_own_disks(instance) is own_disks


@pytest.mark.parametrize(
    ("instance", "gpu"), [("ml.m5.large", False), ("ml.g5.2xlarge", True), ("ml.p3.2xlarge", True), ("ml.c7g.large", False)]
)
def test_a_machine_has_a_gpu_by_its_family(instance: str, gpu: bool) -> None:
    assert instances.has_gpu(instance) is gpu
