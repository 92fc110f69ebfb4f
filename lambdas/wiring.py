"""The one place that wires the seams of a function to AWS: everything is made on first use, nothing at import."""

from __future__ import annotations

import os
from functools import cached_property, lru_cache
from pathlib import Path

from adapters.dynamodb import DynamoLedger
from adapters.efs import EfsModelFolder
from adapters.endpoints import SageMakerEndpoints
from adapters.estate import SageMakerEstate
from adapters.function_endpoint import FunctionEndpoints
from adapters.function_library import FunctionLibrary
from adapters.jobs import SageMakerJobs
from adapters.notebook import SageMakerNotebook
from adapters.registry import SageMakerRegistry
from adapters.s3 import S3Objects
from adapters.sqs import SqsUploads
from adapters.stepfunctions import StepFunctionsExecutions, StepFunctionsTokens
from adapters.transforms import SageMakerTransforms
from chartloop.drift import Tally
from chartloop.items import Clock, utc_now
from chartloop.notebook import NotebookJobs
from chartloop.seams import (
    Endpoints,
    Estate,
    Executions,
    Jobs,
    Ledger,
    Library,
    ModelFolder,
    Models,
    NotebookInstance,
    Objects,
    Registry,
    Tokens,
    Transforms,
    Uploads,
)
from chartloop.settings import LAMBDA, Settings, from_environment


class World:
    """What a function may touch. Tests subclass it, or set the attributes, with fakes."""

    def __init__(self, settings: Settings, clock: Clock = utc_now) -> None:
        self.settings = settings
        self.clock = clock

    @cached_property
    def objects(self) -> Objects:
        return S3Objects(self.settings.bucket, kms_key=self.settings.kms_key)

    @cached_property
    def ledger(self) -> Ledger:
        return DynamoLedger(self.settings.ledger)

    @cached_property
    def tally(self) -> Tally:
        """Where predict counts what it answers; its ledger would rather not save than make a caller wait."""
        return Tally(DynamoLedger(self.settings.ledger, patience=1.0))

    @cached_property
    def registry(self) -> Registry:
        return SageMakerRegistry(self.settings)

    @cached_property
    def endpoints(self) -> Endpoints:
        return FunctionEndpoints(self.settings) if self.settings.serving == LAMBDA else SageMakerEndpoints(self.settings)

    @cached_property
    def models(self) -> Models:
        """What answers texts: the models of the mounted folder, or the endpoint."""
        if self.settings.serving != LAMBDA or not self.settings.model_folder:
            return self.endpoints
        from adapters.folder_models import FolderModels  # the only function that has its packages is the one that needs it

        return FolderModels(Path(self.settings.model_folder), self.settings.endpoint_prefix)

    @cached_property
    def library(self) -> Library:
        """The stored records: in the mounted folder, beside a vector index or not, or behind the function that mounts it."""
        if not self.settings.model_folder:
            return FunctionLibrary(self.settings.search_function)
        root = Path(self.settings.model_folder)
        if self.settings.vector_bucket:
            from adapters.indexed import IndexedLibrary
            from adapters.vector_index import VectorIndex

            return IndexedLibrary(root, VectorIndex(self.settings.vector_bucket))
        from adapters.library import FolderLibrary  # numpy is for those that search, and for no other's cold start

        return FolderLibrary(root)

    @cached_property
    def jobs(self) -> Jobs:
        jobs = SageMakerJobs()
        return NotebookJobs(jobs, self.objects) if self.settings.notebook else jobs

    @cached_property
    def executions(self) -> Executions:
        return StepFunctionsExecutions(self.settings.state_machine)

    @cached_property
    def notebook(self) -> NotebookInstance:
        return SageMakerNotebook(self.settings.notebook)

    @cached_property
    def tokens(self) -> Tokens:
        return StepFunctionsTokens()

    @cached_property
    def estate(self) -> Estate:
        return SageMakerEstate(self.settings.endpoint_prefix)

    @cached_property
    def transforms(self) -> Transforms:
        return SageMakerTransforms(self.settings)

    @cached_property
    def uploads(self) -> Uploads:
        return SqsUploads(self.settings.queue_url)

    @cached_property
    def folder(self) -> ModelFolder:
        root = Path(self.settings.model_folder)
        if not self.settings.vector_bucket:
            return EfsModelFolder(root)
        from adapters.indexed import IndexedModelFolder
        from adapters.vector_index import VectorIndex

        return IndexedModelFolder(root, VectorIndex(self.settings.vector_bucket))


@lru_cache(maxsize=1)
def world() -> World:
    return World(from_environment(os.environ))
