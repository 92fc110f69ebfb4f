"""The exported artifact: deterministic, self-contained, and with golden requests that it answers as recorded."""

from __future__ import annotations

import ast
import hashlib
import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.training.tiny import Trained
from training import golden
from training.export import Exported, export

ALLOWED = {
    *sys.stdlib_module_names, "chartloop", "training", "numpy", "onnxruntime", "openvino", "tokenizers", "torch", "transformers",
}  # fmt: skip


def test_twice_the_same_bytes_and_answers(exported: Exported, trained: Trained, tmp_path: Path) -> None:
    again = export(trained.folder, version="ner-1", folder=tmp_path / "unpacked", output=tmp_path, engine="torch")
    assert again.manifest == exported.manifest


def test_the_manifest_describes_the_archive(exported: Exported) -> None:
    archive = exported.folder.parent / "model.tar.gz"
    manifest = json.loads((archive.parent / "manifest.json").read_text())
    assert manifest["sha256"] == hashlib.sha256(archive.read_bytes()).hexdigest()
    assert manifest["bytes"] == archive.stat().st_size
    assert (manifest["version"], manifest["labels"]) == ("ner-1", ["drug", "sign"])
    about = json.loads((exported.folder / "chartloop.json").read_text())
    assert about["engine"] == manifest["engine"] == {"name": "torch", "precision": "fp32"} and about["version"] == "ner-1"


def test_golden_requests_are_answered_in_order(exported: Exported) -> None:
    assert [request["input"] for request in exported.manifest["golden"]] == list(golden.TEXTS)


def test_its_code_imports_only_what_the_container_has(exported: Exported) -> None:
    for path in (exported.folder / "code").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            assert {name.split(".")[0] for name in names} <= ALLOWED, path.name


def test_it_runs_its_own_copy_of_the_code(exported: Exported) -> None:
    code = "import inference, training.tagger as t, chartloop.spans as s; print(s.__file__, inference.__file__, t.__file__)"
    done = subprocess.run([sys.executable, "-c", code], cwd=exported.folder / "code", capture_output=True, text=True, check=True)
    assert all(name.startswith(str(exported.folder)) for name in done.stdout.split())


def test_there_is_no_pickle_in_it(exported: Exported) -> None:
    suffixes = {path.suffix for path in exported.folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts}
    assert suffixes <= {".safetensors", ".json", ".py"}


@pytest.mark.parametrize("text", golden.TEXTS)
def test_surfaces_stand_at_their_offsets(exported: Exported, text: str) -> None:
    [asked] = [request for request in exported.manifest["golden"] if request["input"] == text]
    assert all(text[entity["start"] : entity["end"]] == entity["surface"] for entity in asked["answer"]["entities"])
