"""The data bucket on S3."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import urlsplit

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from chartloop.errors import NotFound
from chartloop.seams import StoredObject

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

MISSING = {"NoSuchKey", "404", "NotFound"}


class S3Objects:
    """Objects on one bucket; with `kms_key` every write names it, so that the bucket's default cannot be bypassed."""

    def __init__(self, bucket: str, *, kms_key: str = "", client: S3Client | None = None) -> None:
        self.bucket = bucket
        self._encryption: dict[str, Any] = {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": kms_key} if kms_key else {}
        self._given = client

    @cached_property
    def _client(self) -> S3Client:
        # Signature 4 always: the older one, which boto3 still presigns with in some regions, opens nothing under a KMS key.
        return self._given or boto3.client("s3", config=Config(signature_version="s3v4"))

    @cached_property
    def _presigner(self) -> S3Client:
        """Its addresses name bucket and region: elsewhere a young bucket answers with a redirect, which no signature outlives."""
        # One machine's own name has no names below it.
        style: Literal["virtual", "path"] = "virtual" if "." in str(urlsplit(self._client.meta.endpoint_url).hostname) else "path"
        chosen = Config(
            signature_version="s3v4", s3={"addressing_style": style, "us_east_1_regional_endpoint": "regional"}
        )  # fmt: skip
        return boto3.client("s3", config=chosen)

    def get(self, key: str) -> StoredObject:
        try:
            found = self._client.get_object(Bucket=self.bucket, Key=key)
        except ClientError as error:
            raise _translated(error, key) from None
        body = found["Body"].read()
        return StoredObject(key, len(body), found["ETag"].strip('"'), body, found.get("Metadata", {}))

    def put(self, key: str, body: bytes, *, metadata: Mapping[str, str] | None = None, content_type: str | None = None) -> None:
        extra = {**self._encryption, "ContentType": content_type} if content_type else self._encryption
        self._client.put_object(Bucket=self.bucket, Key=key, Body=body, Metadata=dict(metadata or {}), **extra)

    def exists(self, key: str) -> bool:
        try:
            self._client.head_object(Bucket=self.bucket, Key=key)
        except ClientError as error:
            if error.response["Error"]["Code"] in MISSING:
                return False
            raise
        return True

    def list(self, prefix: str) -> Iterator[StoredObject]:
        for page in self._client.get_paginator("list_objects_v2").paginate(Bucket=self.bucket, Prefix=prefix):
            for found in page.get("Contents", []):
                yield StoredObject(found["Key"], found["Size"], found["ETag"].strip('"'))

    def download(self, key: str, path: Path) -> None:
        try:
            self._client.download_file(self.bucket, key, str(path))
        except ClientError as error:
            raise _translated(error, key) from None

    def presign_put(self, key: str, *, metadata: Mapping[str, str], seconds: int) -> tuple[str, dict[str, str]]:
        url = self._presigner.generate_presigned_url(
            "put_object",
            Params={"Bucket": self.bucket, "Key": key, "Metadata": dict(metadata), **self._encryption},
            ExpiresIn=seconds,
        )
        headers = {f"x-amz-meta-{name}": value for name, value in metadata.items()}
        if self._encryption:
            headers["x-amz-server-side-encryption"] = "aws:kms"
            headers["x-amz-server-side-encryption-aws-kms-key-id"] = self._encryption["SSEKMSKeyId"]
        return url, headers

    def presign_get(self, key: str, *, seconds: int) -> str:
        return self._presigner.generate_presigned_url("get_object", Params={"Bucket": self.bucket, "Key": key}, ExpiresIn=seconds)


def _translated(error: ClientError, key: str) -> Exception:
    if error.response["Error"]["Code"] in MISSING:
        return NotFound("no such object", details={"key": key})
    return error
