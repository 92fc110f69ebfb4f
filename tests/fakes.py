"""In-memory seams for tests: the same contracts as adapters/, checked by the same contract suite (tests/adapters/)."""

from __future__ import annotations

import copy
import hashlib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from chartloop.errors import NotebookBusy, NotFound, Stale
from chartloop.seams import Item, JobState, Key, Package, Quality, StoredObject, Thing
from chartloop.tuning import TrialState


class FakeObjects:
    def __init__(self, bucket: str = "data") -> None:
        self.bucket = bucket
        self.stored: dict[str, StoredObject] = {}

    def get(self, key: str) -> StoredObject:
        if key not in self.stored:
            raise NotFound("no such object")
        return self.stored[key]

    def put(self, key: str, body: bytes, *, metadata: Mapping[str, str] | None = None, content_type: str | None = None) -> None:
        self.stored[key] = StoredObject(key, len(body), hashlib.md5(body).hexdigest(), body, dict(metadata or {}))

    def exists(self, key: str) -> bool:
        return key in self.stored

    def list(self, prefix: str) -> Iterator[StoredObject]:
        yield from (self.stored[key] for key in sorted(self.stored) if key.startswith(prefix))

    def download(self, key: str, path: Path) -> None:
        path.write_bytes(self.get(key).body)

    def presign_put(self, key: str, *, metadata: Mapping[str, str], seconds: int) -> tuple[str, dict[str, str]]:
        return f"https://{self.bucket}.example/{key}", {f"x-amz-meta-{name}": value for name, value in metadata.items()}

    def presign_get(self, key: str, *, seconds: int) -> str:
        return f"https://{self.bucket}.example/{key}"


class FakeLedger:
    def __init__(self) -> None:
        self.items: dict[Key, Item] = {}

    def get(self, key: Key) -> Item | None:
        return copy.deepcopy(self.items.get(key))

    def get_many(self, keys: Iterable[Key]) -> dict[Key, Item]:
        return {key: copy.deepcopy(self.items[key]) for key in keys if key in self.items}

    def save(self, *items: Item) -> None:
        keys = [(item["pk"], item["sk"]) for item in items]
        if len(set(keys)) != len(keys) or len(keys) > 100:
            raise ValueError("a save takes at most 100 different items")
        for key, item in zip(keys, items, strict=True):
            if self.items.get(key, {"version": 0})["version"] != item["version"]:
                raise Stale("another writer was first")
        for key, item in zip(keys, items, strict=True):
            item["version"] += 1
            self.items[key] = copy.deepcopy(item)

    def query(
        self, pk: str, prefix: str = "", *, newest_first: bool = False, limit: int | None = None, before: str | None = None
    ) -> list[Item]:
        found = sorted((k for k in self.items if k[0] == pk and k[1].startswith(prefix)), reverse=newest_first)
        if before is not None:
            found = [key for key in found if key[1] < before]
        return [copy.deepcopy(self.items[key]) for key in found[:limit]]


class FakeRegistry:
    def __init__(self) -> None:
        self.packages: dict[tuple[str, str], Package] = {}

    def register(
        self, task: str, version: str, *, model_uri: str, sha256: str, lineage: Mapping[str, str], quality: Quality
    ) -> Package:
        known = self.packages.get((task, version))
        if known is None or known.sha256 != sha256:
            known = Package(version, f"arn:{task}/{version}", "PendingManualApproval", sha256)
            self.packages[task, version] = known
        return known

    def find(self, task: str, version: str) -> Package | None:
        return self.packages.get((task, version))

    def set_status(self, task: str, version: str, status: str, reason: str) -> None:
        known = self.packages[task, version]
        self.packages[task, version] = Package(version, known.arn, status, known.sha256)


class FakeExecutions:
    def __init__(self) -> None:
        self.started: dict[str, Mapping[str, Any]] = {}
        self.statuses: dict[str, str] = {}

    def start(self, name: str, payload: Mapping[str, Any]) -> None:
        if name not in self.started:
            self.started[name] = copy.deepcopy(dict(payload))
            self.statuses[name] = "RUNNING"

    def status(self, name: str) -> str:
        return self.statuses.get(name, "MISSING")

    def stop(self, name: str, cause: str) -> None:
        self.statuses[name] = "ABORTED"


class FakeUploads:
    def __init__(self) -> None:
        self.sent: list[StoredObject] = []

    def send(self, bucket: str, stored: Iterable[StoredObject]) -> None:
        self.sent += stored


class FakeJobs:
    def __init__(self) -> None:
        self.states: dict[str, JobState] = {}
        self.tried: dict[str, list[TrialState]] = {}

    def describe(self, kind: str, name: str) -> JobState:
        return self.states.get(name, JobState("Missing"))

    def trials(self, name: str) -> list[TrialState]:
        return self.tried.get(name, [])


class FakeNotebook:
    """As SageMaker: it is started from rest alone. `comes_up`: the status that a start leads to."""

    def __init__(self, status: str = "Stopped", comes_up: str = "Pending") -> None:
        self.now, self.comes_up = status, comes_up
        self.starts = 0

    def status(self) -> str:
        return self.now

    def start(self) -> None:
        if self.now not in ("Stopped", "Failed"):
            raise NotebookBusy("not at rest")
        self.starts += 1
        self.now = self.comes_up

    def stop(self) -> None:
        if self.now == "InService":
            self.now = "Stopping"


class FakeTokens:
    """The tasks that were failed, by token; a task takes one answer."""

    def __init__(self) -> None:
        self.failed: dict[str, str] = {}

    def fail(self, token: str, reason: str) -> None:
        self.failed.setdefault(token, reason)


class FakeEstate:
    def __init__(self) -> None:
        self.held: list[Thing] = []

    def things(self) -> Iterator[Thing]:
        yield from list(self.held)

    def remove(self, thing: Thing) -> None:
        self.held.remove(thing)
