"""The model folder beside a vector index: runs publish vectors into both, and searches ask the index for the nearest."""

from __future__ import annotations

import json
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from adapters.efs import EfsModelFolder
from adapters.library import FolderLibrary, Published
from adapters.vector_index import VectorIndex
from chartloop.codebook import Floats
from chartloop.suggesting import Coded, Neighbour

AT_ONCE = 10
"""Notes whose nearest are asked for together: a request may have a hundred."""


class IndexedModelFolder(EfsModelFolder):
    """Embeddings are pointed at when the index has their vectors; only then those go that they replace."""

    def __init__(self, root: Path, index: VectorIndex) -> None:
        super().__init__(root)
        self._index = index

    def point_embeddings(self, task: str, name: str) -> None:
        place = self._root / "embeddings" / task / name
        about = json.loads((place / "manifest.json").read_bytes())
        encoder = {"hash": about["model_hash"], "engine": about["engine"], "precision": about["precision"]}
        rows: dict[str, int] = json.loads((place / "ids.json").read_bytes())
        vectors: Floats = np.load(place / "vectors.npy", mmap_mode="r" if rows else None, allow_pickle=False)
        self._index.put(task, encoder, rows, vectors)
        super().point_embeddings(task, name)
        self._index.keep(task, encoder, rows)


@dataclass(frozen=True)
class Indexed(Coded):
    """Stored records whose nearest the index finds, by the hash of their text; `rows` knows it. Nothing of `vectors` is read."""

    task: str
    encoder: Mapping[str, str]
    rows: Mapping[str, int]
    index: VectorIndex

    def nearest(self, queries: Floats, most: int) -> list[list[Neighbour]]:
        if not self.rows or not most:
            return [[] for _ in queries]
        with ThreadPoolExecutor(AT_ONCE) as pool:
            return list(pool.map(lambda query: self._nearest(query, most), queries))

    def _nearest(self, query: Floats, most: int) -> list[Neighbour]:
        """Without those of a run that is being published: this folder does not know them."""
        found = self.index.nearest(self.task, self.encoder, query.tolist(), most)
        near = [Neighbour(self.rows[key], similarity) for key, similarity in found if key in self.rows]
        return sorted(near, key=lambda each: (-each.similarity, each.row))


class IndexedLibrary(FolderLibrary):
    """Record ids, codes and descriptions are the folder's; who is near is the index's to say."""

    def __init__(self, root: Path, index: VectorIndex) -> None:
        super().__init__(root)
        self._index = index

    def _read(self, pointer: bytes, folder: Path) -> Published:
        read = super()._read(pointer, folder)
        rows = json.loads((folder / "ids.json").read_bytes())
        its = read.stored
        stored = Indexed(
            its.vectors, its.record_ids, its.book, its.pairs, task=folder.parent.name, encoder=read.encoder, rows=rows,
            index=self._index,
        )  # fmt: skip
        return Published(pointer, read.encoder, stored)
