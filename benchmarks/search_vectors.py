"""Exact search of stored vectors: ours, scikit-learn's brute force and a full sort, in turn in one process.

Run: python -m benchmarks.search_vectors [ROWS ...]   (10,000, 100,000 and 1,000,000; a million of 384 dimensions take 1.5 GB)
Prints the median milliseconds of one query for the 20 nearest, the ratio to each peer, and both for each of 50 queries at once.
Vectors are random and of unit length, read from a file that is mapped into memory, as the search function has them.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table
from sklearn.neighbors import NearestNeighbors

from chartloop.suggesting import NEIGHBOURS, nearest

DIMS = 384
ROUNDS = 5
AT_ONCE = 50
SEED = 7
WRITTEN_AT_ONCE = 50_000


def stored(path: Path, rows: int) -> Any:
    generator = np.random.default_rng(SEED)
    made = np.lib.format.open_memmap(path, "w+", np.float32, (rows, DIMS))
    for start in range(0, rows, WRITTEN_AT_ONCE):
        some = generator.standard_normal((min(WRITTEN_AT_ONCE, rows - start), DIMS), dtype=np.float32)
        made[start : start + len(some)] = some / np.linalg.norm(some, axis=1, keepdims=True)
    made.flush()
    return np.load(path, mmap_mode="r")


def peers(vectors: Any) -> dict[str, Callable[[Any], list[list[int]]]]:
    brute = NearestNeighbors(n_neighbors=NEIGHBOURS, algorithm="brute", metric="cosine").fit(vectors)
    return {
        "ours": lambda queries: [[each.row for each in its] for its in nearest(vectors, queries, NEIGHBOURS)],
        "scikit-learn, brute": lambda queries: brute.kneighbors(queries, return_distance=False).tolist(),
        "full sort": lambda queries: np.argsort(-(queries @ vectors.T), axis=1, kind="stable")[:, :NEIGHBOURS].tolist(),
    }


def measured(ways: dict[str, Callable[[Any], list[list[int]]]], queries: Sequence[Any]) -> dict[str, float]:
    """Median milliseconds of a call by way, each query asked of all in turn; they must agree on the nearest."""
    taken: dict[str, list[float]] = {name: [] for name in ways}
    for query in queries:
        found = []
        for name, way in ways.items():
            started = time.perf_counter()
            found.append(way(query)[0][0])
            taken[name].append(1000 * (time.perf_counter() - started))
        assert len(set(found)) == 1
    return {name: median(times[1:]) for name, times in taken.items()}


def main(sizes: Sequence[int]) -> None:
    table = Table("vectors", "", "one query, ms", "ratio", f"each of {AT_ONCE} at once, ms", "ratio")
    generator = np.random.default_rng(SEED + 1)
    for rows in sizes:
        with tempfile.TemporaryDirectory() as folder:
            ways = peers(stored(Path(folder) / "vectors.npy", rows))
            one = measured(ways, [generator.standard_normal((1, DIMS), dtype=np.float32) for _ in range(ROUNDS + 1)])
            if rows > 200_000:
                ways.pop("full sort")  # of 50 million similarities
            many = measured(ways, [generator.standard_normal((AT_ONCE, DIMS), dtype=np.float32) for _ in range(2)])
        for name in one:
            more = (f"{many[name] / AT_ONCE:.2f}", f"{many[name] / many['ours']:.2f}") if name in many else ("", "")
            table.add_row(f"{rows:,}", name, f"{one[name]:.1f}", f"{one[name] / one['ours']:.2f}", *more)
    Console().print(table)


if __name__ == "__main__":
    main([int(size) for size in sys.argv[1:]] or [10_000, 100_000, 1_000_000])
