"""What S3 and the ledger acknowledge is in the journal first: hooks that note each write, and one entry a request."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from typing import Any

from moto.dynamodb.models import DynamoDBBackend, dynamodb_backends
from moto.dynamodb.models.dynamo_type import DynamoType
from moto.dynamodb.models.table import Table
from moto.s3.models import FakeKey, S3Backend, s3_backends

from local.journal import Journal, Name
from local.patches import Method, wrap
from local.server import ACCOUNT, REGION, LocalCloud

DEPLOYMENT_BUCKETS = "cdk-"
"""Buckets of the CDK's own: every start deploys into them again."""


class Durability:
    """Notes what a request writes, and journals it before the request is answered."""

    def __init__(self, cloud: LocalCloud, journal: Journal) -> None:
        self._cloud = cloud
        self._journal = journal
        self._request = threading.local()
        self._objects = threading.Lock()

    def install(self) -> None:
        """Hooks S3 and DynamoDB. What is told of a write must come later: `before_answer` gets the journal as its first."""
        wrap(S3Backend, "put_object", self._noting(object_name))
        wrap(S3Backend, "delete_object", self._noting(object_name))
        wrap(Table, "put_item", self._noting(item_name))
        wrap(Table, "delete_item", self._noting(key_name))
        wrap(DynamoDBBackend, "update_item", self._noting(updated_name))
        self._cloud.dispatcher.before_answer.insert(0, self.flush)

    def flush(self) -> None:
        """Journals the present state of what this thread's request wrote, and returns once it is on the disk."""
        names, self._request.names = self._names(), {}
        items = {name: item_image(name[1]) for name in names if name[0] == "item"}
        if items:
            self._journal.write(items)
        for name in names:
            if name[0] == "object":
                self._keep_object(name)

    def _keep_object(self, name: Name) -> None:
        """Each writer of a key journals the state that it finds, one writer at a time: the last entry is then the last state."""
        early = self._image(stored_object(name[1]))  # outside the lock: slow, and most often the state that is found again
        with self._objects:
            stored = stored_object(name[1])
            image = early[1] if early[0] is stored else self._image(stored)[1]
            ticket = self._journal.append({name: image})
        self._journal.sync(ticket)

    def _image(self, stored: FakeKey | None) -> tuple[FakeKey | None, dict[str, Any] | None]:
        """The object, and what the journal says of it once its body is kept."""
        return stored, stored and object_image(stored, self._journal.keep(stored.value))

    def _noting(self, name_of: Callable[..., Name | None]) -> Callable[[Method], Method]:
        def make(original: Method) -> Method:
            def call(*rest: Any, **named: Any) -> Any:
                result = original(*rest, **named)
                name = name_of(*rest, **named)
                if name is not None:
                    self._names()[name] = None
                return result

            return call

        return make

    def _names(self) -> dict[Name, None]:
        if not hasattr(self._request, "names"):
            self._request.names = {}
        names: dict[Name, None] = self._request.names
        return names


def object_name(_backend: Any, bucket_name: str, key_name: str, *_: Any, **__: Any) -> Name | None:
    return None if bucket_name.startswith(DEPLOYMENT_BUCKETS) else ("object", f"{bucket_name}/{key_name}")


def updated_name(backend: Any, table_name: str, key: dict[str, Any], *_: Any, **__: Any) -> Name:
    return item_name(backend.get_table(table_name), key)


def item_name(table: Any, attributes: dict[str, Any], *_: Any, **__: Any) -> Name:
    """The name of the item whose attributes, or whose key, these are."""
    sort = DynamoType(attributes[table.range_key_attr]) if table.range_key_attr else None
    return key_name(table, DynamoType(attributes[table.hash_key_attr]), sort)


def key_name(table: Any, partition: DynamoType, sort: DynamoType | None) -> Name:
    return "item", json.dumps([table.name, partition.to_json(), sort.to_json() if sort else None])


def item_image(key: str) -> Any:
    """The item as DynamoDB's JSON; None where there is none now."""
    name, partition, sort = json.loads(key)
    table = dynamodb_backends[ACCOUNT][REGION].get_table(name)
    item = table.get_item(DynamoType(partition), DynamoType(sort) if sort else None)
    return item.to_json()["Attributes"] if item else None


def stored_object(key: str) -> FakeKey | None:
    """The object under `bucket/key` now; None where there is none or a delete marker hides it."""
    bucket, _, name = key.partition("/")
    stored = s3_backends[ACCOUNT]["aws"].get_bucket(bucket).keys.get(name)
    return stored if isinstance(stored, FakeKey) else None


def object_image(stored: FakeKey, blob: str) -> dict[str, Any]:
    return {
        "blob": blob,
        "etag": stored.etag.strip('"'),
        "modified": stored.last_modified.isoformat(),
        "metadata": dict(stored.metadata),
    }
