"""A run's embeddings as files: `vectors.npy`, `ids.json` (text hash to row) and `manifest.json`, whole or in parts."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from chartloop import keys, parts
from chartloop.seams import Objects

Floats = npt.NDArray[np.float32]
STEMS = (("vectors", "npy"), ("ids", "json"), ("manifest", "json"))


def names(suffix: str = "") -> list[str]:
    return [f"{stem}{suffix}.{extension}" for stem, extension in STEMS]


def stored(objects: Objects, task: str, snapshot: str) -> list[str]:
    """The suffixes of the embeddings that a snapshot has in S3; empty where it has none that are whole."""
    prefix = keys.embeddings(task, snapshot)
    if objects.exists(prefix + "manifest.json"):
        return [""]
    return parts.whole(found.key.removeprefix(prefix) for found in objects.list(prefix))


def write(folder: Path, order: Sequence[str], values: Floats, manifest: Mapping[str, Any], suffix: str = "") -> dict[str, Any]:
    """The three files, the manifest last; gives the manifest with `count` and `dims`."""
    folder.mkdir(parents=True, exist_ok=True)
    vectors, ids, about = (folder / name for name in names(suffix))
    np.save(vectors, values, allow_pickle=False)
    told = {**manifest, "count": len(order), "dims": values.shape[1]}
    for path, value in ((ids, {name: row for row, name in enumerate(order)}), (about, told)):
        path.write_text(json.dumps(value, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    return told


def merge(folder: Path, suffixes: Sequence[str]) -> None:
    """Makes one of the parts in a folder, the same that a lone machine writes."""
    manifests, rows = [], []
    for suffix in suffixes:
        vectors, ids, about = (folder / name for name in names(suffix))
        manifests.append(json.loads(about.read_bytes()))
        values: Floats = np.load(vectors, mmap_mode="r", allow_pickle=False)
        rows += [(name, values[row]) for name, row in json.loads(ids.read_bytes()).items()]
    rows.sort(key=lambda row: row[0])
    manifest = {**manifests[0], "reused": sum(each["reused"] for each in manifests)}
    write(folder, [name for name, _ in rows], np.stack([value for _, value in rows]), manifest)
