"""The prepare job: the same bytes each time, only what the request names, and loud about what is not as hashed."""

from __future__ import annotations

import hashlib
import json
import shutil
import sys
from pathlib import Path

import pytest

from chartloop.errors import JobFailed
from chartloop.hyperparameters import Hyperparameters
from tests.training import tiny
from tests.training.tiny import Run
from training import dataset
from training.prepare import prepare


def test_twice_the_same_bytes(run_input: Run, snapshot: Path, tmp_path: Path) -> None:
    prepare(run_input.request, run_input.records, tmp_path)
    for name in ("train.jsonl", "manifest.json"):
        assert (tmp_path / name).read_bytes() == (snapshot / name).read_bytes()


def test_the_manifest_tells_what_is_in_it(run_input: Run, snapshot: Path) -> None:
    manifest = json.loads((snapshot / "manifest.json").read_text())
    request = json.loads((run_input.request / "request.json").read_text())
    assert manifest["hash"] == request["snapshot"]
    assert manifest["sha256"] == hashlib.sha256((snapshot / "train.jsonl").read_bytes()).hexdigest()
    assert (manifest["records"], manifest["labels"]) == (80, ["drug", "sign"])
    assert manifest["entities"] == {"drug": 80, "sign": 80}


def test_records_come_sorted_and_read_back(snapshot: Path) -> None:
    ids = [json.loads(line)["record_id"] for line in (snapshot / "train.jsonl").read_bytes().splitlines()]
    assert ids == sorted(ids)
    read = dataset.read(snapshot)
    assert len(read.records) == 80
    assert read.task == "ner"


def test_a_shard_that_is_not_listed_is_not_read(run_input: Run, snapshot: Path, tmp_path: Path) -> None:
    shutil.copytree(run_input.records, tmp_path / "records")
    (tmp_path / "records" / "another.jsonl").write_text("no record at all\n")
    manifest = prepare(run_input.request, tmp_path / "records", tmp_path / "out")
    assert manifest == json.loads((snapshot / "manifest.json").read_text())


@pytest.mark.parametrize(("damage", "code"), [(b"\n", "shard_changed"), (None, "shard_missing")])
def test_a_shard_must_be_what_was_hashed(run_input: Run, tmp_path: Path, damage: bytes | None, code: str) -> None:
    shutil.copytree(run_input.records, tmp_path / "records")
    path = tmp_path / "records" / "records2.jsonl"
    path.unlink() if damage is None else path.write_bytes(path.read_bytes() + damage)
    with pytest.raises(JobFailed) as raised:
        prepare(run_input.request, tmp_path / "records", tmp_path / "out")
    assert raised.value.code == code


def test_as_a_job_it_leaves_its_reason(run_input: Run, tmp_path: Path) -> None:
    done = tiny.job(
        "prepare", "--request", run_input.request, "--records", tmp_path, "--output", tmp_path / "out",
        environ={"SAGEMAKER_BASE_DIR": str(tmp_path)},
    )  # fmt: skip
    assert done.returncode == 1
    assert (tmp_path / "output" / "message").read_text() == "shard_missing: records/ner/records1.jsonl is not there\n"


def test_it_needs_no_torch() -> None:
    code = "import sys, training.prepare; sys.exit(bool({'torch', 'transformers'} & set(sys.modules)))"
    assert tiny.command([sys.executable, "-c", code]).returncode == 0


def test_validation_follows_the_group(snapshot: Path) -> None:
    documents = dataset.documents(dataset.read(snapshot))
    learned, watched = dataset.split_validation(documents, 20)
    assert len(learned) + len(watched) == len(documents)
    assert 0 < len(watched) < len(learned)
    assert not {each.group for each in learned} & {each.group for each in watched}
    assert dataset.split_validation(documents, 0)[1] == []


def test_what_is_watched_is_all_that_is_held_back_or_nothing(snapshot: Path) -> None:
    documents = dataset.documents(dataset.read(snapshot))
    for chosen, least, percent in (
        ({"validation_percent": 20}, 5, 20),
        ({"validation_percent": 0}, 5, 5),
        ({"validation_percent": 20, "do_eval": False}, 5, 5),
        ({"validation_percent": 0}, 0, 0),
    ):
        told = Hyperparameters.model_validate(chosen)
        learned, watched, held_back = dataset.left_out(documents, told, least)
        assert dataset.held_back_percent(told, least) == percent
        assert (learned, held_back) == dataset.split_validation(documents, percent)
        assert watched == (held_back if percent == 20 else [])
        assert dataset.sides(documents, percent) == (learned, held_back or learned)
