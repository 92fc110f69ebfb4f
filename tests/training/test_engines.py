"""One model on its engines: the same probabilities, an artifact that needs no torch, and int8 only where it costs little."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from chartloop.errors import JobFailed
from tests.training.test_export import ALLOWED
from tests.training.tiny import Trained
from training import dataset, engines, onnx_graph, tracing
from training.export import Exported, export

ROWS = [[2, 9, 11, 30, 7, 3], [2, 40, 3], [2, *range(5, 35), 3]]


@pytest.fixture(scope="module")
def notes(snapshot: Path) -> list[dataset.Document]:
    return dataset.notes_to_compare(dataset.read(snapshot))


@pytest.fixture(scope="module")
def light(trained: Trained, notes: list[dataset.Document], tmp_path_factory: pytest.TempPathFactory) -> Exported:
    """The artifact for the function that serves the model itself."""
    folder = tmp_path_factory.mktemp("light")
    return export(trained.folder, version="ner-1", folder=folder / "unpacked", output=folder, engine="onnx", notes=notes)


@pytest.fixture(scope="module")
def torch_engine(trained: Trained) -> engines.Engine:
    return engines.load(trained.folder, "torch", "fp32")


@pytest.mark.parametrize("name", ["onnx", "openvino"])
def test_the_graph_gives_the_probabilities_of_the_model(
    trained: Trained, torch_engine: engines.Engine, name: str, tmp_path: Path
) -> None:
    tracing.classifier(trained.folder, tmp_path / engines.ONNX_FILE)
    graph = engines.load(tmp_path, name, "fp32")
    for row in ROWS:
        [expected], [found] = torch_engine.probabilities([row]), graph.probabilities([row])
        assert found.shape == expected.shape and np.abs(found - expected).max() < 1e-5
        assert np.allclose(found.sum(axis=-1), 1, atol=1e-5)


def test_int8_stays_near_the_model(light: Exported, torch_engine: engines.Engine) -> None:
    assert light.manifest["engine"]["precision"] == "int8"
    small = engines.load(light.folder, "onnx", "int8")
    for row in ROWS:
        [expected], [found] = torch_engine.probabilities([row]), small.probabilities([row])
        assert np.abs(found - expected).max() < 0.2


def test_a_row_of_int8_does_not_depend_on_its_neighbours(light: Exported) -> None:
    small = engines.load(light.folder, "onnx", "int8")
    together = small.probabilities(ROWS)
    assert all((small.probabilities([row])[0] == found).all() for row, found in zip(ROWS, together, strict=True))


def test_card_and_manifest_say_what_int8_cost(light: Exported, notes: list[dataset.Document]) -> None:
    engine = light.manifest["engine"]
    assert json.loads((light.folder / "chartloop.json").read_text())["engine"] == engine
    assert engine["name"] == "onnx" and engine["quality"]["notes"] == len(notes) > 0
    assert engine["quality"]["f1_fp32"] - engine["quality"]["f1_int8"] <= onnx_graph.MOST_LOSS


@pytest.mark.parametrize(("f1_int8", "precision"), [(0.9, "int8"), (0.8951, "int8"), (0.8949, "fp32"), (0.95, "int8")])
def test_int8_that_loses_more_than_half_a_point_is_not_served(f1_int8: float, precision: str) -> None:
    assert onnx_graph.Quality(7, 0.9, f1_int8).precision() == precision


def test_where_int8_loses_too_much_the_graph_keeps_its_precision(
    trained: Trained, torch_engine: engines.Engine, notes: list[dataset.Document], tmp_path: Path
) -> None:
    made = onnx_graph.make(trained.folder, notes, tmp_path, most_loss=-1.0)
    [expected], [found] = torch_engine.probabilities(ROWS[:1]), engines.load(tmp_path, "onnx", "fp32").probabilities(ROWS[:1])
    assert made["precision"] == "fp32" and np.abs(found - expected).max() < 1e-5
    assert [path.name for path in tmp_path.iterdir()] == [engines.ONNX_FILE]


def test_twice_the_same_bytes_and_answers(
    light: Exported, trained: Trained, notes: list[dataset.Document], tmp_path: Path
) -> None:
    again = export(trained.folder, version="ner-1", folder=tmp_path / "unpacked", output=tmp_path, engine="onnx", notes=notes)
    assert again.manifest == light.manifest


def test_it_answers_as_the_model_that_was_trained(light: Exported, exported: Exported) -> None:
    def spans(made: Exported) -> list[Any]:
        return [[(e["start"], e["end"], e["label"]) for e in golden["entities"]] for golden in made.manifest["golden"]]

    assert spans(light) == spans(exported)


def test_it_holds_one_graph_and_no_other_weights(light: Exported) -> None:
    names = {path.relative_to(light.folder).as_posix() for path in light.folder.rglob("*") if path.is_file()}
    assert {name for name in names if not name.startswith("code/")} == {
        "model.onnx", "config.json", "tokenizer.json", "tokenizer_config.json", "chartloop.json",
    }  # fmt: skip


def test_it_is_served_without_torch(light: Exported) -> None:
    code = "import sys; sys.modules.update(torch=None, transformers=None); import inference; inference.main(sys.argv[1])"
    done = subprocess.run(
        [sys.executable, "-c", code, str(light.folder)], cwd=light.folder / "code", input='{"texts": ["takes aspirin"]}\n',
        capture_output=True, text=True, check=True, env={**os.environ, "PYTHONPATH": ""},
    )  # fmt: skip
    assert json.loads(done.stdout)["model_version"] == "ner-1"


def test_its_code_is_the_same_as_that_for_other_engines(light: Exported, exported: Exported) -> None:
    def code(made: Exported) -> dict[str, bytes]:
        return {str(path.relative_to(made.folder)): path.read_bytes() for path in (made.folder / "code").rglob("*.py")}

    assert code(light) == code(exported) and "onnxruntime" in ALLOWED


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
