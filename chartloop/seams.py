"""The seams: what the domain needs of the world. adapters/ implements them on boto3 and files, tests/fakes*.py in memory."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

from chartloop.tuning import TrialState

Key = tuple[str, str]
"""(partition key, sort key) of a ledger item."""

Item = dict[str, Any]
"""A ledger item: `pk`, `sk`, `version` (0 before it was first saved) and JSON values; no floats that are not finite.

One with `expires` (whole seconds since 1970) is gone some days after that time.
"""


@dataclass(frozen=True)
class StoredObject:
    """An object's listing or its body. `metadata` keys are lower case."""

    key: str
    size: int
    etag: str
    body: bytes = b""
    metadata: Mapping[str, str] = field(default_factory=dict)


class Objects(Protocol):
    """The data bucket. Missing keys raise errors.NotFound."""

    bucket: str

    def get(self, key: str) -> StoredObject: ...
    def put(
        self, key: str, body: bytes, *, metadata: Mapping[str, str] | None = None, content_type: str | None = None
    ) -> None: ...
    def exists(self, key: str) -> bool: ...
    def list(self, prefix: str) -> Iterator[StoredObject]: ...
    def download(self, key: str, path: Path) -> None: ...
    def presign_put(self, key: str, *, metadata: Mapping[str, str], seconds: int) -> tuple[str, dict[str, str]]:
        """(url, headers that the upload must send)."""
        ...

    def presign_get(self, key: str, *, seconds: int) -> str:
        """An address that gives the object to whoever has it."""
        ...


class Ledger(Protocol):
    """One table of items with optimistic versions."""

    def get(self, key: Key) -> Item | None: ...
    def get_many(self, keys: Iterable[Key]) -> dict[Key, Item]: ...

    def save(self, *items: Item) -> None:
        """Writes all (at most 100) or none. Each item's `version` must be the stored one (0: there is none), else errors.Stale.

        The stored version becomes `version + 1`, and so does that of the items passed.
        """
        ...

    def query(
        self, pk: str, prefix: str = "", *, newest_first: bool = False, limit: int | None = None, before: str | None = None
    ) -> list[Item]:
        """Items of `pk` whose sort key starts with `prefix`, in its order; with `before`, smaller ones only."""
        ...


@dataclass(frozen=True)
class Package:
    """A version in the model registry."""

    version: str
    arn: str
    status: str  # PendingManualApproval, Approved, Rejected
    sha256: str


@dataclass(frozen=True)
class Quality:
    """A version's figures, and the document in S3 that holds them, with its sha256."""

    uri: str
    sha256: str
    metrics: Mapping[str, float]


class Registry(Protocol):
    """One package group a task. `register` with the same version and sha256 is the same package."""

    def register(
        self, task: str, version: str, *, model_uri: str, sha256: str, lineage: Mapping[str, str], quality: Quality
    ) -> Package:
        """`lineage` says of what the version was made: `run_id`, `snapshot`, `base_model` and `code_version`."""
        ...

    def find(self, task: str, version: str) -> Package | None: ...
    def set_status(self, task: str, version: str, status: str, reason: str) -> None: ...


@dataclass(frozen=True)
class EndpointState:
    """What the endpoint really is: None fields where there is no endpoint."""

    status: str  # Missing, Creating, Updating, InService, Failed, RollingBack, Deleting ...
    config: str | None = None  # live EndpointConfigName
    failure: str | None = None


BUSY = frozenset({"Creating", "Updating", "SystemUpdating", "RollingBack", "Deleting"})
"""Statuses of an endpoint that takes no request for now."""


class Models(Protocol):
    """Who answers texts by the model of a task."""

    def state(self, task: str, wanted: str | None = None) -> EndpointState:
        """What is live. Where several configurations are at hand, of the `wanted` one: whether it would answer."""
        ...

    def invoke(self, task: str, payload: Mapping[str, Any], *, config: str | None = None) -> dict[str, Any]:
        """The model's answer; with `config`, that of a configuration which is deployed and need not be the one for callers yet.

        Raises Unavailable(no_model | waking) or ModelError.
        """
        ...


class Endpoints(Models, Protocol):
    """The serving endpoint of a task; every call is idempotent."""

    def config_name(self, version: str, sha256: str) -> str: ...
    def deploy(self, task: str, version: str, *, model_uri: str, sha256: str, guarded: bool) -> None:
        """Starts to create or update; returns at once. Does nothing where the configuration asked for is live or on its way.

        `guarded`: the rollback alarms are watched meanwhile. A way back is not, or the alarms of what is left would bar it.
        """
        ...

    def redeploy(self, task: str, config: str | None) -> None:
        """Back to an earlier configuration; None deletes the endpoint. Raises EndpointBusy where it cannot be deleted yet."""
        ...

    def rehearse(self, task: str, version: str, *, model_uri: str, sha256: str) -> EndpointState | None:
        """Starts, and shows, a second place where the version answers to `invoke` with its config, before it is in service.

        None in a mode that has no such place.
        """
        ...

    def settle(self, task: str) -> None:
        """After a deployment or its undoing: the second place goes, and what serves scales. Raises EndpointBusy."""
        ...


