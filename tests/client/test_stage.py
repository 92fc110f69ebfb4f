"""Staging: what is taken of a model, in which order, and what a second time does."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import pytest

from chartloop.errors import InvalidRequest
from client import stage
from tests.client.conftest import BUCKET

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


@pytest.fixture
def model(tmp_path: Path) -> Path:
    folder = tmp_path / "Bio_Model"
    folder.mkdir()
    for name in ("model.safetensors", "config.json", "vocab.txt", "README.md", "tf_model.h5"):
        (folder / name).write_text(f"the {name}")
    return folder


def put(s3: S3Client, folder: Path, advance: stage.Advance = lambda size: None) -> str:
    return stage.stage(s3, BUCKET, "org/Bio_Model", stage.files_of(folder), advance)


def stored(s3: S3Client) -> dict[str, bytes]:
    listed = s3.list_objects_v2(Bucket=BUCKET).get("Contents", [])
    return {entry["Key"]: s3.get_object(Bucket=BUCKET, Key=entry["Key"])["Body"].read() for entry in listed}


def test_the_files_that_are_needed_and_a_manifest_with_their_hashes(s3: S3Client, model: Path) -> None:
    assert put(s3, model) == "base-models/org--Bio_Model/"
    found = {key.removeprefix("base-models/org--Bio_Model/"): body for key, body in stored(s3).items()}
    assert set(found) == {"model.safetensors", "config.json", "vocab.txt", "manifest.json"}
    manifest = json.loads(found["manifest.json"])
    assert manifest["name"] == "org/Bio_Model"
    assert {entry["path"]: entry["sha256"] for entry in manifest["files"]} == {
        name: hashlib.sha256(body).hexdigest() for name, body in found.items() if name != "manifest.json"
    }


def test_the_manifest_is_there_only_when_the_rest_is_whole(s3: S3Client, model: Path) -> None:
    put(s3, model)
    (model / "vocab.txt").write_text("another vocabulary")

    class BrokenOffError(Exception):
        pass

    def break_off(size: int) -> None:
        raise BrokenOffError

    with pytest.raises(BrokenOffError):
        put(s3, model, break_off)
    assert "base-models/org--Bio_Model/manifest.json" not in stored(s3)
    put(s3, model)
    assert stored(s3)["base-models/org--Bio_Model/vocab.txt"] == b"another vocabulary"
    assert "base-models/org--Bio_Model/manifest.json" in stored(s3)


def test_what_is_staged_already_is_not_sent_again(s3: S3Client, model: Path) -> None:
    put(s3, model)
    sent: list[int] = []
    put(s3, model, sent.append)
    assert sent == []


COMMIT = "0123456789abcdef0123456789abcdef01234567"


@pytest.mark.parametrize("revision", ["", "main", "v1.0", COMMIT[:7], COMMIT.upper()])
def test_a_name_on_the_hub_needs_a_commit(revision: str) -> None:
    def never(name: str, **options: Any) -> str:
        raise AssertionError

    with pytest.raises(InvalidRequest, match="--revision") as refused:
        stage.local_folder("org/Bio_Model", revision, never)
    assert refused.value.code == "revision_not_pinned"


def test_what_another_model_left_is_removed(s3: S3Client, model: Path) -> None:
    put(s3, model)
    (model / "vocab.txt").unlink()
    put(s3, model)
    assert {key.rpartition("/")[2] for key in stored(s3)} == {"model.safetensors", "config.json", "manifest.json"}


def test_what_was_staged_is_what_jobs_take(s3: S3Client, model: Path, tmp_path: Path) -> None:
    from training import base_model

    stage.stage(s3, BUCKET, "org/Bio_Model", stage.files_of(model), lambda size: None, COMMIT)
    folder = tmp_path / "channel"
    folder.mkdir()
    for key, body in stored(s3).items():
        (folder / key.rpartition("/")[2]).write_bytes(body)
    assert json.loads((folder / "manifest.json").read_text())["revision"] == COMMIT
    base_model.verify(folder)


def test_a_name_is_fetched_from_the_hub_without_the_rest_of_its_repository(model: Path) -> None:
    asked: list[Any] = []

    def download(name: str, **options: Any) -> str:
        asked.append((name, options["revision"], options["allow_patterns"]))
        return str(model)

    assert stage.local_folder("org/Bio_Model", COMMIT, download) == model
    ((name, revision, patterns),) = asked
    assert (name, revision) == ("org/Bio_Model", COMMIT)
    assert "model.safetensors" in patterns
    assert not any("*" in pattern for pattern in patterns)


SHARDS = ("model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors")


@pytest.fixture
def sharded(model: Path) -> Path:
    """A language model in two shards, with its chat template; what its repository holds beside stays there."""
    (model / "model.safetensors").unlink()
    (model / stage.INDEX).write_text(json.dumps({"weight_map": {"a": SHARDS[0], "b": SHARDS[1], "c": SHARDS[0]}}))
    for name in (*SHARDS, "chat_template.jinja", "generation_config.json", "consolidated.safetensors"):
        (model / name).write_text(f"the {name}")
    return model


def test_weights_in_shards_are_staged_with_their_index_and_the_chat_template(s3: S3Client, sharded: Path) -> None:
    assert stage.local_folder(str(sharded)) == sharded
    put(s3, sharded)
    found = {key.removeprefix("base-models/org--Bio_Model/"): body for key, body in stored(s3).items()}
    others = {"config.json", "vocab.txt", "chat_template.jinja", "generation_config.json", "manifest.json", stage.INDEX}
    assert found.keys() == {*SHARDS, *others}
    manifest = json.loads(found["manifest.json"])
    assert {entry["path"]: entry["sha256"] for entry in manifest["files"]} == {
        name: hashlib.sha256(body).hexdigest() for name, body in found.items() if name != "manifest.json"
    }


def test_one_file_of_weights_is_preferred_to_shards(sharded: Path) -> None:
    (sharded / "model.safetensors").write_text("whole")
    assert not {stage.INDEX, *SHARDS} & stage.files_of(sharded).keys() and "model.safetensors" in stage.files_of(sharded)


def test_shards_of_a_hubs_model_are_fetched_by_the_names_in_its_index(sharded: Path) -> None:
    asked: list[Any] = []

    def download(name: str, **options: Any) -> str:
        asked.append((options["revision"], options["allow_patterns"]))
        return str(sharded)

    assert stage.local_folder("org/Big", COMMIT, download) == sharded
    assert [revision for revision, _ in asked] == [COMMIT, COMMIT] and asked[1][1] == list(SHARDS)


def test_a_shard_that_is_not_there_is_missed_by_name(sharded: Path) -> None:
    (sharded / SHARDS[1]).unlink()
    with pytest.raises(InvalidRequest, match=SHARDS[1]):
        stage.local_folder(str(sharded))


@pytest.mark.parametrize(
    "index", ["no json", "[]", '{"weight_map": {}}', '{"weight_map": {"a": 7}}', '{"weight_map": {"a": "../a.safetensors"}}',
              '{"weight_map": {"a": "model-*.safetensors"}}', '{"weight_map": {"a": "config.json"}}'],
)  # fmt: skip
def test_an_index_that_names_anything_but_files_beside_it_is_refused(sharded: Path, index: str) -> None:
    (sharded / stage.INDEX).write_text(index)
    with pytest.raises(InvalidRequest, match="index") as refused:
        stage.local_folder(str(sharded))
    assert refused.value.code == "not_a_model"


def test_a_folder_without_weights_is_no_model(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(InvalidRequest, match=r"model\.safetensors"):
        stage.local_folder(str(tmp_path))


def test_weights_that_are_no_weights_are_refused(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{}")
    (tmp_path / "pytorch_model.bin").write_text("no weights")
    with pytest.raises(InvalidRequest, match="cannot be converted"):
        stage.local_folder(str(tmp_path))


def test_a_service_on_this_machine_has_its_buckets_there_too() -> None:
    session, endpoint = stage.session_for("http://127.0.0.1:8040")
    assert endpoint == "http://localhost:8040"
    assert session.region_name == "us-east-1"
    assert stage.session_for("https://api.example/prod")[1] is None
    assert stage.session_for(None)[1] is None


def test_the_bucket_is_that_of_the_account(s3: S3Client) -> None:
    assert stage.bucket_of(boto3.Session("testing", "testing", region_name="us-east-1"), None) == BUCKET
