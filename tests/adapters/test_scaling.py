"""Scaling against moto: registered once, ended before an endpoint changes, and none where none is wanted."""

from __future__ import annotations

from typing import Any

import boto3
import pytest

from adapters.scaling import Scaling
from tests.adapters.conftest import SERVING

MORE = SERVING.model_copy(update={"serving_instances": 2, "serving_instances_max": 5})
ID = "endpoint/chartloop-ner/variant/champion"


def targets() -> list[Any]:
    found: list[Any] = boto3.client("application-autoscaling").describe_scalable_targets(ServiceNamespace="sagemaker")[
        "ScalableTargets"
    ]
    return found


def test_an_endpoint_scales_by_invocations_of_an_instance(aws: None) -> None:
    for _ in range(2):
        Scaling(MORE).start("chartloop-ner")
    (target,) = targets()
    assert (target["ResourceId"], target["MinCapacity"], target["MaxCapacity"]) == (ID, 2, 5)
    client = boto3.client("application-autoscaling")
    (policy,) = client.describe_scaling_policies(ServiceNamespace="sagemaker")["ScalingPolicies"]
    tracked = policy["TargetTrackingScalingPolicyConfiguration"]["PredefinedMetricSpecification"]
    assert tracked["PredefinedMetricType"] == "SageMakerVariantInvocationsPerInstance"


def test_scaling_ends_also_where_the_settings_want_none_any_more(aws: None) -> None:
    Scaling(MORE).start("chartloop-ner")
    for _ in range(2):
        Scaling(SERVING).stop("chartloop-ner")
    assert targets() == []


@pytest.mark.parametrize("changes", [{"serving_instances_max": 0}, {"serving_instances_max": 2}, {"serving": "serverless"}])
def test_nothing_scales_that_should_not(aws: None, changes: dict[str, Any]) -> None:
    scaling = Scaling(MORE.model_copy(update=changes))
    scaling.start("chartloop-ner")
    scaling.stop("chartloop-ner")
    assert targets() == []
