"""One contract suite a seam, run against the adapter on moto (or on a real folder) and against the fake."""

from __future__ import annotations

import hashlib
import io
import tarfile
from pathlib import Path

import boto3
import pytest

from adapters.dynamodb import DynamoLedger
from adapters.efs import EfsModelFolder
from adapters.s3 import S3Objects
from chartloop import items
from chartloop.errors import JobFailed, NotFound, Stale
from chartloop.seams import Ledger, Objects
from tests.adapters.conftest import BUCKET, TABLE
from tests.fakes import FakeLedger, FakeObjects


@pytest.fixture(params=["dynamodb", "fake"])
def ledger(request: pytest.FixtureRequest, aws: None) -> Ledger:
    return DynamoLedger(TABLE) if request.param == "dynamodb" else FakeLedger()


@pytest.fixture(params=["s3", "fake"])
def objects(request: pytest.FixtureRequest, aws: None) -> Objects:
    return S3Objects(BUCKET) if request.param == "s3" else FakeObjects(BUCKET)


class TestLedger:
    def test_saves_and_reads_back_what_was_saved(self, ledger: Ledger) -> None:
        item = items.new(("A", "1"), text="Ödem 5 µg", counts={"x": 1}, none=None, share=0.25)
        ledger.save(item)
        assert item["version"] == 1
        assert ledger.get(("A", "1")) == item
        assert ledger.get(("A", "2")) is None

    def test_a_second_writer_is_stale_and_changes_nothing(self, ledger: Ledger) -> None:
        ledger.save(items.new(("A", "1"), value=1))
        first, second = ledger.get(("A", "1")), ledger.get(("A", "1"))
        assert first is not None and second is not None
        ledger.save({**first, "value": 2})
        with pytest.raises(Stale):
            ledger.save({**second, "value": 3})
        with pytest.raises(Stale):
            ledger.save(items.new(("A", "1"), value=4))
        found = ledger.get(("A", "1"))
        assert found is not None and found["value"] == 2

    def test_a_transaction_writes_all_or_nothing(self, ledger: Ledger) -> None:
        ledger.save(items.new(("A", "1")))
        with pytest.raises(Stale):
            ledger.save(items.new(("A", "2")), items.new(("A", "1")))
        assert ledger.get(("A", "2")) is None
        ledger.save(*(items.new(("B", f"{n:03d}")) for n in range(100)))
        assert len(ledger.query("B")) == 100

    def test_what_expires_says_so_to_the_table(self, ledger: Ledger) -> None:
        item = items.new(("A", "1"), expires=1_800_000_000)
        ledger.save(item)
        assert ledger.get(("A", "1")) == item
        if isinstance(ledger, DynamoLedger):
            key = {"pk": {"S": "A"}, "sk": {"S": "1"}}
            stored = boto3.client("dynamodb").get_item(TableName=TABLE, Key=key)["Item"]
            assert stored["expires"] == {"N": "1800000000"}

    def test_all_are_walked_from_the_last_to_the_first(self, ledger: Ledger) -> None:
        ledger.save(*(items.new(("W", f"X#{n}")) for n in range(5)), items.new(("W", "Y#9")))
        assert [item["sk"] for item in items.newest_first(ledger, "W", "X#", at_once=2)] == [f"X#{n}" for n in (4, 3, 2, 1, 0)]
        assert [item["sk"] for item in items.newest_first(ledger, "W", "X#", "X#1", at_once=2)] == ["X#0"]

    def test_more_than_a_hundred_items_are_refused(self, ledger: Ledger) -> None:
        with pytest.raises(ValueError, match="100"):
            ledger.save(*(items.new(("B", f"{n:03d}")) for n in range(101)))

    def test_query_by_prefix_order_limit_and_cursor(self, ledger: Ledger) -> None:
        ledger.save(*(items.new(("T", key)) for key in ("BATCH#1", "RUN#1", "RUN#2", "RUN#3", "TASK")))
        ledger.save(items.new(("U", "RUN#9")))
        assert [i["sk"] for i in ledger.query("T", "RUN#")] == ["RUN#1", "RUN#2", "RUN#3"]
        assert [i["sk"] for i in ledger.query("T", "RUN#", newest_first=True, limit=2)] == ["RUN#3", "RUN#2"]
        assert [i["sk"] for i in ledger.query("T", "RUN#", newest_first=True, before="RUN#3")] == ["RUN#2", "RUN#1"]

    def test_get_many_takes_any_number_and_leaves_out_what_is_missing(self, ledger: Ledger) -> None:
        for start in range(0, 130, 50):
            ledger.save(*(items.new(("M", f"{n:03d}"), n=n) for n in range(start, start + 50)))
        found = ledger.get_many([("M", f"{n:03d}") for n in range(140)] + [("M", "none"), ("M", "001")])
        assert len(found) == 140 and found["M", "007"]["n"] == 7


