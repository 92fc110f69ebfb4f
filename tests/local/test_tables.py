"""Transactions are all or nothing and queries are whole, as before they were made quick."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from moto import mock_aws

from local import tables
from tests.local.kept import KEY, TABLE

KEYS = st.sampled_from([(partition, sort) for partition in "ab" for sort in "12"])
OPERATIONS = st.tuples(st.sampled_from(["Put", "Delete", "Update"]), KEYS, st.booleans(), st.integers(0, 9))
State = dict[tuple[str, str], int]


@pytest.fixture(scope="module")
def client() -> Iterator[Any]:
    tables.install()
    with mock_aws():
        made = boto3.client("dynamodb", region_name="us-east-1", aws_access_key_id="local", aws_secret_access_key="local")
        attributes = [{"AttributeName": name, "AttributeType": "S"} for name in ("pk", "sk")]
        made.create_table(TableName=TABLE, KeySchema=KEY, AttributeDefinitions=attributes, BillingMode="PAY_PER_REQUEST")
        yield made


def written(operation: tuple[str, tuple[str, str], bool, int]) -> dict[str, Any]:
    """One operation of a transaction; the third of the tuple asks that the item be there."""
    kind, (partition, sort), must_exist, number = operation
    key = {"pk": {"S": partition}, "sk": {"S": sort}}
    value = {"n": {"N": str(number)}}
    body: dict[str, Any] = {"Item": {**key, **value}} if kind == "Put" else {"Key": key}
    if kind == "Update":
        body |= {"UpdateExpression": "SET n = :n", "ExpressionAttributeValues": {":n": value["n"]}}
    if must_exist:
        body["ConditionExpression"] = "attribute_exists(pk)"
    return {kind: {"TableName": TABLE, **body}}


def expected(state: State, operations: list[tuple[str, tuple[str, str], bool, int]]) -> State | None:
    """The state after a transaction, or None where it is refused."""
    after = dict(state)
    for kind, key, must_exist, number in operations:
        if must_exist and key not in state:
            return None
        if kind == "Delete":
            after.pop(key, None)
        else:
            after[key] = number
    return after


def read(client: Any) -> State:
    """The whole table, by queries of its partitions in both directions."""
    state: State = {}
    for partition in "ab":
        values = {":p": {"S": partition}}
        query = {"TableName": TABLE, "KeyConditionExpression": "pk = :p", "ExpressionAttributeValues": values}
        items = client.query(**query)["Items"]
        assert items == client.query(**query, ScanIndexForward=False)["Items"][::-1]
        assert [item["sk"]["S"] for item in items] == sorted(item["sk"]["S"] for item in items)
        state |= {(partition, item["sk"]["S"]): int(item["n"]["N"]) for item in items}
    return state


@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.lists(OPERATIONS, min_size=1, max_size=4, unique_by=lambda operation: operation[1]), max_size=6))
def test_transactions_happen_as_a_whole_or_not_at_all(client: Any, transactions: list[Any]) -> None:
    state = read(client)
    for operations in transactions:
        after = expected(state, operations)
        if after is None:
            with pytest.raises(ClientError, match="ConditionalCheckFailed"):
                client.transact_write_items(TransactItems=[written(operation) for operation in operations])
        else:
            client.transact_write_items(TransactItems=[written(operation) for operation in operations])
            state = after
        assert read(client) == state
