"""S3 Vectors as moto has it, with the one call that moto lacks: the nearest vectors, compared exactly."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import boto3
import numpy as np
from botocore.awsrequest import AWSRequest, AWSResponse
from moto import mock_aws
from moto.s3vectors.models import s3vectors_backends

ACCOUNT, REGION = "123456789012", "us-east-1"
BUCKET = "chartloop-vectors"


@contextmanager
def vector_service() -> Iterator[Any]:
    """A client with an empty vector bucket."""
    with mock_aws():
        client: Any = boto3.client(
            "s3vectors", region_name=REGION, aws_access_key_id="none", aws_secret_access_key="none"
        )  # fmt: skip
        client.meta.events.register("before-send.s3vectors.QueryVectors", nearest)
        client.create_vector_bucket(vectorBucketName=BUCKET)
        yield client


def nearest(request: AWSRequest, **_: Any) -> AWSResponse:
    asked = json.loads(request.body)
    bucket = s3vectors_backends[ACCOUNT]["aws"].get_vector_bucket(asked["vectorBucketName"])
    found = [index for index in bucket.indexes.values() if index.index_name == asked["indexName"]]
    if not found:
        return answer(
            request, 404, {"message": "The specified index could not be found"}, {"x-amzn-errortype": "NotFoundException"}
        )
    query = np.array(asked["queryVector"]["float32"])
    distances = {
        key: 1 - float(np.dot(vector.data["float32"], query) / np.linalg.norm(vector.data["float32"]) / np.linalg.norm(query))
        for key, vector in found[0].vectors.items()
    }
    near = sorted(distances, key=distances.__getitem__)[: asked["topK"]]
    vectors = [{"key": key, **({"distance": distances[key]} if asked.get("returnDistance") else {})} for key in near]
    return answer(request, 200, {"vectors": vectors, "distanceMetric": "cosine"}, {})


def answer(request: AWSRequest, status: int, body: Any, headers: dict[str, str]) -> AWSResponse:
    class Raw(io.BytesIO):
        def stream(self, **_: Any) -> Iterator[bytes]:
            yield self.read()

    return AWSResponse(request.url, status, headers, Raw(json.dumps(body).encode()))
