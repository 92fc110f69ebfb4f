"""Several processes train as one does: the same losses, and one of them writes."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.local.conftest import free_port
from tests.training import tiny
from training.ranks import Ranks

CHOSEN = {
    "learning_rate": 0.005, "validation_percent": 20, "per_device_train_batch_size": 8,
    "max_seq_length": 32, "doc_stride": 8,
}  # fmt: skip


@given(batch=st.lists(st.integers(), max_size=40), size=st.integers(1, 8))
def test_every_example_is_one_ranks(batch: list[int], size: int) -> None:
    shares = [Ranks(rank, size).share(batch) for rank in range(size)]
    assert sorted(example for share in shares for example in share) == sorted(batch)
    assert max(map(len, shares)) - min(map(len, shares)) <= 1


def told(log: str, name: str) -> list[float]:
    return [float(value) for value in re.findall(rf"^metric {name}=(\S+)$", log, re.MULTILINE)]


@pytest.mark.parametrize("batch", [8, 1])
def test_two_processes_learn_what_one_does(snapshot: Path, tmp_path: Path, batch: int) -> None:
    """Without dropout, whose noise is each process's own. With batches of one, one of them has nothing to compute."""
    (tmp_path / "base").mkdir()
    base = tiny.build_base(tmp_path / "base", hidden_dropout_prob=0.0)
    chosen = {**CHOSEN, "per_device_train_batch_size": batch, "num_train_epochs": 1}
    alone = tiny.train(snapshot, base, tmp_path / "alone", **chosen)
    assert alone.returncode == 0, alone.stderr
    torchrun = ["-m", "torch.distributed.run", "--nproc_per_node", "2", "--master_port", str(free_port())]
    both = tiny.command([sys.executable, *torchrun, *tiny.training(chosen)], tiny.variables(snapshot, base, tmp_path / "both"))
    assert both.returncode == 0, both.stderr
    for name in ("train_loss", "eval_loss", "epoch", "progress"):
        assert told(both.stdout, name) == pytest.approx(told(alone.stdout, name), rel=1e-2), name
    assert {path.name for path in (tmp_path / "both" / "model").iterdir()} == {
        path.name for path in (tmp_path / "alone" / "model").iterdir()
    }
