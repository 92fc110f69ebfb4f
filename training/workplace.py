"""Where the training notebook works: its order, a folder of its own, and S3, from which inputs come and to which results go.

docs/contracts/notebook-order.md says what the notebook is given and what it leaves behind.
"""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3

from chartloop.errors import JobFailed
from chartloop.keys import run, split_uri
from training import artifact
from training.listening import CURVES, curves, listening

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

MANIFEST = "manifest.json"
OUTPUT = "output.tar.gz"
"""What a training job leaves beside its model: its curves."""
TELL_SECONDS = 5.0
"""Between two tellings of how far a step is."""


@dataclass
class Step:
    """How far a step is, as people see it of a run; times in seconds since 1970."""

    started: float
    status: str = "InProgress"
    ended: float | None = None
    metrics: dict[str, float] = field(default_factory=dict)


class Workplace:
    """`order` is the document; `fetch` and `deliver` go by the names of its `uris`."""

    def __init__(self, order: dict[str, Any], folder: Path, s3: S3Client, clock: Callable[[], float] = time.time) -> None:
        self.order = order
        self._folder = folder
        self._s3 = s3
        self._clock = clock

    def here(self, name: str) -> Path:
        """The folder of an input or a result."""
        return self._folder / name

    def fetch(self, name: str, uri: str = "") -> Path:
        """Brings what lies below the prefix, or the one object, into `here(name)`. Raises JobFailed `input_missing`."""
        bucket, prefix = split_uri(uri or self.order["uris"][name])
        pages = self._s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
        keys = [found["Key"] for page in pages for found in page.get("Contents", []) if not found["Key"].endswith("/")]
        if not keys:
            raise JobFailed(f"nothing lies at {name}", code="input_missing")
        parent = prefix.rpartition("/")[0]
        for key in keys:
            self._fetch(bucket, key, self.here(name) / key.removeprefix(f"{parent}/"))
        return self.here(name)

    def _fetch(self, bucket: str, key: str, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._s3.download_file(bucket, key, str(path))

    def deliver(self, name: str) -> None:
        """Stores every file of `here(name)` below its place; the manifest last, so that its existence means the rest is there."""
        bucket, prefix = split_uri(self.order["uris"][name])
        files = [path for path in sorted(self.here(name).rglob("*")) if path.is_file()]
        for path in sorted(files, key=lambda path: path.name == MANIFEST):
            self._s3.upload_file(str(path), bucket, prefix + path.relative_to(self.here(name)).as_posix())

    def curves(self, model_uri: str) -> dict[str, list[float]]:
        """Each metric of the training job that made the model, its values in their order; empty where none was kept."""
        bucket, key = split_uri(model_uri.rpartition("/")[0] + "/" + OUTPUT)
        if not self._s3.list_objects_v2(Bucket=bucket, Prefix=key).get("Contents"):
            return {}
        self._fetch(bucket, key, self.here("curves") / OUTPUT)
        artifact.unpack(self.here("curves") / OUTPUT, self.here("curves"))
        return curves(self.here("curves") / CURVES)

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Tells people that the step works, how far it is by the metrics that it prints, and how it ended."""
        told = Step(self._clock())
        last = [told.started]

        def heard(metric: str, value: float) -> None:
            told.metrics[metric] = value
            if self._clock() - last[0] >= TELL_SECONDS:
                last[0] = self._clock()
                self._tell(name, told)

        self._tell(name, told)
        try:
            with listening(heard, metrics=False):
                yield
            told.status = "Completed"
        except BaseException:
            told.status = "Failed"
            raise
        finally:
            told.ended = self._clock()
            self._tell(name, told)

    def _tell(self, name: str, told: Step) -> None:
        look = self.order["look"]
        again = str(look) if name == "score" and look > 1 else ""
        key = run(self.order["run_id"], f"notebook/{self.order['execution']}-{name}{again}.json")
        self._s3.put_object(Bucket=self.order["bucket"], Key=key, Body=json.dumps(vars(told)).encode())


def workplace(order: Path) -> Workplace:
    """The order's, in a new folder below TMPDIR."""
    return Workplace(json.loads(order.read_bytes()), Path(tempfile.mkdtemp(prefix="chartloop-")), boto3.client("s3"))


def serving(folder: str, task: str) -> Mapping[str, Any] | None:
    """The model folder's word on which model serves: `{"version", "sha256"}`; None where none does, or no folder is mounted."""
    pointer = Path(folder) / "models" / task / "champion.json"
    found: dict[str, Any] | None = json.loads(pointer.read_bytes()) if folder and pointer.exists() else None
    return found
