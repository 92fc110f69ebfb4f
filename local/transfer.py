"""What a job or an endpoint brings from S3 and takes back: whole prefixes, single files and archives."""

from __future__ import annotations

import shutil
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from chartloop.errors import JobFailed
from chartloop.keys import split_uri
from chartloop.keys import uri as uri_of
from local.journal import Journal
from local.server import OURS, LocalCloud


class Transfer:
    """Copies between S3 and folders. Bodies that the journal holds as blobs are copied as files, without a request."""

    def __init__(self, cloud: LocalCloud, journal: Journal, role: str = OURS) -> None:
        self._cloud = cloud
        self._journal = journal
        self._role = role

    def acting_as(self, role: str) -> Transfer:
        """The same, in the name of a role."""
        return Transfer(self._cloud, self._journal, role)

    @property
    def _storage(self) -> Any:
        return self._cloud.client("s3", self._role)

    def keys(self, uri: str) -> Iterator[str]:
        """Every key below an `s3://` prefix, without the empty objects that stand for folders."""
        bucket, prefix = split_uri(uri)
        with downloading(uri):
            for page in self._storage.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
                yield from (found["Key"] for found in page.get("Contents", []) if not found["Key"].endswith("/"))

    def download(self, uri: str, folder: Path, share: tuple[int, int] = (0, 1)) -> None:
        """Brings what lies below a prefix, or one object, into `folder`; `share` is (which, of how many) machines.

        Raises JobFailed where nothing lies there.
        """
        bucket, prefix = split_uri(uri)
        keys = list(self.keys(uri))
        if not keys:
            raise JobFailed(f"ClientError: No S3 objects found under S3 URL {uri!r} given in input data source.")
        folder.mkdir(parents=True, exist_ok=True)
        for key in sorted(keys)[share[0] :: share[1]]:
            self.fetch(uri_of(bucket, key), inside(folder, relative(key, prefix)))

    def fetch(self, uri: str, path: Path) -> None:
        """One object into a file. Raises JobFailed where there is none."""
        bucket, key = split_uri(uri)
        path.parent.mkdir(parents=True, exist_ok=True)
        kept = self._journal.get(("object", f"{bucket}/{key}"))
        if kept is None:
            with path.open("wb") as file, downloading(uri):
                self._storage.download_fileobj(bucket, key, file)
        else:
            if self._role != OURS:
                with downloading(uri):  # a question that takes the same permission as the body, so the call log has it
                    self._storage.head_object(Bucket=bucket, Key=key)
            shutil.copyfile(self._journal.blob(kept["blob"]), path)  # no link: a job may write into its input

    def upload(self, folder: Path, uri: str) -> None:
        """Every file below `folder` to the prefix, under its relative path."""
        for path in sorted(path for path in folder.rglob("*") if path.is_file()):
            self.store(path, f"{uri.rstrip('/')}/{path.relative_to(folder).as_posix()}")

    def store(self, path: Path, uri: str) -> None:
        bucket, key = split_uri(uri)
        with path.open("rb") as body:
            self._storage.put_object(Bucket=bucket, Key=key, Body=body)


@contextmanager
def downloading(uri: str) -> Iterator[None]:
    try:
        yield
    except ClientError as error:
        raise JobFailed(f"ClientError: Data download failed: {error.response['Error']['Code']} for {uri}") from None


def relative(key: str, prefix: str) -> str:
    """The path of a key below the folder that a prefix means: `a/b` means `a/b/...`, the object `a/b`, or `a/b...` in `a/`."""
    folder = prefix if prefix.endswith("/") or not prefix else f"{prefix}/"
    if not key.startswith(folder):
        folder = prefix[: prefix.rfind("/") + 1]
    return key[len(folder) :]


def inside(folder: Path, name: str) -> Path:
    """`folder / name`, for names from outside: raises JobFailed for one that leads out of the folder."""
    path = (folder / name).resolve()
    if not path.is_relative_to(folder.resolve()):
        raise JobFailed("ClientError: a key leads out of the input folder")
    return path


def pack(folder: Path, archive: Path) -> None:
    """A `.tar.gz` of what `folder` holds; stored, as weights do not get smaller and time is short."""
    with tarfile.open(archive, "w:gz", compresslevel=0) as tar:
        for path in sorted(folder.iterdir()):
            tar.add(path, arcname=path.name)


def unpack(archive: Path, folder: Path) -> None:
    """Unpacks a `.tar.gz`; the `data` filter refuses links, devices and paths that lead out of `folder`."""
    try:
        with tarfile.open(archive, "r:gz") as tar:
            tar.extractall(folder, filter="data")
    except (tarfile.TarError, OSError, EOFError) as error:
        raise JobFailed(f"ClientError: the archive {archive.name} cannot be unpacked: {type(error).__name__}") from None