class TestObjects:
    def test_keeps_bytes_and_metadata(self, objects: Objects) -> None:
        objects.put("a/b +é.jsonl", b"\x00\xff", metadata={"batch-id": "b-1"})
        found = objects.get("a/b +é.jsonl")
        assert (found.body, found.size, found.metadata["batch-id"]) == (b"\x00\xff", 2, "b-1")

    def test_a_missing_key_is_not_found(self, objects: Objects, tmp_path: Path) -> None:
        assert not objects.exists("nothing")
        with pytest.raises(NotFound):
            objects.get("nothing")
        with pytest.raises(NotFound):
            objects.download("nothing", tmp_path / "x")

    def test_lists_by_prefix_in_order(self, objects: Objects) -> None:
        for key in ("p/2", "p/1", "q/1"):
            objects.put(key, b"x")
        assert [o.key for o in objects.list("p/")] == ["p/1", "p/2"]

    def test_presigned_addresses_name_bucket_and_region(self, aws: None) -> None:
        url, _ = S3Objects(BUCKET).presign_put("a", metadata={}, seconds=60)
        assert url.startswith(f"https://{BUCKET}.s3.us-east-1.amazonaws.com/a?")

    def test_presigning_names_the_metadata_as_headers(self, objects: Objects) -> None:
        url, headers = objects.presign_put("incoming/ner/b.jsonl", metadata={"batch-id": "b"}, seconds=60)
        assert url.startswith("https://") and "incoming/ner/b.jsonl" in url
        assert headers["x-amz-meta-batch-id"] == "b"


def archive(folder: Path, files: dict[str, bytes], name: str = "model.tar.gz") -> tuple[Path, str]:
    path = folder / name
    with tarfile.open(path, "w:gz") as packed:
        for member, body in files.items():
            info = tarfile.TarInfo(member)
            info.size = len(body)
            packed.addfile(info, io.BytesIO(body))
    return path, hashlib.sha256(path.read_bytes()).hexdigest()


class TestModelFolder:
    def test_publishes_points_and_removes(self, tmp_path: Path) -> None:
        folder = EfsModelFolder(tmp_path / "efs")
        path, sha256 = archive(tmp_path, {"config.json": b"{}"})
        for _ in range(2):  # a step may be repeated
            folder.publish("ner", "v1", path, sha256)
        folder.publish("ner", "v2", path, sha256)
        assert folder.pointer("ner") is None
        folder.point("ner", "v1", sha256)
        assert folder.pointer("ner") == {"version": "v1", "sha256": sha256}
        assert folder.versions("ner") == ["v1", "v2"]
        folder.remove("ner", "v2")
        folder.remove("ner", "v2")
        assert folder.versions("ner") == ["v1"]
        assert (tmp_path / "efs/models/ner/v1/config.json").read_bytes() == b"{}"

    def test_a_changed_artifact_is_refused_and_leaves_nothing(self, tmp_path: Path) -> None:
        folder = EfsModelFolder(tmp_path / "efs")
        path, sha256 = archive(tmp_path, {"config.json": b"{}"})
        path.write_bytes(path.read_bytes() + b"\x00")
        with pytest.raises(JobFailed):
            folder.publish("ner", "v1", path, sha256)
        assert folder.versions("ner") == []

    def test_a_traversing_member_is_refused(self, tmp_path: Path) -> None:
        folder = EfsModelFolder(tmp_path / "efs")
        path, sha256 = archive(tmp_path, {"../../outside": b"x"})
        with pytest.raises(tarfile.FilterError):
            folder.publish("ner", "v1", path, sha256)
        assert not (tmp_path / "efs" / "outside").exists() and folder.versions("ner") == []

    def test_what_a_crash_left_aside_is_swept_and_never_listed(self, tmp_path: Path) -> None:
        folder = EfsModelFolder(tmp_path / "efs")
        left = tmp_path / "efs/models/ner/.v1.half"
        left.mkdir(parents=True)
        assert folder.versions("ner") == []
        path, sha256 = archive(tmp_path, {"config.json": b"{}"})
        folder.publish("ner", "v1", path, sha256)
        assert not left.exists()
