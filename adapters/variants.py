"""What an endpoint is made of by serving mode, as plain requests: its model, its variant, and how a new one takes its place."""

from __future__ import annotations

from typing import Any

from chartloop.instances import has_own_disks
from chartloop.settings import TAG, Settings

VARIANT = "champion"
SERVERLESS = "serverless"
MINUTE = 60
STARTING_MINUTES = 30
"""What a fleet may take to come up, beside the minutes in which alarms are watched."""
RETURN_SECONDS = 120
"""How long the old fleet stays after the last of its traffic went."""

Request = dict[str, Any]


def model(name: str, model_uri: str, settings: Settings) -> Request:
    """CreateModel. A serverless endpoint refuses network isolation; its container has no network of ours either way."""
    container = {
        "Image": settings.inference_image,
        "ModelDataUrl": model_uri,
        "Environment": {"SAGEMAKER_PROGRAM": "inference.py", "HF_HUB_OFFLINE": "1"},
    }
    isolated = settings.serving != SERVERLESS
    return {
        "ModelName": name,
        "ExecutionRoleArn": settings.endpoint_role,
        "PrimaryContainer": container,
        "EnableNetworkIsolation": isolated,
        **tagged(settings),
    }


def configuration(name: str, settings: Settings) -> Request:
    """CreateEndpointConfig with the one variant, of the model under the same name."""
    variant: Request = {"VariantName": VARIANT, "ModelName": name}
    if settings.serving == SERVERLESS:
        size = {"MemorySizeInMB": settings.serverless_memory_mb, "MaxConcurrency": settings.serverless_concurrency}
        return {"EndpointConfigName": name, "ProductionVariants": [{**variant, "ServerlessConfig": size}], **tagged(settings)}
    variant |= {
        "InstanceType": settings.instance_type,
        "InitialInstanceCount": settings.serving_instances,
        "InitialVariantWeight": 1.0,
    }
    encrypted = {"KmsKeyId": settings.kms_key} if settings.kms_key and not has_own_disks(settings.instance_type) else {}
    return {"EndpointConfigName": name, "ProductionVariants": [variant], **encrypted, **tagged(settings)}


def creation(endpoint: str, config: str, settings: Settings) -> Request:
    """CreateEndpoint."""
    return {"EndpointName": endpoint, "EndpointConfigName": config, **tagged(settings)}


def tagged(settings: Settings) -> Request:
    """The tag of all that CloudFormation makes, on what promotion makes: the budget and the janitor go by it."""
    return {"Tags": [{"Key": TAG, "Value": settings.endpoint_prefix}]}


def update(endpoint: str, config: str, settings: Settings, *, alarms: list[str]) -> Request:
    """UpdateEndpoint. With `alarms` they are watched, first at a canary where there are two instances; without, all at once.

    What autoscaling has made of the number of instances is kept.
    """
    request: Request = {"EndpointName": endpoint, "EndpointConfigName": config}
    if settings.serving == SERVERLESS:
        return request  # SageMaker has no guardrails for it
    policy: Request = {
        "TrafficRoutingConfiguration": _routing(settings, watched=bool(alarms)),
        "TerminationWaitInSeconds": RETURN_SECONDS if alarms else 0,
        "MaximumExecutionTimeoutInSeconds": (STARTING_MINUTES + 2 * settings.bake_minutes) * MINUTE + RETURN_SECONDS,
    }
    watch = {"AutoRollbackConfiguration": {"Alarms": [{"AlarmName": name} for name in alarms]}} if alarms else {}
    request["DeploymentConfig"] = {"BlueGreenUpdatePolicy": policy, **watch}
    if settings.serving_instances_max > settings.serving_instances:
        request["RetainAllVariantProperties"] = True
    return request


def _routing(settings: Settings, *, watched: bool) -> Request:
    wait = settings.bake_minutes * MINUTE if watched else 0
    if not watched or settings.serving_instances < 2:
        return {"Type": "ALL_AT_ONCE", "WaitIntervalInSeconds": wait}
    # In instances: how SageMaker rounds a percentage that is less than one of them is nowhere said.
    canary = max(1, settings.serving_instances * settings.canary_percent // 100)
    return {"Type": "CANARY", "WaitIntervalInSeconds": wait, "CanarySize": {"Type": "INSTANCE_COUNT", "Value": canary}}
