"""One model on its engines: the same probabilities, and a word for those that are not known or not installed."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from chartloop.errors import JobFailed
from tests.training.tiny import Trained
from training import engines, tracing

ROWS = [[2, 9, 11, 30, 7, 3], [2, 40, 3], [2, *range(5, 35), 3]]


@pytest.fixture(scope="module")
def torch_engine(trained: Trained) -> engines.Engine:
    return engines.load(trained.folder, "torch", "fp32")


@pytest.mark.parametrize("name", ["onnx", "openvino"])
def test_the_graph_gives_the_probabilities_of_the_model(
    trained: Trained, torch_engine: engines.Engine, name: str, tmp_path: Path
) -> None:
    tracing.classifier(trained.folder, tmp_path / "model.onnx")
    graph = engines.GraphEngine(engines.Graph.load(tmp_path / "model.onnx", name, "fp32"))
    for row in ROWS:
        [expected], [found] = torch_engine.probabilities([row]), graph.probabilities([row])
        assert found.shape == expected.shape and np.abs(found - expected).max() < 1e-5
        assert np.allclose(found.sum(axis=-1), 1, atol=1e-5)


@pytest.mark.parametrize(("name", "precision"), [("vinyl", "fp32"), ("onnx", "bf16"), ("openvino", "int3")])
def test_an_engine_that_nobody_knows_is_named(name: str, precision: str, tmp_path: Path) -> None:
    with pytest.raises(JobFailed, match="engine"):
        engines.load(tmp_path, name, precision)


@pytest.mark.parametrize("name", ["onnx", "openvino"])
def test_an_encoders_graph_gives_its_states_for_a_batch(base: Path, name: str, tmp_path: Path) -> None:
    from transformers import AutoModel

    tracing.base(base, tmp_path / "base.onnx")
    ids = np.array([[2, 9, 11, 30, 7, 3], [2, 40, 5, 6, 8, 3], [2, 5, 5, 5, 5, 3]], dtype=np.int64)
    with torch.inference_mode():
        expected = AutoModel.from_pretrained(str(base)).eval()(input_ids=torch.tensor(ids)).last_hidden_state.numpy()
    found = engines.Graph.load(tmp_path / "base.onnx", name, "fp32")(ids)
    assert found.dtype == np.float32 and found.shape == expected.shape and np.abs(found - expected).max() < 1e-5


def test_bf16_stays_near_fp32(base: Path, tmp_path: Path) -> None:
    tracing.base(base, tmp_path / "base.onnx")
    ids = np.array([[2, *range(5, 35), 3]], dtype=np.int64)
    fine, coarse = (engines.Graph.load(tmp_path / "base.onnx", "openvino", each)(ids) for each in ("fp32", "bf16"))
    assert np.abs(fine - coarse).max() < 0.1


@pytest.mark.parametrize(("name", "package"), [("onnx", "onnxruntime"), ("openvino", "openvino")])
def test_an_engine_that_is_not_installed_is_named(
    name: str, package: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(JobFailed, match=package) as raised:
        engines.load(tmp_path, name, "fp32")
    assert raised.value.code == "engine_missing"
