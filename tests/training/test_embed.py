"""The embed job: unit vectors of the base encoder, whole texts, and only what is new computed again."""

from __future__ import annotations

import hashlib
import json
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.training import tiny
from training import dataset, embed


@pytest.fixture(scope="module")
def embedded(snapshot: Path, base: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("embedded")
    done = tiny.job("embed", "--snapshot", snapshot, "--model", base, "--output", folder)
    assert done.returncode == 0, done.stderr
    return folder


def smaller(snapshot: Path, folder: Path, keep: int) -> Path:
    """The first `keep` records of a snapshot, as a snapshot."""
    body = b"".join((snapshot / "train.jsonl").read_bytes().splitlines(keepends=True)[:keep])
    manifest = json.loads((snapshot / "manifest.json").read_text())
    folder.mkdir()
    (folder / "train.jsonl").write_bytes(body)
    (folder / "manifest.json").write_text(json.dumps({**manifest, "sha256": hashlib.sha256(body).hexdigest()}))
    return folder


def test_every_text_has_a_unit_vector(embedded: Path, snapshot: Path) -> None:
    vectors, rows = np.load(embedded / "vectors.npy"), json.loads((embedded / "ids.json").read_text())
    manifest = json.loads((embedded / "manifest.json").read_text())
    assert vectors.dtype == np.float32
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    assert set(rows) == {embed.text_hash(each.text) for each in dataset.read(snapshot).documents}
    assert sorted(rows.values()) == list(range(len(vectors)))
    assert {name: manifest[name] for name in ("count", "dims", "reused", "engine", "precision")} == {
        "count": len(vectors), "dims": 32, "reused": 0, "engine": "torch", "precision": "fp32",
    }  # fmt: skip


def test_a_vector_is_the_mean_over_the_models_states(embedded: Path, snapshot: Path, base: Path) -> None:
    import torch
    from transformers import AutoModel, AutoTokenizer

    text = dataset.read(snapshot).documents[0].text
    with torch.no_grad():
        inputs = AutoTokenizer.from_pretrained(str(base))(text, return_tensors="pt")
        mean = AutoModel.from_pretrained(str(base)).eval()(**inputs).last_hidden_state[0].mean(dim=0).numpy()
    row = json.loads((embedded / "ids.json").read_text())[embed.text_hash(text)]
    assert float(mean @ np.load(embedded / "vectors.npy")[row] / np.linalg.norm(mean)) > 0.9999


def test_known_texts_are_not_computed_again(embedded: Path, snapshot: Path, base: Path, tmp_path: Path) -> None:
    part = tmp_path / "part"
    embed.embed(smaller(snapshot, tmp_path / "small", 30), base, None, part)
    manifest = embed.embed(snapshot, base, part, tmp_path / "again")
    assert (manifest["count"], manifest["reused"]) == (80, 30)
    assert np.allclose(np.load(tmp_path / "again" / "vectors.npy"), np.load(embedded / "vectors.npy"), atol=1e-6)
    assert (tmp_path / "again" / "ids.json").read_bytes() == (embedded / "ids.json").read_bytes()


def test_with_nothing_new_the_model_is_not_loaded(embedded: Path, snapshot: Path, base: Path, tmp_path: Path) -> None:
    code = "import sys; from training import embed; embed.main(sys.argv[1:]); sys.exit('torch' in sys.modules)"
    arguments = ["--snapshot", snapshot, "--model", base, "--previous", embedded, "--output", tmp_path]
    done = tiny.command([sys.executable, "-c", code, *map(str, arguments)])
    assert done.returncode == 0, done.stderr
    assert json.loads((tmp_path / "manifest.json").read_text())["reused"] == 80
    assert (tmp_path / "vectors.npy").read_bytes() == (embedded / "vectors.npy").read_bytes()


def test_vectors_of_another_model_are_not_reused(embedded: Path, snapshot: Path, base: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    shutil.copytree(base, other)
    (other / "config.json").write_text(
        (other / "config.json").read_text().replace('"layer_norm_eps": 1e-12', '"layer_norm_eps": 1e-06')
    )
    assert embed.embed(snapshot, other, embedded, tmp_path / "out")["reused"] == 0


def test_a_long_text_counts_to_its_end(base: Path) -> None:
    from training.jobs import Progress
    from training.pooling import Pooler

    pooler = Pooler.load(base, 64, 16)
    text = "the patient takes aspirin daily . " * 40
    same, changed = pooler.vectors([text, text + "fever " * 80], Progress(2))
    assert float(same @ changed) < 0.999
