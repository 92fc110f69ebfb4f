"""Takes down what promotion made and CloudFormation does not know: endpoints with their scaling, configurations and models."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import boto3
from botocore.exceptions import ClientError

from chartloop import prices

if TYPE_CHECKING:
    from mypy_boto3_sagemaker.client import SageMakerClient

BESIDE = ("", "-next")
"""A task's endpoint, and the one that a promotion tries a model on."""


@dataclass(frozen=True)
class Clients:
    sagemaker: SageMakerClient
    scaling: Any
    region: str


def clients(session: boto3.Session, endpoint: str | None = None) -> Clients:
    """Of an account, or of the local cloud at `endpoint`, where nothing is billed."""
    return Clients(
        session.client("sagemaker", endpoint_url=endpoint),
        session.client("application-autoscaling", endpoint_url=endpoint),
        prices.UNBILLED if endpoint else session.region_name,
    )


def take_down(name: str, tasks: Sequence[str], aws: Clients, say: Callable[[str], None]) -> float | None:
    """Deletes everything of the tasks; US dollars a month that it stops costing, None where a price is not known.

    What is gone already is no error, so it may be run again. Scaling goes first, or it would go on asking for an endpoint that is
    being deleted. The registry's versions are kept.
    """
    saved = [_endpoint(f"{name}-{task}{beside}", aws, say) for task in tasks for beside in BESIDE]
    for config in _named(aws.sagemaker, "list_endpoint_configs", "EndpointConfigs", "EndpointConfigName", name, tasks):
        say(f"deleting endpoint configuration {config}")
        aws.sagemaker.delete_endpoint_config(EndpointConfigName=config)
    for model in _named(aws.sagemaker, "list_models", "Models", "ModelName", name, tasks):
        say(f"deleting model {model}")
        aws.sagemaker.delete_model(ModelName=model)
    return None if None in saved else round(sum(one or 0.0 for one in saved), 2)


def _endpoint(endpoint: str, aws: Clients, say: Callable[[str], None]) -> float | None:
    """Deletes it; what it cost a month."""
    config = _config_of(aws.sagemaker, endpoint)
    if config is None:
        return 0.0
    costs = _monthly(aws, config)
    known = "at a price that the table does not know" if costs is None else f"about {costs:,.2f} USD a month"
    say(f"deleting endpoint {endpoint}, {known}")
    _unscale(endpoint, aws.scaling)
    aws.sagemaker.delete_endpoint(EndpointName=endpoint)
    aws.sagemaker.get_waiter("endpoint_deleted").wait(EndpointName=endpoint)
    return costs


def _config_of(sagemaker: SageMakerClient, endpoint: str) -> str | None:
    try:
        return sagemaker.describe_endpoint(EndpointName=endpoint)["EndpointConfigName"]
    except ClientError as error:
        if "could not find" in error.response["Error"].get("Message", "").lower():
            return None
        raise


def _monthly(aws: Clients, config: str) -> float | None:
    """Of the machines behind a configuration; a serverless variant has none and costs nothing while nobody asks."""
    variants = aws.sagemaker.describe_endpoint_config(EndpointConfigName=config)["ProductionVariants"]
    machines = [(str(v["InstanceType"]), int(v.get("InitialInstanceCount", 1))) for v in variants if v.get("InstanceType")]
    found = [prices.monthly(instance, aws.region, count) for instance, count in machines]
    return None if None in found else sum(one or 0.0 for one in found)


def _unscale(endpoint: str, scaling: Any) -> None:
    """Deregisters the scalable targets of the endpoint's variants."""
    pages = scaling.get_paginator("describe_scalable_targets").paginate(ServiceNamespace="sagemaker")
    targets = [target for page in pages for target in page["ScalableTargets"]]
    for target in targets:
        if target["ResourceId"].startswith(f"endpoint/{endpoint}/"):
            wanted = ("ServiceNamespace", "ResourceId", "ScalableDimension")
            scaling.deregister_scalable_target(**{field: target[field] for field in wanted})


def _named(sagemaker: Any, operation: str, listed: str, field: str, name: str, tasks: Sequence[str]) -> Iterator[str]:
    """Names of these tasks: configurations and models are `{name}-{version}-...`, and a version begins with its task."""
    pages = sagemaker.get_paginator(operation).paginate(NameContains=f"{name}-")
    found = [str(item[field]) for page in pages for item in page[listed]]
    return (each for each in found if each.startswith(tuple(f"{name}-{task}-" for task in tasks)))
