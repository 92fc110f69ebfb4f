"""Vectors in Amazon S3 Vectors: an index for each task and encoder, each vector under its text's hash."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from typing import Any

import boto3
import numpy as np
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from chartloop.codebook import Floats
from chartloop.errors import NotFound, Unavailable

BATCH = 500
"""Vectors of one PutVectors or DeleteVectors: the service's limit."""
REQUEST_NUMBERS = (16 << 20) // 24
"""Of one request, which may have 20 MiB: a number is at most 24 characters of JSON."""
AT_ONCE = 4
"""Requests; an index takes 2,500 vectors a second, which is five full batches."""
PATIENCE_SECONDS = 420
"""How long one call puts vectors; the publishing function has 900 for that and for all else."""
NOT_THERE = "NotFoundException"


class VectorIndex:
    """The vector bucket of this name. Writes may be repeated: what is there already is not sent again."""

    def __init__(self, bucket: str, *, client: Any = None, patience: float = PATIENCE_SECONDS) -> None:
        self._bucket = bucket
        self._given = client
        self._patience = patience

    @cached_property
    def _client(self) -> Any:
        waits = Config(connect_timeout=3, read_timeout=10, retries={"mode": "standard", "total_max_attempts": 5})
        return self._given or boto3.client("s3vectors", config=waits)

    def put(self, task: str, encoder: Mapping[str, str], rows: Mapping[str, int], vectors: Floats) -> None:
        """Those of `vectors` (rows x dims) that the index lacks, by their texts' hashes.

        Raises Unavailable where time is up: called again, it goes on where it was.
        """
        if not rows:
            return
        index, until = name(task, encoder), time.monotonic() + self._patience
        if index not in self._indexes(task):
            self._make(index, vectors.shape[1])
        held = set(self._keys(index))
        left = [key for key in rows if key not in held]
        batches = _batches(left, min(BATCH, REQUEST_NUMBERS // vectors.shape[1]))
        with ThreadPoolExecutor(AT_ONCE) as pool:
            for start in range(0, len(batches), AT_ONCE):
                if start and time.monotonic() > until:
                    raise Unavailable("not all vectors are in the index yet; repeated, the step goes on", code="step_failed")
                list(pool.map(lambda keys: self._send(index, keys, rows, vectors), batches[start : start + AT_ONCE]))

    def keep(self, task: str, encoder: Mapping[str, str], hashes: Collection[str]) -> None:
        """Removes what else there is of the task: vectors of other texts, and the indexes of other encoders."""
        index = name(task, encoder)
        for other in self._indexes(task):
            if other != index or not hashes:
                self._client.delete_index(vectorBucketName=self._bucket, indexName=other)
        if hashes:
            for gone in _batches([key for key in self._keys(index) if key not in hashes], BATCH):
                self._client.delete_vectors(vectorBucketName=self._bucket, indexName=index, keys=gone)

    def nearest(self, task: str, encoder: Mapping[str, str], vector: Sequence[float], most: int) -> list[tuple[str, float]]:
        """At most `most` (hash of a text, cosine), nearest first. NotFound `nothing_stored`, Unavailable `search_failed`."""
        where = {"vectorBucketName": self._bucket, "indexName": name(task, encoder)}
        try:
            found = self._client.query_vectors(**where, topK=most, queryVector={"float32": list(vector)}, returnDistance=True)
        except ClientError as error:
            if error.response["Error"]["Code"] == NOT_THERE:
                raise NotFound("the next run puts the vectors into their index", code="nothing_stored") from None
            raise _failed() from None
        except BotoCoreError:
            raise _failed() from None
        return [(each["key"], 1.0 - each["distance"]) for each in found["vectors"]]

    def _make(self, index: str, dims: int) -> None:
        shape = {"dataType": "float32", "dimension": dims, "distanceMetric": "cosine"}
        self._client.create_index(vectorBucketName=self._bucket, indexName=index, **shape)

    def _send(self, index: str, keys: Sequence[str], rows: Mapping[str, int], vectors: Floats) -> None:
        """But for vectors of nothing but zeros, which have no direction and are refused."""
        taken = [(key, vectors[rows[key]]) for key in keys]
        wanted = [{"key": key, "data": {"float32": vector.tolist()}} for key, vector in taken if np.any(vector)]
        if wanted:
            self._client.put_vectors(vectorBucketName=self._bucket, indexName=index, vectors=wanted)

    def _indexes(self, task: str) -> list[str]:
        prefix = f"{task}."
        pages = self._client.get_paginator("list_indexes").paginate(vectorBucketName=self._bucket, prefix=prefix)
        return [each["indexName"] for page in pages for each in page["indexes"] if each["indexName"].startswith(prefix)]

    def _keys(self, index: str) -> Iterator[str]:
        pages = self._client.get_paginator("list_vectors").paginate(vectorBucketName=self._bucket, indexName=index)
        return (each["key"] for page in pages for each in page["vectors"])


def name(task: str, encoder: Mapping[str, str]) -> str:
    """Of a task's index: vectors of another encoder lie in another."""
    key = "\n".join(encoder[part] for part in ("hash", "engine", "precision"))
    return f"{task}.{hashlib.sha256(key.encode()).hexdigest()[:16]}"


def _batches(keys: list[str], size: int) -> list[list[str]]:
    return [keys[start : start + size] for start in range(0, len(keys), size)]


def _failed() -> Unavailable:
    return Unavailable("the stored vectors cannot be searched now; try again in a few seconds", code="search_failed")
