"""The ledger on DynamoDB: one table, conditional writes on each item's version."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from chartloop.errors import Stale
from chartloop.seams import Item, Key

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

AT_MOST = 100
"""Items of one transaction and of one BatchGetItem."""

LOST = {"ConditionalCheckFailed", "TransactionConflict"}


class DynamoLedger:
    """Attributes beside `pk`, `sk` and `version` live in one JSON attribute: the ledger is read by code, not by scans.

    `expires` is an attribute of its own as well, by which the table ends items.
    """

    def __init__(self, table: str, *, patience: float | None = None, client: DynamoDBClient | None = None) -> None:
        """With `patience`, each call is tried once and given up after so many seconds."""
        self._table = table
        self._patience = patience
        self._given = client

    @cached_property
    def _client(self) -> DynamoDBClient:
        waits = self._patience
        config = Config(connect_timeout=waits, read_timeout=waits, retries={"max_attempts": 0}) if waits else None
        return self._given or boto3.client("dynamodb", config=config)

    def get(self, key: Key) -> Item | None:
        found = self._client.get_item(TableName=self._table, Key=_key(key), ConsistentRead=True).get("Item")
        return _decoded(found) if found else None

    def get_many(self, keys: Iterable[Key]) -> dict[Key, Item]:
        found: dict[Key, Item] = {}
        for some in _batched(keys):
            wanted: Any = {self._table: {"Keys": [_key(key) for key in some], "ConsistentRead": True}}
            while wanted:
                answer = self._client.batch_get_item(RequestItems=wanted)
                for item in map(_decoded, answer["Responses"].get(self._table, [])):
                    found[item["pk"], item["sk"]] = item
                wanted = answer.get("UnprocessedKeys")
        return found

    def save(self, *items: Item) -> None:
        if len(items) > AT_MOST:
            raise ValueError("a save takes at most 100 different items")
        puts = [{"Put": {"TableName": self._table, "Item": _encoded(item), **_unchanged(item)}} for item in items]
        try:
            if len(items) == 1:
                self._client.put_item(**puts[0]["Put"])
            else:
                self._client.transact_write_items(TransactItems=puts)  # type: ignore[arg-type]
        except ClientError as error:
            if _lost(error):
                raise Stale("another writer was first") from None
            raise
        for item in items:
            item["version"] += 1

    def query(
        self, pk: str, prefix: str = "", *, newest_first: bool = False, limit: int | None = None, before: str | None = None
    ) -> list[Item]:
        condition, values = "pk = :pk", {":pk": {"S": pk}}
        if before is not None:
            condition, values = condition + " AND sk < :before", {**values, ":before": {"S": before}}
        elif prefix:
            condition, values = condition + " AND begins_with(sk, :prefix)", {**values, ":prefix": {"S": prefix}}
        pages = self._client.get_paginator("query").paginate(
            TableName=self._table,
            KeyConditionExpression=condition,
            ExpressionAttributeValues=values,
            ScanIndexForward=not newest_first,
            ConsistentRead=True,
        )
        found: Iterator[Item] = (_decoded(item) for page in pages for item in page["Items"])
        if newest_first and before is not None:  # everything of the prefix lies in one stretch, which `before` cuts into
            found = itertools.takewhile(lambda item: item["sk"].startswith(prefix), found)
        return list(itertools.islice((item for item in found if item["sk"].startswith(prefix)), limit))


def _key(key: Key) -> dict[str, Any]:
    return {"pk": {"S": key[0]}, "sk": {"S": key[1]}}


def _encoded(item: Item) -> dict[str, Any]:
    body = {name: value for name, value in item.items() if name not in ("pk", "sk", "version")}
    return {
        **_key((item["pk"], item["sk"])),
        "version": {"N": str(item["version"] + 1)},
        **({"expires": {"N": str(item["expires"])}} if "expires" in item else {}),
        "body": {"S": json.dumps(body, ensure_ascii=False, allow_nan=False)},
    }


def _decoded(stored: Any) -> Item:
    return {
        **json.loads(stored["body"]["S"]),
        "pk": stored["pk"]["S"],
        "sk": stored["sk"]["S"],
        "version": int(stored["version"]["N"]),
    }


def _unchanged(item: Item) -> dict[str, Any]:
    if item["version"] == 0:
        return {"ConditionExpression": "attribute_not_exists(pk)"}
    return {
        "ConditionExpression": "#version = :version",
        "ExpressionAttributeNames": {"#version": "version"},
        "ExpressionAttributeValues": {":version": {"N": str(item["version"])}},
    }


def _lost(error: ClientError) -> bool:
    code = error.response["Error"]["Code"]
    if code == "TransactionCanceledException":
        reasons = error.response.get("CancellationReasons", [])
        return any(reason.get("Code") in LOST for reason in reasons)
    return code in {"ConditionalCheckFailedException", "TransactionConflictException"}


def _batched(keys: Iterable[Key]) -> Iterable[tuple[Key, ...]]:
    """itertools.batched, which Python 3.11 lacks."""
    iterator = iter(dict.fromkeys(keys))
    while some := tuple(itertools.islice(iterator, AT_MOST)):
        yield some
