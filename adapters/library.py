"""The library in the model folder: a task's vectors, codes and descriptions as the last run published them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from chartloop import suggesting
from chartloop.codebook import Code, Codebook, Floats, Stem
from chartloop.errors import Conflict, NotFound, Unavailable
from chartloop.suggesting import Coded, Note

WORDS = 100_000
"""Stems that are remembered; the descriptions of a whole code system have about a sixth of it."""


@dataclass(frozen=True)
class Published:
    """What the pointer named when it was read."""

    pointer: bytes
    encoder: dict[str, str]
    stored: Coded


class FolderLibrary:
    """Reads `embeddings/{task}/` below `root`; again when its pointer has moved. Vectors stay on the disk, mapped into memory.

    A publisher keeps the folder before the current one, so what is mapped is there until the next request looks at the pointer.
    """

    def __init__(self, root: Path) -> None:
        self._root = root / "embeddings"
        self._published: dict[str, Published] = {}

    @cached_property
    def _stem(self) -> Stem:
        import snowballstemmer  # 30 ms, which only a request for codes has to pay

        stem: Stem = lru_cache(WORDS)(snowballstemmer.stemmer("english").stemWord)
        return stem

    def suggest(
        self, task: str, encoder: Mapping[str, str], notes: Sequence[Mapping[str, Any]], most: int
    ) -> list[list[dict[str, Any]]]:
        stored = self._for(task, encoder)
        if not stored.book.codes:
            raise NotFound("no stored record carries a code, and no descriptions are staged", code="no_codes")
        asked = [Note(note["text"], _vector(note["vector"])) for note in notes]
        found = suggesting.suggest(stored, asked, stem=self._stem, most=most)
        return [[suggesting.to_json(stored, each) for each in its] for its in found]

    def similar(self, task: str, encoder: Mapping[str, str], vector: Sequence[float], most: int) -> list[dict[str, Any]]:
        stored = self._for(task, encoder)
        (near,) = stored.nearest(_vector(vector)[None], most)
        return [suggesting.named(stored, each) for each in near]

    def _for(self, task: str, encoder: Mapping[str, str]) -> Coded:
        """What is stored, where `encoder` made it."""
        try:
            published = self._current(task)
        except (OSError, ValueError, LookupError):  # the file system's for a moment, or files that are not what they should be
            raise Unavailable("the stored vectors cannot be read now; try again in a few seconds", code="search_failed") from None
        if published.encoder != dict(encoder):
            raise Conflict(
                "the stored vectors are another encoder's than the model's in service: they fit again after the next run",
                code="other_encoder",
            )
        return published.stored

    def _current(self, task: str) -> Published:
        place = self._root / task
        try:
            pointer = (place / "current.json").read_bytes()
        except FileNotFoundError:
            raise NotFound("no record is stored yet: post records, or wait for the first run", code="nothing_stored") from None
        held = self._published.get(task)
        if held is None or held.pointer != pointer:
            self._published.pop(task, None)  # the old one goes first, as both may not fit
            held = self._published[task] = self._read(pointer, place / json.loads(pointer)["folder"])
        return held

    def _read(self, pointer: bytes, folder: Path) -> Published:
        about = json.loads((folder / "manifest.json").read_bytes())
        vectors: Floats = np.load(folder / "vectors.npy", mmap_mode="r" if about["count"] else None, allow_pickle=False)
        numbered = [(code["system"], code["code"]) for code in json.loads((folder / "codes.json").read_bytes())]
        described = _descriptions(folder / "descriptions")
        codes = [Code(*each, described.pop(each, "")) for each in numbered]
        codes += [Code(*each, description) for each, description in described.items()]
        stored = Coded(
            vectors,
            json.loads((folder / "record_ids.json").read_bytes()),
            Codebook(codes, self._stem),
            np.load(folder / "codes.npy", allow_pickle=False),
        )
        encoder = {"hash": about["model_hash"], "engine": about["engine"], "precision": about["precision"]}
        return Published(pointer, encoder, stored)


def _vector(values: Sequence[float]) -> Floats:
    return np.asarray(values, dtype=np.float32)


def _descriptions(folder: Path) -> dict[tuple[str, str], str]:
    """By (system, code), of every `{system}.jsonl` there is."""
    found = {}
    for file in sorted(folder.glob("*.jsonl")):
        with file.open(encoding="utf-8") as lines:
            for row in map(json.loads, lines):
                found[file.stem, row["code"]] = row["description"]
    return found
