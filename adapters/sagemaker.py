"""What registry, endpoints and jobs share at SageMaker: the client, and what its refusals mean."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import boto3
from botocore.exceptions import ClientError

from chartloop.settings import Settings

if TYPE_CHECKING:
    from mypy_boto3_sagemaker.client import SageMakerClient


class OnSageMaker:
    def __init__(self, settings: Settings, *, client: SageMakerClient | None = None) -> None:
        self._settings = settings
        self._given = client

    @cached_property
    def _client(self) -> SageMakerClient:
        return self._given or boto3.client("sagemaker")


def is_missing(error: ClientError) -> bool:
    """SageMaker says ValidationException "Could not find ..." for most things, ResourceNotFound for some."""
    code, message = error.response["Error"]["Code"], error.response["Error"].get("Message", "").lower()
    return "NotFound" in code or (code.startswith("Validation") and ("could not find" in message or "not found" in message))


def is_there(error: ClientError) -> bool:
    code, message = error.response["Error"]["Code"], error.response["Error"].get("Message", "").lower()
    return code.startswith(("Validation", "ResourceInUse")) and ("already exist" in message or "existing" in message)
