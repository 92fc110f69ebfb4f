"""A staged base model is loaded only where it is what was staged."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from chartloop.errors import JobFailed
from tests.training import tiny
from training import base_model


@pytest.fixture
def staged(base: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(base, tmp_path / "base"))


def test_what_was_staged_is_taken(staged: Path) -> None:
    base_model.verify(staged)
    assert base_model.named(str(staged)) == base_model.content_hash(staged)
    assert base_model.named("org/name") == "org/name"


DAMAGE: dict[str, Callable[[Path], object]] = {
    "another weight": lambda folder: (folder / "model.safetensors").write_bytes(b"x"),
    "a file too few": lambda folder: (folder / "vocab.txt").unlink(),
    "a file too many": lambda folder: (folder / "pytorch_model.bin").write_bytes(b"x"),
    "no manifest": lambda folder: (folder / "manifest.json").unlink(),
    "a broken manifest": lambda folder: (folder / "manifest.json").write_text("[]"),
}


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE.keys())
def test_anything_else_is_refused(staged: Path, damage: Callable[[Path], object]) -> None:
    damage(staged)
    with pytest.raises(JobFailed) as refused:
        base_model.verify(staged)
    assert refused.value.code == "base_model_changed"


def test_jobs_look_before_they_load(snapshot: Path, staged: Path, tmp_path: Path) -> None:
    (staged / "vocab.txt").write_text("another vocabulary")
    assert tiny.train(snapshot, staged, tmp_path).returncode == 1
    assert (tmp_path / "output" / "failure").read_text().startswith("base_model_changed: vocab.txt ")
    arguments = ("--snapshot", snapshot, "--model", staged, "--output", tmp_path / "out", "--engine", "openvino")
    assert tiny.job("embed", *arguments, environ={"SAGEMAKER_BASE_DIR": str(tmp_path)}).returncode == 1
    assert (tmp_path / "output" / "message").read_text().startswith("base_model_changed: ")
