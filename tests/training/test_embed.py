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

OPENVINO = "openvino"


@pytest.fixture(scope="module")
def embedded(snapshot: Path, base: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("embedded")
    done = tiny.job("embed", "--snapshot", snapshot, "--model", base, "--output", folder, "--engine", "torch")
    assert done.returncode == 0, done.stderr
    return folder


def smaller(snapshot: Path, folder: Path, keep: int) -> Path:
    """The first `keep` records of a snapshot, as a snapshot."""
    return rewritten(snapshot, folder, b"".join((snapshot / "train.jsonl").read_bytes().splitlines(keepends=True)[:keep]))


def rewritten(snapshot: Path, folder: Path, body: bytes) -> Path:
    """A snapshot with other records."""
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
    assert set(rows) == {embed.text_hash(each.text) for each in dataset.documents(dataset.read(snapshot))}
    assert sorted(rows.values()) == list(range(len(vectors)))
    assert {name: manifest[name] for name in ("count", "dims", "reused", "engine", "precision")} == {
        "count": len(vectors), "dims": 32, "reused": 0, "engine": "openvino", "precision": "bf16",
    }  # fmt: skip


def test_rows_name_their_records_and_codes(embedded: Path, snapshot: Path) -> None:
    rows = json.loads((embedded / "ids.json").read_text())
    record_ids, codes = (json.loads((embedded / name).read_text()) for name in ("record_ids.json", "codes.json"))
    pairs = np.load(embedded / "codes.npy").tolist()
    documents = dataset.documents(dataset.read(snapshot))
    for each in documents:
        row = rows[embed.text_hash(each.text)]
        assert record_ids[row] == each.record_id
        carried = [codes[number] for place, number in pairs if place == row]
        assert carried == sorted(each.codes, key=lambda code: (code["system"], code["code"]))
    assert 0 < len(pairs) == sum(len(each.codes) for each in documents)


def test_a_record_whose_codes_changed_costs_no_encoding(snapshot: Path, base: Path, embedded: Path, tmp_path: Path) -> None:
    changed = (snapshot / "train.jsonl").read_bytes().replace(b'"code":"I10"', b'"code":"I11.9"')
    other = rewritten(snapshot, tmp_path / "other", changed)
    assert embed.embed(other, base, embedded, tmp_path / "out", engine=OPENVINO)["reused"] == 80
    codes = json.loads((tmp_path / "out" / "codes.json").read_text())
    assert "I11.9" in [each["code"] for each in codes] and "I10" not in [each["code"] for each in codes]
    assert (tmp_path / "out" / "vectors.npy").read_bytes() == (embedded / "vectors.npy").read_bytes()


def test_a_vector_is_the_mean_over_the_models_states(embedded: Path, snapshot: Path, base: Path) -> None:
    import torch
    from transformers import AutoModel, AutoTokenizer

    text = dataset.documents(dataset.read(snapshot))[0].text
    with torch.no_grad():
        inputs = AutoTokenizer.from_pretrained(str(base))(text, return_tensors="pt")
        mean = AutoModel.from_pretrained(str(base)).eval()(**inputs).last_hidden_state[0].mean(dim=0).numpy()
    row = json.loads((embedded / "ids.json").read_text())[embed.text_hash(text)]
    assert float(mean @ np.load(embedded / "vectors.npy")[row] / np.linalg.norm(mean)) > 0.9999


def test_known_texts_are_not_computed_again(embedded: Path, snapshot: Path, base: Path, tmp_path: Path) -> None:
    part = tmp_path / "part"
    embed.embed(smaller(snapshot, tmp_path / "small", 30), base, None, part, engine=OPENVINO)
    manifest = embed.embed(snapshot, base, part, tmp_path / "again", engine=OPENVINO)
    assert (manifest["count"], manifest["reused"]) == (80, 30)
    assert np.allclose(np.load(tmp_path / "again" / "vectors.npy"), np.load(embedded / "vectors.npy"), atol=1e-6)
    assert (tmp_path / "again" / "ids.json").read_bytes() == (embedded / "ids.json").read_bytes()


def test_with_nothing_new_the_model_is_not_loaded(embedded: Path, snapshot: Path, base: Path, tmp_path: Path) -> None:
    code = (
        "import sys; from training import embed; embed.main(sys.argv[1:]);"
        "sys.exit(not {'torch', 'openvino', 'tokenizers'}.isdisjoint(sys.modules))"
    )
    arguments = ["--snapshot", snapshot, "--model", base, "--previous", embedded, "--output", tmp_path, "--engine", "openvino"]
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
    assert embed.embed(snapshot, other, embedded, tmp_path / "out", engine=OPENVINO)["reused"] == 0


def staged(folder: Path, *descriptions: str) -> Path:
    """A folder with the table of one code system, and something else."""
    folder.mkdir(exist_ok=True)
    lines = [json.dumps({"code": f"X{place}", "description": text}) for place, text in enumerate(descriptions)]
    (folder / "icd10cm.jsonl").write_text("\n".join(lines) + "\n")
    (folder / "request.json").write_text("{}")
    return folder


def test_descriptions_have_vectors_in_the_tables_order(embedded: Path, snapshot: Path, base: Path, tmp_path: Path) -> None:
    text = dataset.documents(dataset.read(snapshot))[0].text
    codes = staged(tmp_path / "codes", "chest pain", text, "chest pain", "fever since monday")
    manifest = embed.embed(snapshot, base, embedded, tmp_path / "out", engine=OPENVINO, codes=codes)
    assert (manifest["descriptions"], manifest["reused"]) == ({"icd10cm": 4}, 80)
    values = np.load(tmp_path / "out" / "descriptions" / "icd10cm.npy")
    row = json.loads((embedded / "ids.json").read_text())[embed.text_hash(text)]
    assert values.shape == (4, 32) and (values[1] == np.load(embedded / "vectors.npy")[row]).all()
    assert (values[0] == values[2]).all() and not np.allclose(values[0], values[3])
    assert (tmp_path / "out" / "descriptions" / "icd10cm.jsonl").read_bytes() == (codes / "icd10cm.jsonl").read_bytes()


def test_descriptions_that_are_known_are_not_computed_again(
    embedded: Path, snapshot: Path, base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    codes = staged(tmp_path / "codes", "chest pain", "fever")
    embed.embed(snapshot, base, embedded, tmp_path / "first", engine=OPENVINO, codes=codes)
    asked: list[str] = []
    encode = embed._encode
    monkeypatch.setattr(embed, "_encode", lambda *given: asked.extend(given[-1]) or encode(*given))
    table = staged(codes, "fever", "cough", "chest pain")
    embed.embed(snapshot, base, tmp_path / "first", tmp_path / "out", engine=OPENVINO, codes=table)
    assert asked == ["cough"]
    first, again = (np.load(tmp_path / name / "descriptions" / "icd10cm.npy") for name in ("first", "out"))
    assert (again[[2, 0]] == first).all()


@pytest.mark.parametrize("changed", [{"engine": "onnx"}, {"precision": "fp32"}])
def test_vectors_of_another_engine_or_precision_are_not_mixed_in(
    embedded: Path, snapshot: Path, base: Path, tmp_path: Path, changed: dict[str, str]
) -> None:
    earlier = shutil.copytree(embedded, tmp_path / "earlier")
    manifest = json.loads((earlier / "manifest.json").read_text())
    (earlier / "manifest.json").write_text(json.dumps({**manifest, **changed}))
    assert embed.embed(snapshot, base, earlier, tmp_path / "out", engine=OPENVINO)["reused"] == 0
