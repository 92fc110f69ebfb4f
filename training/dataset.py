"""The snapshot as training reads it: labelled documents, their labels, and the part that validation watches."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chartloop.errors import JobFailed


@dataclass(frozen=True)
class Document:
    """A text with its entities (`start`, `end` in code points, `label`) and its split group."""

    text: str
    entities: Sequence[dict[str, Any]]
    group: str


@dataclass(frozen=True)
class Snapshot:
    """The training side of a run: `hash` and `labels` are its manifest's."""

    hash: str
    labels: tuple[str, ...]
    documents: tuple[Document, ...]


def read(folder: Path) -> Snapshot:
    """Raises JobFailed `snapshot_changed` where `train.jsonl` is not what the manifest says."""
    manifest = json.loads((folder / "manifest.json").read_bytes())
    body = (folder / "train.jsonl").read_bytes()
    if hashlib.sha256(body).hexdigest() != manifest["sha256"]:
        raise JobFailed("train.jsonl differs from its manifest", code="snapshot_changed", field="sha256")
    # split at newlines alone: a note may hold the other characters that splitlines takes for a line's end
    lines = [json.loads(line) for line in body.split(b"\n") if line]
    return Snapshot(manifest["hash"], tuple(manifest["labels"]), tuple(map(document, lines)))


def document(stored: dict[str, Any]) -> Document:
    """A stored record (docs/contracts/keys.md) as a document."""
    return Document(stored["record"]["text"], stored["record"]["entities"], stored["group"])


def split_validation(documents: Iterable[Document], percent: int) -> tuple[list[Document], list[Document]]:
    """(to train on, to watch): a group's place follows from its hash, so it is the same in every run."""
    sides: tuple[list[Document], list[Document]] = ([], [])
    for each in documents:
        place = int(hashlib.sha256(f"validation:{each.group}".encode()).hexdigest(), 16) % 100
        sides[place < percent].append(each)
    return sides
