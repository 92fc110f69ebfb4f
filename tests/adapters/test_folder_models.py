"""Models read from the model folder: whole or not at all, kept warm, swapped by the pointer, and asked by name before that."""

from __future__ import annotations

import gc
import threading
from pathlib import Path
from typing import Any

import pytest

from adapters.efs import EfsModelFolder
from adapters.folder_models import FolderModels
from chartloop.errors import JobFailed, ModelError, Unavailable
from tests.small_model import artifact_of
from training import artifact, inference

TEXT = "takes aspirin no fever"


class Folder:
    """A model folder with the versions v1, which finds aspirin, and v2, which finds fever."""

    def __init__(self, root: Path) -> None:
        self.root = root / "efs"
        self.models = EfsModelFolder(self.root)
        self.sha256: dict[str, str] = {}
        for version, word in (("v1", "aspirin"), ("v2", "fever")):
            self.add(artifact_of(root, version, word), version)

    def add(self, archive: Path, version: str) -> None:
        self.sha256[version] = artifact.sha256(archive)
        self.models.publish("ner", version, archive, self.sha256[version])

    def point(self, version: str) -> None:
        self.models.point("ner", version, self.sha256[version])

    def config(self, version: str) -> str:
        return f"chartloop-{version}-{self.sha256[version][:8]}"

    def file(self, version: str, name: str) -> Path:
        return self.root / "models" / "ner" / version / name


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


@pytest.fixture
def models(folder: Folder) -> FolderModels:
    return FolderModels(folder.root, "chartloop")


def ask(models: FolderModels, config: str | None = None) -> tuple[str, list[str]]:
    """(version, surfaces)"""
    answer = models.invoke("ner", {"inputs": [TEXT], "min_confidence": 0.0}, config=config)
    return answer["model_version"], [entity["surface"] for entity in answer["predictions"][0]["entities"]]


def test_without_a_pointer_there_is_no_model(models: FolderModels) -> None:
    with pytest.raises(Unavailable) as refused:
        ask(models)
    assert refused.value.code == "no_model" and models.state("ner").status == "Missing"


def test_the_pointer_is_the_switch(folder: Folder, models: FolderModels) -> None:
    folder.point("v1")
    assert ask(models) == ("v1", ["aspirin"])
    folder.point("v2")
    assert ask(models) == ("v2", ["fever"]) and models.state("ner").config == folder.config("v2")
    folder.point("v1")
    assert ask(models) == ("v1", ["aspirin"])


def test_vectors_are_answered_long_after_the_model_was_read(folder: Folder, models: FolderModels) -> None:
    folder.point("v1")
    ask(models)
    answer = models.invoke("ner", {"inputs": ["takes fever", "takes takes"], "min_confidence": 0.0, "vectors": True})
    assert answer["encoder"] == {"hash": "1" * 64, "engine": "onnx", "precision": "fp32"}
    assert [each["vector"] for each in answer["predictions"]] == [[0, 0, 0.7071068, 0.7071068, 0], [0, 0, 0, 1, 0]]


