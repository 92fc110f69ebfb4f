"""The forms of a model: an artifact with a graph needs no torch, and has int8 only where that costs little."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.training.tiny import Trained
from training import dataset, engines, forms, quality
from training.export import Exported, export

ROWS = [[2, 9, 11, 30, 7, 3], [2, 40, 3], [2, *range(5, 35), 3]]
GRAPHS = {"onnx": {"model.onnx"}, "openvino": {"model.xml", "model.bin"}}


@pytest.fixture(scope="module")
def notes(snapshot: Path) -> dataset.Notes:
    return dataset.notes(dataset.documents(dataset.read(snapshot)), 20)


@pytest.fixture(scope="module", params=["onnx", "openvino"])
def light(request: pytest.FixtureRequest, trained: Trained, snapshot: Path, tmp_path_factory: pytest.TempPathFactory) -> Exported:
    """The artifact with a graph in place of weights."""
    folder = tmp_path_factory.mktemp("light")
    return export(
        trained.folder, version="ner-1", folder=folder / "unpacked", output=folder, engine=request.param, snapshot=snapshot
    )


def name_of(made: Exported) -> str:
    return str(made.manifest["engine"]["name"])


@pytest.fixture(scope="module")
def torch_engine(trained: Trained) -> engines.Engine:
    return engines.load(trained.folder, "torch", "fp32")


def test_int8_stays_near_the_model(light: Exported, torch_engine: engines.Engine) -> None:
    assert light.manifest["engine"]["precision"] == "int8"
    small = engines.load(light.folder, name_of(light), "int8")
    for row in ROWS:
        [expected], [found] = torch_engine.probabilities([row]), small.probabilities([row])
        assert np.abs(found - expected).mean() < 0.05


def test_a_row_of_int8_does_not_depend_on_its_neighbours(light: Exported) -> None:
    small = engines.load(light.folder, name_of(light), "int8")
    together = small.probabilities(ROWS)
    assert all((small.probabilities([row])[0] == found).all() for row, found in zip(ROWS, together, strict=True))


def test_card_and_manifest_say_what_int8_cost(light: Exported, notes: dataset.Notes) -> None:
    engine = light.manifest["engine"]
    assert json.loads((light.folder / "chartloop.json").read_text())["engine"] == engine
    assert engine["quality"]["notes"] == len(notes.compared) > 0
    assert engine["quality"]["f1_fp32"] - engine["quality"]["f1_int8"] <= quality.MOST_LOSS


def test_twice_the_same_bytes_and_answers(light: Exported, trained: Trained, snapshot: Path, tmp_path: Path) -> None:
    again = export(
        trained.folder, version="ner-1", folder=tmp_path / "unpacked", output=tmp_path, engine=name_of(light), snapshot=snapshot
    )
    assert again.manifest == light.manifest


def test_it_answers_as_the_model_that_was_trained(
    light: Exported, trained: Trained, torch_engine: engines.Engine, notes: dataset.Notes
) -> None:
    texts = [note.text for note in notes.compared]
    small = engines.load(light.folder, name_of(light), "int8")
    ours, theirs = (quality.tagger(trained.folder, engine).find(texts) for engine in (small, torch_engine))
    assert [[(e.start, e.end, e.label) for e in its] for its in ours] == [
        [(e.start, e.end, e.label) for e in its] for its in theirs
    ]


def test_it_holds_one_graph_and_no_other_weights(light: Exported) -> None:
    names = {path.relative_to(light.folder).as_posix() for path in light.folder.rglob("*") if path.is_file()}
    assert {name for name in names if not name.startswith("code/")} == {
        *GRAPHS[name_of(light)], "config.json", "tokenizer.json", "tokenizer_config.json", "chartloop.json",
    }  # fmt: skip


def test_it_is_served_without_torch(light: Exported) -> None:
    code = "import sys; sys.modules.update(torch=None, transformers=None); import inference; inference.main(sys.argv[1])"
    done = subprocess.run(
        [sys.executable, "-c", code, str(light.folder)], cwd=light.folder / "code", input='{"inputs": ["takes aspirin"]}\n',
        capture_output=True, text=True, check=True, env={**os.environ, "PYTHONPATH": ""},
    )  # fmt: skip
    assert json.loads(done.stdout)["model_version"] == "ner-1"


def test_its_code_is_the_same_as_that_for_other_engines(light: Exported, exported: Exported) -> None:
    def code(made: Exported) -> dict[str, bytes]:
        return {str(path.relative_to(made.folder)): path.read_bytes() for path in (made.folder / "code").rglob("*.py")}

    assert code(light) == code(exported)


@pytest.mark.parametrize(("name", "precision"), [("onnx", "fp32"), ("openvino", "bf16"), ("torch", "bf16")])
def test_where_int8_loses_too_much_the_next_precision_is_served(
    trained: Trained, notes: dataset.Notes, name: str, precision: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    worth = {"int8": 0.8, "bf16": 0.896, "fp32": 0.9}
    asked = iter([each for each in ("fp32", *forms.PRECISIONS[name]) if each != "int8" or name != "torch"])
    monkeypatch.setattr(quality, "strict_f1", lambda tagger, notes: worth[next(asked)])
    made = forms.make(name, trained.folder, quality.tagging(notes), tmp_path)
    assert made["precision"] == precision and made["quality"]["f1_fp32"] == 0.9
    [found] = engines.load(tmp_path, name, precision).probabilities(ROWS[:1])
    [expected] = engines.load(trained.folder, "torch", "fp32").probabilities(ROWS[:1])
    assert np.abs(found - expected).max() < 0.05


def test_without_notes_nothing_is_risked(trained: Trained, tmp_path: Path) -> None:
    assert forms.make("openvino", trained.folder, quality.tagging(dataset.Notes()), tmp_path) == {
        "name": "openvino",
        "precision": "fp32",
    }
