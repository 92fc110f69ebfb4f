"""What the jobs really make of a tiny input, made once for all tests."""

from __future__ import annotations

import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.training import questions, tiny
from tests.training.tiny import Run, Trained
from training.export import Exported, export
from training.prepare import prepare


@pytest.fixture(scope="session", autouse=True)
def one_thread() -> Iterator[None]:
    """Tiny matrices: more threads only wait for each other."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OMP_NUM_THREADS", "1")
        yield


@pytest.fixture(scope="session")
def run_input(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return tiny.build_run(tmp_path_factory.mktemp("run"))


@pytest.fixture(scope="session")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny.build_base(tmp_path_factory.mktemp("base"))


@pytest.fixture(scope="session")
def causal_base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return questions.build_base(tmp_path_factory.mktemp("causal"))


@pytest.fixture(scope="session")
def snapshot(run_input: Run, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("snapshot")
    prepare(run_input.request, run_input.records, folder)
    return folder


@pytest.fixture(scope="session")
def trained(snapshot: Path, base: Path, tmp_path_factory: pytest.TempPathFactory) -> Trained:
    """A real training job, started as the training toolkit does."""
    folder = tmp_path_factory.mktemp("trained")
    chosen = {"num_train_epochs": 12, "learning_rate": 0.005, "validation_percent": 20, "per_device_train_batch_size": 8}
    done = tiny.train(snapshot, base, folder, **chosen, max_seq_length=32, doc_stride=8)
    assert done.returncode == 0, done.stderr
    with tarfile.open(folder / "model.tar.gz", "w:gz") as tar:
        tar.add(folder / "model", arcname=".")
    return Trained(folder / "model", folder, done.stdout)


@pytest.fixture(scope="session")
def exported(trained: Trained, tmp_path_factory: pytest.TempPathFactory) -> Exported:
    folder = tmp_path_factory.mktemp("exported")
    return export(trained.folder, version="ner-1", folder=folder / "unpacked", output=folder, engine="torch")
