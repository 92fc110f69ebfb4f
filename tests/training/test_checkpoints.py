"""Checkpoints: complete or not there, and a training that was killed ends where an undisturbed one does."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from tests.training import tiny
from training.checkpoints import FOLDER, SECONDS, Checkpoints, State

CHOSEN = {
    "num_train_epochs": 3, "learning_rate": 0.005, "validation_percent": 20, "per_device_train_batch_size": 8,
    "max_seq_length": 32, "doc_stride": 8,
}  # fmt: skip


def state(step: int) -> State:
    tensors = {"weight": torch.full((2, 3), float(step)), "count": torch.tensor(step)}
    return State(step, {"model": tensors, "optimizer": tensors, "random": {"cpu.0": torch.get_rng_state()}})


def saved(folder: Path, *steps: int, identity: str = "one") -> Checkpoints:
    made = Checkpoints(folder, identity, 600)
    for step in steps:
        made.save(state(step))
    return made


def test_the_last_one_comes_back_and_two_are_kept(tmp_path: Path) -> None:
    found = saved(tmp_path, 5, 10, 15).latest()
    assert found is not None
    assert found.step == 15
    assert torch.equal(found.tensors["model"]["weight"], torch.full((2, 3), 15.0))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["step-000000010", "step-000000015"]


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-8])


def flip(path: Path) -> None:
    body = bytearray(path.read_bytes())
    body[-1] ^= 1
    path.write_bytes(bytes(body))


@pytest.mark.parametrize("damage", [cut, flip, Path.unlink])
@pytest.mark.parametrize("name", ["model.safetensors", "optimizer.safetensors", "random.safetensors"])
def test_a_half_written_one_is_passed_over(tmp_path: Path, name: str, damage: Callable[[Path], None]) -> None:
    made = saved(tmp_path, 5, 10)
    damage(tmp_path / "step-000000010" / name)
    found = made.latest()
    assert found is not None
    assert found.step == 5


@pytest.mark.parametrize("damage", [cut, Path.unlink])
def test_without_its_manifest_it_does_not_count(tmp_path: Path, damage: Callable[[Path], None]) -> None:
    made = saved(tmp_path, 5)
    damage(tmp_path / "step-000000005" / "manifest.json")
    assert made.latest() is None


def test_what_was_left_aside_is_written_over(tmp_path: Path) -> None:
    (tmp_path / ".step-000000005").mkdir()
    (tmp_path / ".step-000000005" / "model.safetensors").write_bytes(b"half")
    assert saved(tmp_path, 5).latest() is not None


def test_another_trainings_are_not_seen(tmp_path: Path) -> None:
    saved(tmp_path, 5, identity="another")
    assert saved(tmp_path).latest() is None


def test_one_is_due_by_the_clock_and_when_the_machine_is_taken(tmp_path: Path) -> None:
    now = [0.0]
    made = Checkpoints(tmp_path, "one", 600, clock=lambda: now[0])
    now[0] = 599
    assert not made.due
    now[0] = 600
    assert made.due
    made.save(state(1))
    assert not made.due
    made.asked_to_stop = True
    assert made.due


def environ(snapshot: Path, base: Path, folder: Path) -> dict[str, str]:
    return {**tiny.variables(snapshot, base, folder), FOLDER: str(folder / "checkpoints"), SECONDS: "0"}


def interrupted(snapshot: Path, base: Path, folder: Path, number: signal.Signals) -> int:
    """Trains until the first epoch is told of, then sends the signal; the exit status."""
    process = subprocess.Popen(
        [sys.executable, *tiny.training(CHOSEN)], cwd=tiny.ROOT, env={**os.environ, **environ(snapshot, base, folder)},
        stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    with process.stdout as lines:
        for line in lines:
            if line == "metric epoch=1\n":
                process.send_signal(number)
    return process.wait()


@pytest.fixture(scope="module")
def undisturbed(snapshot: Path, base: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, torch.Tensor]:
    folder = tmp_path_factory.mktemp("undisturbed")
    done = tiny.train(snapshot, base, folder, **CHOSEN)
    assert done.returncode == 0, done.stderr
    weights: dict[str, torch.Tensor] = load_file(folder / "model" / "model.safetensors")
    return weights


@pytest.mark.parametrize(("number", "status"), [(signal.SIGKILL, -9), (signal.SIGTERM, 143)])
def test_a_training_that_was_ended_goes_on_to_the_same_weights(
    snapshot: Path, base: Path, tmp_path: Path, undisturbed: dict[str, torch.Tensor], number: signal.Signals, status: int
) -> None:
    assert interrupted(snapshot, base, tmp_path, number) == status
    assert not (tmp_path / "model").exists()
    last = max((tmp_path / "checkpoints").glob("step-*/manifest.json")).parent
    step = json.loads((last / "manifest.json").read_text())["step"]
    half = Path(shutil.copytree(last, tmp_path / "checkpoints" / "step-999999999"))
    (half / "manifest.json").unlink()
    done = tiny.command([sys.executable, *tiny.training(CHOSEN)], environ(snapshot, base, tmp_path))
    assert done.returncode == 0, done.stderr
    assert f"going on after {step} of " in done.stdout
    again = load_file(tmp_path / "model" / "model.safetensors")
    assert again.keys() == undisturbed.keys()
    for name, tensor in undisturbed.items():
        assert torch.allclose(again[name], tensor, atol=1e-5), name
