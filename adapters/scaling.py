"""How many instances a real-time endpoint has: Application Auto Scaling by invocations of an instance."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import boto3

from adapters.variants import VARIANT
from chartloop.settings import Settings

INVOCATIONS_A_MINUTE = 120.0
"""Of one instance, from which on another one is added: some 0.2 s a note on CPU leave it half its time."""
OUT_SECONDS, IN_SECONDS = 60, 600
"""Between two steps: out soon, in late, because an instance takes minutes to come."""


class Scaling:
    """Targets and policies of endpoints. One that scales must not be updated or deleted before it was stopped."""

    def __init__(self, settings: Settings, *, client: Any = None) -> None:
        self._settings = settings
        self._given = client

    @cached_property
    def _client(self) -> Any:
        return self._given or boto3.client("application-autoscaling")

    @property
    def wanted(self) -> bool:
        return self._settings.serving == "realtime" and self._settings.serving_instances_max > self._settings.serving_instances

    def start(self, endpoint: str) -> None:
        """Registers the variant and its policy; done again it changes nothing."""
        if not self.wanted:
            return
        target = _target(endpoint)
        self._client.register_scalable_target(
            **target, MinCapacity=self._settings.serving_instances, MaxCapacity=self._settings.serving_instances_max
        )
        self._client.put_scaling_policy(
            **target,
            PolicyName=f"{endpoint}-invocations",
            PolicyType="TargetTrackingScaling",
            TargetTrackingScalingPolicyConfiguration={
                "TargetValue": INVOCATIONS_A_MINUTE,
                "PredefinedMetricSpecification": {"PredefinedMetricType": "SageMakerVariantInvocationsPerInstance"},
                "ScaleOutCooldown": OUT_SECONDS,
                "ScaleInCooldown": IN_SECONDS,
            },
        )

    def stop(self, endpoint: str) -> None:
        """Deregisters the variant, and with it its policies; also where the settings want no scaling any more."""
        if self._settings.serving != "realtime":
            return
        target = _target(endpoint)
        found = self._client.describe_scalable_targets(
            ServiceNamespace="sagemaker", ResourceIds=[target["ResourceId"]], ScalableDimension=target["ScalableDimension"]
        )
        if found["ScalableTargets"]:
            self._client.deregister_scalable_target(**target)


def _target(endpoint: str) -> Any:
    return {
        "ServiceNamespace": "sagemaker",
        "ResourceId": f"endpoint/{endpoint}/variant/{VARIANT}",
        "ScalableDimension": "sagemaker:variant:DesiredInstanceCount",
    }
