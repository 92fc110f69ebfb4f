"""A run's embeddings as files (docs/contracts/embeddings.md): unit vectors, whose they are, and which codes those carry."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from pydantic_core import to_json

from chartloop import keys, parts
from chartloop.errors import JobFailed
from chartloop.seams import Objects

Floats = npt.NDArray[np.float32]
Code = tuple[str, str]
"""(system, code)"""
MANIFEST = "manifest.json"
NAMES = (("vectors", "npy"), ("ids", "json"), ("record_ids", "json"), ("codes", "json"), ("codes", "npy"), ("manifest", "json"))
KEY = ("model_hash", "engine", "precision")
"""What of a manifest two sets of vectors must share to be compared."""


@dataclass(frozen=True)
class Rows:
    """Texts by their sha256, each with the record that holds it and its codes; `values` (rows x dims) of unit length."""

    hashes: Sequence[str]
    record_ids: Sequence[str]
    codes: Sequence[Sequence[Code]]
    values: Floats


def names(suffix: str = "") -> list[str]:
    """The files of a lone machine, or of one part; the manifest is the last."""
    return [f"{stem}{suffix}.{extension}" for stem, extension in NAMES]


def description_names(*systems: str) -> list[str]:
    """Of each system the table of its codes, and the vectors of their descriptions in the table's order."""
    return [f"descriptions/{system}.{extension}" for system in systems for extension in ("jsonl", "npy")]


def write(folder: Path, rows: Rows, manifest: Mapping[str, Any], suffix: str = "") -> dict[str, Any]:
    """All files, the manifest last; gives the manifest with `count`, `dims` and `codes`, how many pairs of row and code."""
    folder.mkdir(parents=True, exist_ok=True)
    np.save(folder / names(suffix)[0], rows.values, allow_pickle=False)
    return _tell(folder, rows, manifest, suffix)


def _tell(folder: Path, rows: Rows, manifest: Mapping[str, Any], suffix: str) -> dict[str, Any]:
    """What `write` writes beside the vectors."""
    _, ids, record_ids, codes, pairs, about = (folder / name for name in names(suffix))
    known = sorted({code for its in rows.codes for code in its})
    numbers = {code: number for number, code in enumerate(known)}
    carried = [(row, numbers[code]) for row, its in enumerate(rows.codes) for code in (sorted(set(its)) if len(its) > 1 else its)]
    np.save(pairs, np.array(carried, dtype=np.int32).reshape(-1, 2), allow_pickle=False)
    _write(ids, {name: row for row, name in enumerate(rows.hashes)})
    _write(record_ids, rows.record_ids)
    _write(codes, [{"system": system, "code": code} for system, code in known])
    told = {**manifest, "count": len(rows.hashes), "dims": rows.values.shape[1], "codes": len(carried)}
    _write(about, told)
    return told


def _write(path: Path, value: Any) -> None:
    path.write_bytes(to_json(value) + b"\n")  # of a million texts: the standard library takes eight times as long


def read(folder: Path, suffix: str = "") -> tuple[Rows, dict[str, Any]]:
    """What `write` wrote, and its manifest; the vectors stay on the disk."""
    vectors, ids, record_ids, codes, pairs, about = (folder / name for name in names(suffix))
    rows: dict[str, int] = json.loads(ids.read_bytes())
    known = [(each["system"], each["code"]) for each in json.loads(codes.read_bytes())]
    carried: list[list[Code]] = [[] for _ in rows]
    for row, number in np.load(pairs, allow_pickle=False).tolist():
        carried[row].append(known[number])
    values: Floats = np.load(vectors, mmap_mode="r", allow_pickle=False) if rows else np.empty((0, 0), np.float32)
    found = Rows(sorted(rows, key=rows.__getitem__), json.loads(record_ids.read_bytes()), carried, values)
    return found, json.loads(about.read_bytes())


def merge(folder: Path, suffixes: Sequence[str]) -> None:
    """Makes one of the parts in a folder, the same that a lone machine writes; the vectors never lie in memory together."""
    read_parts = [read(folder, suffix) for suffix in suffixes]
    manifests = [manifest for _, manifest in read_parts]
    its = [rows for rows, _ in read_parts if len(rows.hashes)]
    hashes = [name for rows in its for name in rows.hashes]
    order = sorted(range(len(hashes)), key=hashes.__getitem__)
    record_ids = [name for rows in its for name in rows.record_ids]
    codes = [carried for rows in its for carried in rows.codes]
    merged = Rows(
        [hashes[place] for place in order],
        [record_ids[place] for place in order],
        [codes[place] for place in order],
        _joined(folder / names()[0], [rows.values for rows in its], order),
    )
    _tell(folder, merged, {**manifests[0], "reused": sum(each["reused"] for each in manifests)}, "")


def _joined(path: Path, values: Sequence[Floats], order: Sequence[int]) -> Floats:
    """Writes the rows of all `values`, in this order, and gives them as they lie on the disk."""
    places = np.empty(len(order), dtype=np.int64)
    places[np.asarray(order, dtype=np.int64)] = np.arange(len(order))
    joined: Floats = np.lib.format.open_memmap(path, "w+", np.float32, (len(order), values[0].shape[1]))
    start = 0
    for each in values:
        joined[places[start : start + len(each)]] = each
        start += len(each)
    joined.flush()  # type: ignore[attr-defined]
    return joined


def stored(objects: Objects, task: str, snapshot: str) -> list[str]:
    """The suffixes of the embeddings that a snapshot has in S3; empty where it has none that are whole."""
    prefix = keys.embeddings(task, snapshot)
    if objects.exists(prefix + MANIFEST):
        return [""]
    return parts.whole(found.key.removeprefix(prefix) for found in objects.list(prefix))


def fetch(objects: Objects, task: str, snapshot: str, folder: Path) -> list[str]:
    """Brings a snapshot's embeddings into `folder`, those of several machines as one; the files' names.

    Raises JobFailed `input_missing` where they are not whole.
    """
    prefix, suffixes = keys.embeddings(task, snapshot), stored(objects, task, snapshot)
    if not suffixes:
        raise JobFailed("the run's embeddings are not whole", code="input_missing")
    for name in (name for suffix in suffixes for name in names(suffix)):
        objects.download(prefix + name, folder / name)
    if len(suffixes) > 1:
        merge(folder, suffixes)
    manifest = json.loads((folder / MANIFEST).read_bytes())
    described = description_names(*manifest["descriptions"])
    for name in described:
        (folder / name).parent.mkdir(exist_ok=True)
        objects.download(prefix + name, folder / name)
    return [*names(), *described]
