"""What serves, in memory: endpoints, models in their folder, the library of stored records, transforms (beside `tests.fakes`)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from chartloop.errors import ChartloopError, NotFound, Unavailable
from chartloop.seams import EndpointState, JobState


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


class FakeTransforms:
    """Jobs that start at once, and do nothing but what a test says; `full`: there is no room for another."""

    def __init__(self) -> None:
        self.states: dict[str, JobState] = {}
        self.asked: dict[str, dict[str, str]] = {}
        self.full = False

    def start(self, task: str, name: str, *, model: str, source: str, target: str) -> bool:
        if not self.full and name not in self.states:
            self.asked[name] = {"model": model, "source": source, "target": target}
            self.states[name] = JobState("InProgress", started=1.0)
        return name in self.states

    def state(self, name: str) -> JobState:
        return self.states.get(name, JobState("Missing"))

    def stop(self, name: str) -> None:
        if name in self.states:
            self.states[name] = JobState("Stopped")
