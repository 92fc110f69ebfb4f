"""The base encoder as it is served: the same bytes wherever it is made, and vectors that are the model's own."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.training import tiny
from training import encoding, pooling
from training.pooling import Pooler

TEXTS = ["the patient takes aspirin daily .", "fever", "", "denies chest pain since monday . " * 30]


@pytest.fixture(scope="module", params=["openvino", "onnx"])
def made(request: pytest.FixtureRequest, base: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp(request.param) / "encoder"
    encoding.make(base, request.param, folder)
    return folder


def test_its_card_says_what_it_is_known_by(made: Path, base: Path) -> None:
    card = json.loads((made / pooling.CARD).read_text())
    known = encoding.key(base, card["engine"])
    assert pooling.key(made) == {"hash": known["model_hash"], "engine": known["engine"], "precision": known["precision"]}
    assert (card["window"], card["overlap"]) == (64, 32)  # the tiny model reads no longer window


def test_made_again_it_is_the_same_to_the_byte(made: Path, base: Path, tmp_path: Path) -> None:
    encoding.make(base, pooling.key(made)["engine"], tmp_path / "encoder")
    assert {path.name: path.read_bytes() for path in made.iterdir()} == {
        path.name: path.read_bytes() for path in (tmp_path / "encoder").iterdir()
    }


def test_a_vector_is_the_mean_over_the_models_states(made: Path, base: Path) -> None:
    import torch
    from transformers import AutoModel, AutoTokenizer

    with torch.no_grad():
        inputs = AutoTokenizer.from_pretrained(str(base))(TEXTS[0], return_tensors="pt")
        mean = AutoModel.from_pretrained(str(base)).eval()(**inputs).last_hidden_state[0].mean(dim=0).numpy()
    [found] = Pooler.load(made).vectors(TEXTS[:1])
    assert found.dtype == np.float32 and float(mean @ found / np.linalg.norm(mean)) > 0.9999


def test_a_texts_vector_does_not_depend_on_its_neighbours(made: Path) -> None:
    pooler = Pooler.load(made)
    together = pooler.vectors(TEXTS)
    assert np.allclose(np.linalg.norm(together, axis=1), 1, atol=1e-5)
    for text, row in zip(TEXTS, together, strict=True):
        assert float(pooler.vectors([text])[0] @ row) > 0.9999


def test_a_long_text_counts_to_its_end(made: Path) -> None:
    text = "the patient takes aspirin daily . " * 40
    same, changed = Pooler.load(made).vectors([text, text + "fever " * 80])
    assert float(same @ changed) < 0.999


def test_it_is_read_without_torch(made: Path, tmp_path: Path) -> None:
    shutil.copytree(made, tmp_path / "encoder")
    code = (
        "import sys; from pathlib import Path; from training.pooling import Pooler;"
        "Pooler.load(Path(sys.argv[1])).vectors(['fever']); sys.exit(not {'torch', 'transformers'}.isdisjoint(sys.modules))"
    )
    done = tiny.command([sys.executable, "-c", code, str(tmp_path / "encoder")])
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(("serving", "engine"), [("openvino", "openvino"), ("onnx", "onnx"), ("torch", "openvino")])
def test_vectors_are_never_made_on_a_gpu(serving: str, engine: str) -> None:
    assert encoding.engine_of(serving) == engine
