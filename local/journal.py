"""The journal: a durable map of what the local cloud has promised to keep, and the blobs that it refers to.

    {folder}/journal        entries, appended and fsynced before a write is answered; one a name again when it is opened
    {folder}/blobs/{sha256} bodies of objects, fsynced and renamed into place before the entry that names them

An entry is `length, crc32` (two big-endian 32-bit numbers) and that many bytes of JSON: `[[space, key, value or null], ...]`. An
entry is whole or it is not there, so what one entry changes is changed together.
"""

from __future__ import annotations

import hashlib
import json
import os
import struct
import threading
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO, Any

from chartloop.errors import ChartloopError

Name = tuple[str, str]
"""(space, key): the space is `object`, `item`, `model`, `endpoint_config`, `package` or `endpoint`."""

HEADER = struct.Struct(">II")


class Journal:
    """A map from Name to a JSON value; `write` returns once its changes are on the disk. One process at a time may open it."""

    def __init__(self, folder: Path) -> None:
        self._blobs = folder / "blobs"
        self._blobs.mkdir(parents=True, exist_ok=True)
        self._path = folder / "journal"
        self._writing = threading.Lock()
        self._syncing = threading.Lock()
        self._written = self._synced = 0
        self._broken = False
        self._fold = fold(self._path)
        self._compact()
        self._file = self._path.open("ab")

    def get(self, name: Name) -> Any:
        """The last value written under `name`, or None."""
        return self._fold.get(name)

    def space(self, space: str) -> dict[str, Any]:
        """Every value of a space by key, in the order in which the keys were first written."""
        with self._writing:
            return {key: value for (owner, key), value in self._fold.items() if owner == space}

    def write(self, changes: Mapping[Name, Any]) -> None:
        """Changes all or nothing; a None takes the name away. Raises ChartloopError where the disk refused, now or before."""
        self.sync(self.append(changes))

    def append(self, changes: Mapping[Name, Any]) -> int:
        """Puts an entry behind all others, and returns the ticket to `sync` it with before anything is answered."""
        entry = encode(changes)
        with self._writing:
            if self._broken:
                raise ChartloopError("the journal cannot be written any more; start again", code="journal_broken")
            self._broken = True  # until the entry is whole: nothing may follow half of one
            self._file.write(entry)
            self._file.flush()
            self._broken = False
            apply(self._fold, changes)
            self._written += 1
            return self._written

    def sync(self, ticket: int) -> None:
        """Waits until the entry of that ticket is on the disk. One fsync serves everyone who waits."""
        with self._syncing:
            if self._synced >= ticket:
                return
            reached = self._written
            try:
                os.fdatasync(self._file.fileno())
            except OSError:
                self._broken = True  # the kernel may have dropped the pages: a second fsync would lie
                raise
            self._synced = reached

    def keep(self, body: bytes) -> str:
        """Stores a blob and returns its sha256; it is on the disk when this returns."""
        digest = hashlib.sha256(body).hexdigest()
        path = self.blob(digest)
        if not path.exists():
            replace(path, lambda file: file.write(body))
        return digest

    def blob(self, digest: str) -> Path:
        return self._blobs / digest

    def close(self) -> None:
        """Later writes are refused: what cannot be kept must not be answered."""
        with self._writing, self._syncing:
            self._broken = True
            self._file.close()

    def _compact(self) -> None:
        """Leaves out what was overwritten, a torn end, and blobs that nothing names; before there are writers."""
        replace(self._path, lambda file: file.writelines(encode({name: value}) for name, value in self._fold.items()))
        used = {value["blob"] for (space, _), value in self._fold.items() if space == "object"}
        for path in self._blobs.iterdir():
            if path.name not in used:
                path.unlink()


def encode(changes: Mapping[Name, Any]) -> bytes:
    payload = json.dumps([[*name, value] for name, value in changes.items()], separators=(",", ":")).encode()
    return HEADER.pack(len(payload), zlib.crc32(payload)) + payload


def apply(values: dict[Name, Any], changes: Mapping[Name, Any]) -> None:
    for name, value in changes.items():
        if value is None:
            values.pop(name, None)
        else:
            values[name] = value


def fold(path: Path) -> dict[Name, Any]:
    """The values that the whole entries of a journal amount to."""
    values: dict[Name, Any] = {}
    if path.exists():
        with path.open("rb") as file:
            for changes in entries(file):
                apply(values, changes)
    return values


def entries(file: IO[bytes]) -> Iterator[dict[Name, Any]]:
    """The changes of each entry, up to the first that is not whole: a kill cuts the last one, a torn disk page all after it."""
    while len(header := file.read(HEADER.size)) == HEADER.size:
        length, checksum = HEADER.unpack(header)
        payload = file.read(length)
        if len(payload) < length or zlib.crc32(payload) != checksum:
            return
        yield {(space, key): value for space, key, value in json.loads(payload)}


def replace(path: Path, write: Any) -> None:
    """A file that is there whole or not at all: written aside, fsynced, renamed."""
    aside = path.with_name(f".{path.name}.{threading.get_ident()}")
    with aside.open("wb") as file:
        write(file)
        file.flush()
        os.fsync(file.fileno())
    aside.rename(path)
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """A rename or a new file is durable once its folder is."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
