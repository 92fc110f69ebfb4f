"""The notebook instance on SageMaker."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import boto3
from botocore.exceptions import ClientError

from chartloop.errors import NotebookBusy

if TYPE_CHECKING:
    from mypy_boto3_sagemaker.client import SageMakerClient


class SageMakerNotebook:
    """One instance, by name."""

    def __init__(self, name: str, *, client: SageMakerClient | None = None) -> None:
        self._name = name
        self._given = client

    @cached_property
    def _client(self) -> SageMakerClient:
        return self._given or boto3.client("sagemaker")

    def status(self) -> str:
        return self._client.describe_notebook_instance(NotebookInstanceName=self._name)["NotebookInstanceStatus"]

    def start(self) -> None:
        try:
            self._client.start_notebook_instance(NotebookInstanceName=self._name)
        except ClientError as error:
            if _forbidden_now(error):
                raise NotebookBusy("the notebook instance is not at rest") from None
            raise

    def stop(self) -> None:
        try:
            self._client.stop_notebook_instance(NotebookInstanceName=self._name)
        except ClientError as error:
            if not _forbidden_now(error):
                raise


def _forbidden_now(error: ClientError) -> bool:
    """SageMaker says "Status (Pending) not in ([Stopped, Failed])" where a transition is not allowed."""
    found = error.response["Error"]
    return found["Code"].startswith("Validation") and "not in (" in found.get("Message", "")
