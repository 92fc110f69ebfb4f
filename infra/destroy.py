"""Takes down what promotion made and CloudFormation does not know: endpoints with their scaling, configurations and models.

Run before `cdk destroy`, with the same credentials and region: `python -m infra.destroy [--name chartloop]`.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import boto3
from botocore.exceptions import ClientError

from chartloop.tasks import TASKS

if TYPE_CHECKING:
    from mypy_boto3_sagemaker.client import SageMakerClient


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m infra.destroy", description=__doc__)
    parser.add_argument("--name", default="chartloop", help="the deployment's name (context `name`)")
    name = parser.parse_args(arguments).name
    destroy(name, boto3.client("sagemaker"), boto3.client("application-autoscaling"), print)


def destroy(name: str, sagemaker: SageMakerClient, scaling: Any, say: Callable[[str], None]) -> None:
    """Deletes everything of the deployment; what is gone already is no error, so it may be run again.

    Scaling goes first, or it would go on asking for an endpoint that is being deleted. The registry's versions are kept.
    """
    for endpoint in [f"{name}-{task}" for task in TASKS]:
        if _exists(sagemaker, endpoint):
            say(f"deleting endpoint {endpoint}")
            _unscale(endpoint, scaling)
            sagemaker.delete_endpoint(EndpointName=endpoint)
            sagemaker.get_waiter("endpoint_deleted").wait(EndpointName=endpoint)
    for config in _named(sagemaker, "list_endpoint_configs", "EndpointConfigs", "EndpointConfigName", name):
        say(f"deleting endpoint configuration {config}")
        sagemaker.delete_endpoint_config(EndpointConfigName=config)
    for model in _named(sagemaker, "list_models", "Models", "ModelName", name):
        say(f"deleting model {model}")
        sagemaker.delete_model(ModelName=model)


def _exists(sagemaker: SageMakerClient, endpoint: str) -> bool:
    try:
        sagemaker.describe_endpoint(EndpointName=endpoint)
    except ClientError as error:
        if "could not find" in error.response["Error"].get("Message", "").lower():
            return False
        raise
    return True


def _unscale(endpoint: str, scaling: Any) -> None:
    """Deregisters the scalable targets of the endpoint's variants."""
    pages = scaling.get_paginator("describe_scalable_targets").paginate(ServiceNamespace="sagemaker")
    targets = [target for page in pages for target in page["ScalableTargets"]]
    for target in targets:
        if target["ResourceId"].startswith(f"endpoint/{endpoint}/"):
            wanted = ("ServiceNamespace", "ResourceId", "ScalableDimension")
            scaling.deregister_scalable_target(**{field: target[field] for field in wanted})


def _named(sagemaker: SageMakerClient, operation: Any, listed: str, field: str, name: str) -> Iterator[str]:
    """Names of this deployment: configurations and models are `{name}-{version}-...`, and a version begins with its task."""
    pages = sagemaker.get_paginator(operation).paginate(NameContains=f"{name}-")
    found = [str(item[field]) for page in pages for item in page[listed]]
    return (each for each in found if each.startswith(tuple(f"{name}-{task}-" for task in TASKS)))


if __name__ == "__main__":
    main()
