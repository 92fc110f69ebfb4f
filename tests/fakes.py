"""In-memory seams for tests: the same contracts as adapters/, checked by the same contract suite (tests/adapters/)."""

from __future__ import annotations

import copy
import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from chartloop.errors import ChartloopError, NotebookBusy, NotFound, Stale, Unavailable
from chartloop.seams import EndpointState, Item, JobState, Key, Package, Quality, StoredObject, Thing
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


class FakeEndpoints:
    """`updates_take`: how often `state` is asked before a deployment is live; `break_next`: the next one fails."""

    def __init__(self, updates_take: int = 1) -> None:
        self.live: dict[str, str] = {}
        self.going: dict[str, tuple[str, int]] = {}
        self.updates_take = updates_take
        self.break_next = False
        self.failure: dict[str, str] = {}
        self.guarded = False
        self.settled: list[str] = []

    def config_name(self, version: str, sha256: str) -> str:
        return f"chartloop-{version}-{sha256[:8]}"

    def state(self, task: str, wanted: str | None = None) -> EndpointState:
        if task in self.going:
            config, left = self.going[task]
            if left > 0:
                self.going[task] = (config, left - 1)
                return EndpointState("Updating" if task in self.live else "Creating", self.live.get(task))
            del self.going[task]
            if self.break_next:
                self.break_next = False
                self.failure[task] = "the container did not answer"
            else:
                self.live[task] = config
        if task in self.live:
            return EndpointState("InService", self.live[task], self.failure.get(task))
        return EndpointState("Failed", None, self.failure[task]) if task in self.failure else EndpointState("Missing")

    def deploy(self, task: str, version: str, *, model_uri: str, sha256: str, guarded: bool) -> None:
        self.guarded = guarded
        self.redeploy(task, self.config_name(version, sha256))

    def redeploy(self, task: str, config: str | None) -> None:
        self.failure.pop(task, None)
        if config is None:
            self.live.pop(task, None)
            self.going.pop(task, None)
        elif self.live.get(task) != config or task in self.going:
            self.going[task] = (config, self.updates_take)

    def rehearse(self, task: str, version: str, *, model_uri: str, sha256: str) -> EndpointState | None:
        return None

    def settle(self, task: str) -> None:
        self.settled.append(task)

    def invoke(self, task: str, payload: Mapping[str, Any], *, config: str | None = None) -> dict[str, Any]:
        if task not in self.live:
            raise Unavailable("no model is in service yet")
        version = self.live[task].removeprefix("chartloop-").rsplit("-", 1)[0]
        return {
            "model_version": version,
            "snapshot": "0" * 64,
            "predictions": [
                {"entities": [], "characters": len(text), **({"vector": [1.0, 0.0]} if payload.get("vectors") else {})}
                for text in payload["inputs"]
            ],
            "encoder": {"hash": "e" * 64, "engine": "openvino", "precision": "bf16"},
        }


class FakeModelFolder:
    def __init__(self) -> None:
        self.folders: dict[tuple[str, str], str] = {}
        self.pointers: dict[str, dict[str, str]] = {}

    def publish(self, task: str, version: str, archive: Path, sha256: str) -> None:
        self.folders[task, version] = sha256

    def publish_embeddings(self, task: str, name: str, files: Mapping[str, Path]) -> None:
        self.folders[f"embeddings/{task}", name] = ",".join(sorted(files))

    def embeddings(self, task: str) -> list[str]:
        return self.versions(f"embeddings/{task}")

    def point_embeddings(self, task: str, name: str) -> None:
        self.pointers[f"embeddings/{task}"] = {"folder": name}

    def point(self, task: str, version: str, sha256: str) -> None:
        self.pointers[task] = {"version": version, "sha256": sha256}

    def pointer(self, task: str) -> dict[str, str] | None:
        return self.pointers.get(task)

    def versions(self, task: str) -> list[str]:
        return sorted(version for owner, version in self.folders if owner == task)

    def remove(self, task: str, version: str) -> None:
        self.folders.pop((task, version), None)


class FakeLibrary:
    """Records by id with their vectors; every one carries the code `I10`. `refusal` is raised instead of any answer."""

    def __init__(self) -> None:
        self.vectors: dict[str, list[float]] = {}
        self.refusal: ChartloopError | None = None
        self.encoders: list[Mapping[str, str]] = []

    def suggest(
        self, task: str, encoder: Mapping[str, str], notes: Sequence[Mapping[str, Any]], most: int
    ) -> list[list[dict[str, Any]]]:
        return [self._codes(note, self.similar(task, encoder, note["vector"], 3)) for note in notes]

    def _codes(self, note: Mapping[str, Any], near: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Of a note's last word."""
        words = [{"start": note["text"].rfind(" ") + 1, "end": len(note["text"])}]
        known = {"system": "icd10cm", "code": "I10", "description": "Essential hypertension", "score": 1.0}
        return [{**known, "evidence": {"records": near, "words": words}}]

    def similar(self, task: str, encoder: Mapping[str, str], vector: Sequence[float], most: int) -> list[dict[str, Any]]:
        self.encoders.append(encoder)
        if self.refusal:
            raise self.refusal
        if not self.vectors:
            raise NotFound("no record is stored yet", code="nothing_stored")
        cosines = {record_id: sum(a * b for a, b in zip(vector, its, strict=True)) for record_id, its in self.vectors.items()}
        order = sorted(cosines, key=lambda record_id: -cosines[record_id])[:most]
        return [{"record_id": record_id, "similarity": cosines[record_id]} for record_id in order]


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


class FakeTransforms:
    """Jobs that start at once, and do nothing but what a test says; `full`: there is no room for another."""

    def __init__(self) -> None:
        self.states: dict[str, JobState] = {}
        self.asked: dict[str, dict[str, str]] = {}
        self.full = False

    def start(self, name: str, *, model: str, source: str, target: str) -> bool:
        if not self.full and name not in self.states:
            self.asked[name] = {"model": model, "source": source, "target": target}
            self.states[name] = JobState("InProgress", started=1.0)
        return name in self.states

    def state(self, name: str) -> JobState:
        return self.states.get(name, JobState("Missing"))

    def stop(self, name: str) -> None:
        if name in self.states:
            self.states[name] = JobState("Stopped")


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