def test_the_copy_of_a_model_goes_with_it(folder: Folder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    before = set(tmp_path.iterdir())
    models = FolderModels(folder.root, "chartloop")
    for version in ("v1", "v2", "v1"):
        folder.point(version)
        ask(models)
        gc.collect()
        assert len(set(tmp_path.iterdir()) - before) == 1


def test_a_version_answers_by_its_name_before_the_pointer_moves(folder: Folder, models: FolderModels) -> None:
    folder.point("v1")
    wanted = folder.config("v2")
    assert (models.state("ner", wanted).status, models.state("ner", wanted).config) == ("InService", wanted)
    assert ask(models, wanted) == ("v2", ["fever"])
    assert ask(models) == ("v1", ["aspirin"]) and models.state("ner").config == folder.config("v1")


def test_a_first_version_answers_where_nothing_is_in_service(folder: Folder, models: FolderModels) -> None:
    assert models.state("ner", folder.config("v1")).status == "InService"
    assert models.state("ner").status == "Missing"


def test_a_model_is_read_once(folder: Folder) -> None:
    reads: list[str] = []

    def load(place: str) -> inference.Served:
        reads.append(place)
        return inference.model_fn(place)

    folder.point("v1")
    models = FolderModels(folder.root, "chartloop", load=load)
    for config in (None, folder.config("v2"), None, folder.config("v2")):
        ask(models, config)
    folder.point("v2")
    ask(models)
    assert len(reads) == 2


def test_while_it_is_read_a_model_is_waking(folder: Folder) -> None:
    gate = threading.Event()

    def load(place: str) -> inference.Served:
        gate.wait()
        return inference.model_fn(place)

    folder.point("v1")
    models = FolderModels(folder.root, "chartloop", wait_seconds=0.001, load=load)
    with pytest.raises(Unavailable) as refused:
        ask(models)
    state = models.state("ner", folder.config("v2"))
    gate.set()
    assert refused.value.code == "waking" and (state.status, state.config) == ("Updating", folder.config("v1"))
    assert ask(FolderModels(folder.root, "chartloop", load=load)) == ("v1", ["aspirin"])


@pytest.mark.parametrize("damage", [b"", b"other"])
def test_what_is_not_what_was_published_is_never_loaded(folder: Folder, models: FolderModels, damage: bytes) -> None:
    folder.point("v1")
    folder.file("v1", "model.onnx").write_bytes(damage)
    with pytest.raises(ModelError) as refused:
        ask(models)
    assert refused.value.details == {"code": "artifact_changed"}
    state = models.state("ner", folder.config("v1"))
    assert state.config == folder.config("v1")  # what the pointer says


def test_a_damaged_candidate_is_told_to_promotion(folder: Folder, models: FolderModels) -> None:
    folder.point("v1")
    folder.file("v2", "model.onnx").write_bytes(b"")
    state = models.state("ner", folder.config("v2"))
    assert (state.status, state.config) == ("Failed", folder.config("v1")) and "sha256" in str(state.failure)
    assert ask(models) == ("v1", ["aspirin"])


def test_what_was_repaired_is_read_anew(folder: Folder, models: FolderModels) -> None:
    folder.point("v1")
    whole = folder.file("v1", "model.onnx").read_bytes()
    folder.file("v1", "model.onnx").write_bytes(b"")
    with pytest.raises(ModelError):
        ask(models)
    folder.file("v1", "model.onnx").write_bytes(whole)
    assert ask(models) == ("v1", ["aspirin"])


@pytest.mark.parametrize(
    ("error", "told"), [(TimeoutError("nfs"), "waking"), (OSError("nfs"), "waking"), (KeyError("canary"), "model_error")]
)
def test_a_reading_that_failed_is_tried_anew(folder: Folder, error: Exception, told: str) -> None:
    failures = [error]

    def load(place: str) -> inference.Served:
        if failures:
            raise failures.pop()
        return inference.model_fn(place)

    folder.point("v1")
    models = FolderModels(folder.root, "chartloop", load=load)
    with pytest.raises((Unavailable, ModelError)) as refused:
        ask(models)
    assert refused.value.code == told and "canary" not in str(refused.value.to_json())
    assert ask(models) == ("v1", ["aspirin"])


def test_a_version_that_is_not_there_is_told(folder: Folder, models: FolderModels) -> None:
    assert models.state("ner", "chartloop-v9-00000000").status == "Failed"


def test_a_model_for_a_container_is_no_model_here(folder: Folder, models: FolderModels, tmp_path: Path) -> None:
    folder.add(artifact_of(tmp_path, "v3", "fever", engine="torch"), "v3")
    folder.point("v3")
    with pytest.raises(Unavailable, match="another way of serving") as refused:
        ask(models)
    assert refused.value.code == "no_model"


def test_an_error_of_the_model_tells_its_kind_alone(folder: Folder, models: FolderModels) -> None:
    folder.point("v1")
    payload: dict[str, Any] = {"inputs": ["canary"], "min_confidence": "canary"}
    with pytest.raises(ModelError) as refused:
        models.invoke("ner", {**payload, "inputs": 7})
    assert refused.value.details == {"type": "InvalidRequest"} and "canary" not in str(refused.value.to_json())


def test_a_copy_holds_the_model_and_no_code(folder: Folder, tmp_path: Path) -> None:
    folder.models.take("ner", "v1", folder.sha256["v1"], tmp_path / "copy")
    copied = {path.relative_to(tmp_path / "copy").as_posix() for path in (tmp_path / "copy").rglob("*") if path.is_file()}
    encoder = {"encoder/encoder.json", "encoder/model.onnx", "encoder/tokenizer.json"}
    assert copied == {"chartloop.json", "model.onnx", "tokenizer.json", *encoder}
    with pytest.raises(JobFailed, match="another artifact"):
        folder.models.take("ner", "v1", folder.sha256["v2"], tmp_path / "copy")
