"""The journal keeps what it acknowledged: at any byte where it is cut, over openings, and through a kill -9 under writes."""

from __future__ import annotations

import io
import threading
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx
import pytest
from botocore.exceptions import BotoCoreError, ClientError
from hypothesis import given, settings
from hypothesis import strategies as st

from chartloop.errors import ChartloopError
from local.journal import Journal, Name, apply, encode
from tests.local.kept import BUCKET, GROUP, TABLE, KeptCloud

NAMES = st.tuples(st.sampled_from(["item", "model"]), st.text(max_size=3))
CHANGES = st.dictionaries(NAMES, st.none() | st.integers() | st.text(max_size=20), min_size=1, max_size=4)


def folded(writes: list[dict[Name, Any]]) -> dict[Name, Any]:
    values: dict[Name, Any] = {}
    for changes in writes:
        apply(values, changes)
    return values


def everything(journal: Journal) -> dict[Name, Any]:
    return {(space, key): value for space in ("item", "model") for key, value in journal.space(space).items()}


@settings(deadline=None, max_examples=60)
@given(st.lists(CHANGES, max_size=6), st.data())
def test_a_journal_cut_at_any_byte_is_a_prefix_that_can_go_on(writes: list[dict[Name, Any]], data: st.DataObject) -> None:
    with TemporaryDirectory() as name:
        folder = Path(name)
        whole = b"".join(map(encode, writes))
        cut = data.draw(st.integers(0, len(whole)))
        folder.joinpath("journal").write_bytes(whole[:cut])
        complete = [index for index in range(len(writes) + 1) if len(b"".join(map(encode, writes[:index]))) <= cut][-1]
        journal = Journal(folder)
        assert everything(journal) == folded(writes[:complete])
        journal.write({("item", "later"): 1})
        journal.close()
        again = Journal(folder)
        assert everything(again) == {**folded(writes[:complete]), ("item", "later"): 1}
        again.close()


@settings(deadline=None, max_examples=30)
@given(st.lists(CHANGES, max_size=6))
def test_opening_changes_nothing_that_is_kept(writes: list[dict[Name, Any]]) -> None:
    with TemporaryDirectory() as name:
        journal = Journal(Path(name))
        for changes in writes:
            journal.write(changes)
        journal.close()
        middle = Journal(Path(name))
        middle.write({("item", "later"): 1})
        middle.close()
        again = Journal(Path(name))
        assert everything(again) == {**folded(writes), ("item", "later"): 1}
        assert list(again.space("item")) == [key for space, key in {**folded(writes), ("item", "later"): 1} if space == "item"]
        again.close()