class ModelFolder(Protocol):
    """EFS below the access point: versioned folders written aside, fsynced and renamed; the pointer is renamed last."""

    def publish(self, task: str, version: str, archive: Path, sha256: str) -> None: ...
    def publish_embeddings(self, task: str, name: str, files: Mapping[str, Path]) -> None: ...
    def embeddings(self, task: str) -> list[str]:
        """The names that are published."""
        ...

    def point_embeddings(self, task: str, name: str) -> None:
        """Makes these the ones that are searched; keeps them and the ones before, and removes all others."""
        ...

    def point(self, task: str, version: str, sha256: str) -> None: ...
    def pointer(self, task: str) -> dict[str, str] | None: ...
    def versions(self, task: str) -> list[str]: ...
    def remove(self, task: str, version: str) -> None: ...


class Library(Protocol):
    """The stored records of a task as vectors with their codes: what a note is compared with.

    `encoder` is `{hash, engine, precision}` of who made the note's vector. Raises NotFound (`nothing_stored`, `no_codes`),
    Conflict `other_encoder` where the stored vectors are another's, and Unavailable `search_failed`.
    """

    def suggest(
        self, task: str, encoder: Mapping[str, str], notes: Sequence[Mapping[str, Any]], most: int
    ) -> list[list[dict[str, Any]]]:
        """For each note, `{text, vector}`, at most `most` codes, best first, as chartloop/suggesting.py puts them."""
        ...

    def similar(self, task: str, encoder: Mapping[str, str], vector: Sequence[float], most: int) -> list[dict[str, Any]]:
        """At most `most` records `{record_id, similarity}`, nearest first."""
        ...


class Executions(Protocol):
    """The state machine. `start` with a name that is running or done already does nothing."""

    def start(self, name: str, payload: Mapping[str, Any]) -> None: ...
    def status(self, name: str) -> str:
        """RUNNING, SUCCEEDED, FAILED, TIMED_OUT, ABORTED or MISSING."""
        ...

    def stop(self, name: str, cause: str) -> None: ...


class Uploads(Protocol):
    """The queue that on_upload works off."""

    def send(self, bucket: str, stored: Iterable[StoredObject]) -> None:
        """Enqueues objects as if S3 had just told of them."""
        ...


@dataclass(frozen=True)
class JobState:
    """A SageMaker job as Describe shows it; times are epoch seconds, None where it has not got there."""

    status: str  # Missing, InProgress, Completed, Failed, Stopping, Stopped
    started: float | None = None
    ended: float | None = None
    failure: str | None = None
    billed: float | None = None
    """Seconds that are paid for, each machine once; None: those from start to end."""
    metrics: Mapping[str, float] = field(default_factory=dict)
    stage: str = ""
    """Of a training job the SecondaryStatus: Pending, Starting, Downloading, Training, Interrupted..."""


class Jobs(Protocol):
    def describe(self, kind: str, name: str) -> JobState:
        """`kind` is `processing`, `training`, `tuning` (whose metrics are `trials`, ended, and `best`) or `transform`."""
        ...

    def trials(self, name: str) -> list[TrialState]: ...


class Transforms(Protocol):
    """Batch transform jobs of SageMaker."""

    def start(self, task: str, name: str, *, model: str, source: str, target: str) -> bool:
        """Puts every line of `source` through a model of the task's into `target`; a job of that name is not started twice.

        False where the account has no room for it now.
        """
        ...

    def state(self, name: str) -> JobState: ...
    def stop(self, name: str) -> None:
        """Does nothing where it has ended or was never there."""
        ...


class NotebookInstance(Protocol):
    """The one notebook instance of a deployment."""

    def status(self) -> str:
        """As SageMaker has it: Pending, InService, Stopping, Stopped, Failed, Deleting, Updating ..."""
        ...

    def start(self) -> None:
        """Raises errors.NotebookBusy where its status does not allow it."""
        ...

    def stop(self) -> None:
        """Does nothing where its status does not allow it."""
        ...


class Tokens(Protocol):
    """Tasks that an execution waits for."""

    def fail(self, token: str, reason: str) -> None:
        """Fails the task; `reason` is `{code}: {message}`. Does nothing where the task was answered or nobody waits any more."""
        ...


@dataclass(frozen=True)
class Thing:
    """Something of SageMaker's: `kind` is one of chartloop/housekeeping.py's, `since` when it was made, or began to run."""

    kind: str
    name: str
    since: datetime
    status: str = ""
    config: str = ""
    """Of an endpoint: its live configuration."""
    tags: Mapping[str, str] = field(default_factory=dict)


class Estate(Protocol):
    """What a deployment has at SageMaker beside its data."""

    def things(self) -> Iterator[Thing]: ...
    def remove(self, thing: Thing) -> None:
        """Deletes it, or stops it where it runs and is kept: notebooks and jobs."""
        ...
