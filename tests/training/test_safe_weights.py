"""Pickled weights become safetensors, and a pickle that runs something is refused."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from training.safe_weights import convert


def test_every_tensor_is_the_same_afterwards(tmp_path: Path) -> None:
    shared = torch.arange(6.0).reshape(2, 3)
    weights = {"embedding": shared, "decoder": shared, "turned": shared.T, "norm.gamma": torch.ones(3)}
    torch.save(weights, tmp_path / "pytorch_model.bin")
    convert(tmp_path)
    found = load_file(tmp_path / "model.safetensors")
    assert set(found) == set(weights)
    assert all(torch.equal(found[name], tensor) for name, tensor in weights.items())
    assert not (tmp_path / ".model.safetensors").exists()


class Evil:
    def __reduce__(self) -> tuple[object, ...]:
        return (Path.touch, (Path("touched"),))


def test_a_pickle_that_runs_something_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    torch.save({"weights": Evil()}, tmp_path / "pytorch_model.bin")
    with pytest.raises(pickle.UnpicklingError):
        convert(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["pytorch_model.bin"]
