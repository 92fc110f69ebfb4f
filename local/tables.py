"""DynamoDB tables that stay quick as they grow: moto copies the whole table for a transaction and sorts it for a query.

Every DynamoDB request is answered alone (local/server.py), so nobody else sees what is swapped here for the length of a call.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from moto.dynamodb.models import DynamoDBBackend
from moto.dynamodb.models.table import Table

from local.patches import Method, wrap


def install() -> None:
    wrap(DynamoDBBackend, "transact_write_items", undone_on_failure)
    wrap(Table, "query", of_one_partition)


def undone_on_failure(original: Method) -> Method:
    """A transaction that fails puts back the items that it touched, and only those."""

    def call(backend: Any, transact_items: list[dict[str, Any]]) -> None:
        before = [(table, key, copy.deepcopy(table.get_item(*key))) for table, key in _touched(backend, transact_items)]
        done = False
        try:
            with _tables_not_copied():
                original(backend, transact_items)
            done = True
        finally:
            for table, key, item in () if done else before:
                _put_back(table, key, item)

    return call


def of_one_partition(original: Method) -> Method:
    """A query of a table itself looks at the items under its partition key alone."""

    def call(table: Any, hash_key: Any, *rest: Any, **named: Any) -> Any:
        if index_of(*rest, **named) or not table.range_key_attr:
            return original(table, hash_key, *rest, **named)
        table.all_items = lambda: list(table.items.get(hash_key, {}).values())
        try:
            return original(table, hash_key, *rest, **named)
        finally:
            del table.all_items

    return call


def index_of(*rest: Any, index_name: str | None = None, **_: Any) -> str | None:
    """The index that a query names: the seventh argument after the partition key."""
    return rest[6] if len(rest) > 6 else index_name


def _touched(backend: Any, transact_items: list[dict[str, Any]]) -> Iterator[tuple[Any, Any]]:
    for operation in (next(iter(item.values())) for item in transact_items):
        table = backend.get_table(operation["TableName"])
        yield table, backend.get_keys_value(table, operation.get("Item") or operation["Key"])


def _put_back(table: Any, key: Any, item: Any) -> None:
    if item is None:
        table.delete_item(*key)
    else:
        table.items[key[0]][key[1]] = item


@contextmanager
def _tables_not_copied() -> Iterator[None]:
    Table.__deepcopy__ = lambda table, _memo: table
    try:
        yield
    finally:
        del Table.__deepcopy__