def test_a_flipped_bit_ends_what_is_believed(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    for number in range(3):
        journal.write({("item", str(number)): "value"})
    journal.close()
    damaged = bytearray((tmp_path / "journal").read_bytes())
    damaged[len(damaged) // 2] ^= 1
    (tmp_path / "journal").write_bytes(damaged)
    assert list(Journal(tmp_path).space("item")) == ["0"]


def test_writers_at_once_are_all_kept(tmp_path: Path) -> None:
    journal = Journal(tmp_path)

    def write(writer: int) -> None:
        for number in range(25):
            journal.write({("item", f"{writer}-{number}"): number})

    threads = [threading.Thread(target=write, args=(writer,)) for writer in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    journal.close()
    assert len(Journal(tmp_path).space("item")) == 200


def test_opening_drops_what_nothing_names(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    kept, dropped = journal.keep(b"kept"), journal.keep(b"dropped")
    journal.write({("object", "b/k"): {"blob": dropped}})
    journal.write({("object", "b/k"): {"blob": kept}})
    journal.close()
    before = (tmp_path / "journal").stat().st_size
    again = Journal(tmp_path)
    assert again.blob(kept).read_bytes() == b"kept"
    assert not again.blob(dropped).exists()
    assert (tmp_path / "journal").stat().st_size == before / 2


def test_a_closed_journal_refuses(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    journal.close()
    with pytest.raises(ChartloopError, match="cannot be written"):
        journal.write({("item", "a"): 1})


def item(key: str, value: str, version: int = 1) -> dict[str, Any]:
    return {"pk": {"S": key}, "sk": {"S": "RECORD"}, "version": {"N": str(version)}, "body": {"S": value}}


def stored_items(cloud: KeptCloud) -> dict[str, str]:
    found = cloud.client("dynamodb").get_paginator("scan").paginate(TableName=TABLE)
    return {one["pk"]["S"]: one["body"]["S"] for page in found for one in page["Items"]}


def test_what_was_acknowledged_survives_a_kill_under_writes(tmp_path: Path) -> None:
    cloud = KeptCloud(tmp_path)
    acknowledged: dict[str, bytes] = {}
    saved: set[str] = set()
    enough = threading.Event()

    def put_objects(writer: int) -> None:
        client, number = cloud.client("s3"), 0
        while True:
            key, number = f"incoming/ner/{writer}-{number}.jsonl", number + 1
            client.put_object(Bucket=BUCKET, Key=key, Body=key.encode())
            acknowledged[key] = key.encode()

    def save_items(writer: int) -> None:
        client, number = cloud.client("dynamodb"), 0
        while True:
            pair, number = [f"{writer}-{number}-{half}" for half in "ab"], number + 1
            client.transact_write_items(TransactItems=[{"Put": {"TableName": TABLE, "Item": item(one, one)}} for one in pair])
            saved.update(pair)
            if len(saved) > 60 and len(acknowledged) > 30:
                enough.set()

    def until_killed(work: Any, writer: int) -> None:
        with pytest.raises((BotoCoreError, ClientError)):
            work(writer)

    threads = [threading.Thread(target=until_killed, args=(work, n)) for work in (put_objects, save_items) for n in range(2)]
    for thread in threads:
        thread.start()
    assert enough.wait(60)
    cloud.kill()
    for thread in threads:
        thread.join()
    cloud.restart()
    client = cloud.client("s3")
    for key, body in acknowledged.items():
        assert client.get_object(Bucket=BUCKET, Key=key)["Body"].read() == body
    found = stored_items(cloud)
    assert saved <= set(found)
    halves = {key.rsplit("-", 1)[0] for key in found}
    assert {f"{half}-{end}" for half in halves for end in "ab"} == set(found), "a transaction came back in part"
    cloud.stop()


@pytest.fixture(scope="module")
def restarted(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A cloud that was written to, killed, and started again; and what was there before."""
    cloud = KeptCloud(tmp_path_factory.mktemp("restarted"))
    write_objects(cloud)
    write_items(cloud)
    write_models(cloud)
    cloud.kill()
    cloud.restart()
    yield cloud
    cloud.stop()


def write_objects(cloud: KeptCloud) -> None:
    client = cloud.client("s3")
    client.put_object(Bucket=BUCKET, Key="a b/ü+.txt", Body=b"one", ContentType="text/plain", Metadata={"poster": "p-1"})
    client.copy_object(Bucket=BUCKET, Key="copy", CopySource={"Bucket": BUCKET, "Key": "a b/ü+.txt"})
    client.put_object(Bucket=BUCKET, Key="changed", Body=b"old")
    client.put_object(Bucket=BUCKET, Key="changed", Body=b"new")
    for key in ("deleted", "gone-1", "gone-2"):
        client.put_object(Bucket=BUCKET, Key=key, Body=b"x")
    client.delete_object(Bucket=BUCKET, Key="deleted")
    client.delete_objects(Bucket=BUCKET, Delete={"Objects": [{"Key": "gone-1"}, {"Key": "gone-2"}]})
    client.upload_fileobj(io.BytesIO(b"m" * (9 << 20)), BUCKET, "multipart", ExtraArgs={"Metadata": {"sha256": "f00"}})
    presigned = client.generate_presigned_url("put_object", Params={"Bucket": BUCKET, "Key": "presigned"})
    assert httpx.put(presigned, content=b"signed").status_code == 200


def write_items(cloud: KeptCloud) -> None:
    client = cloud.client("dynamodb")
    client.put_item(TableName=TABLE, Item=item("put", "one"))
    client.put_item(TableName=TABLE, Item=item("put", "two", 2))
    client.update_item(
        TableName=TABLE, Key={"pk": {"S": "put"}, "sk": {"S": "RECORD"}}, UpdateExpression="SET extra = :m",
        ExpressionAttributeValues={":m": {"M": {"list": {"L": [{"N": "1"}, {"NULL": True}, {"BOOL": False}]}}}},
    )  # fmt: skip
    client.put_item(TableName=TABLE, Item=item("deleted", "x"))
    client.delete_item(TableName=TABLE, Key={"pk": {"S": "deleted"}, "sk": {"S": "RECORD"}})
    client.batch_write_item(RequestItems={TABLE: [{"PutRequest": {"Item": item("batch", "b")}}]})
    with pytest.raises(ClientError, match="Transaction"):
        client.transact_write_items(TransactItems=[
            {"Put": {"TableName": TABLE, "Item": item("put", "three", 3)}},
            {"Put": {"TableName": TABLE, "Item": item("half", "never")}},
            {"Put": {"TableName": TABLE, "Item": item("batch", "no"), "ConditionExpression": "attribute_not_exists(pk)"}},
        ])  # fmt: skip


def write_models(cloud: KeptCloud) -> None:
    client = cloud.client("sagemaker")
    for version in ("v1", "v2"):
        made = client.create_model_package(
            ModelPackageGroupName=GROUP, ModelPackageDescription=f"{version} abc", ModelApprovalStatus="PendingManualApproval",
            CustomerMetadataProperties={"version": version},
        )  # fmt: skip
    arn = made["ModelPackageArn"]
    client.update_model_package(ModelPackageArn=arn, ModelApprovalStatus="Approved", ApprovalDescription="better")


def test_objects_come_back_with_bytes_type_metadata_and_etag(restarted: KeptCloud) -> None:
    client = restarted.client("s3")
    keys = {found["Key"] for found in client.list_objects_v2(Bucket=BUCKET)["Contents"]}
    assert keys == {"a b/ü+.txt", "copy", "changed", "multipart", "presigned"}
    for key in ("a b/ü+.txt", "copy"):
        found = client.get_object(Bucket=BUCKET, Key=key)
        assert (found["Body"].read(), found["ContentType"], found["Metadata"]) == (b"one", "text/plain", {"poster": "p-1"})
    assert client.get_object(Bucket=BUCKET, Key="changed")["Body"].read() == b"new"
    assert client.get_object(Bucket=BUCKET, Key="presigned")["Body"].read() == b"signed"
    large = client.get_object(Bucket=BUCKET, Key="multipart")
    assert large["Body"].read() == b"m" * (9 << 20)
    assert large["ETag"].endswith('-2"')
    assert large["Metadata"] == {"sha256": "f00"}


def test_items_come_back_and_a_failed_transaction_left_nothing(restarted: KeptCloud) -> None:
    assert stored_items(restarted) == {"put": "two", "batch": "b"}
    found = restarted.client("dynamodb").get_item(TableName=TABLE, Key={"pk": {"S": "put"}, "sk": {"S": "RECORD"}})["Item"]
    assert found["version"] == {"N": "2"}
    assert found["extra"] == {"M": {"list": {"L": [{"N": "1"}, {"NULL": True}, {"BOOL": False}]}}}


def test_packages_come_back_with_their_status_and_order(restarted: KeptCloud) -> None:
    client = restarted.client("sagemaker")
    listed = client.list_model_packages(ModelPackageGroupName=GROUP, SortBy="CreationTime", SortOrder="Descending")
    found = listed["ModelPackageSummaryList"]
    assert [(one["ModelPackageDescription"], one["ModelApprovalStatus"]) for one in found] == [
        ("v2 abc", "Approved"), ("v1 abc", "PendingManualApproval"),
    ]  # fmt: skip
    described = client.describe_model_package(ModelPackageName=found[0]["ModelPackageArn"])
    assert described["CustomerMetadataProperties"] == {"version": "v2"}
