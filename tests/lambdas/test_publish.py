"""Function `publish`: what lies in a real folder after a run, a promotion, a second one, and an undone one."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from adapters.efs import EfsModelFolder
from chartloop import keys, vectors
from chartloop.errors import JobFailed
from lambdas import publish
from tests.promotions import held, served
from tests.worlds import TASK, FakeWorld


def packed() -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        info = tarfile.TarInfo("config.json")
        info.size = 2
        archive.addfile(info, io.BytesIO(b"{}"))
    return buffer.getvalue()


def ready(folder: Path) -> tuple[FakeWorld, str]:
    """A run that holds the promotion, with a real artifact and a real folder."""
    world = served(7)
    run_id = held(world)
    world.folder = EfsModelFolder(folder)
    body = packed()
    world.stores["objects"].put(keys.model(TASK, run_id, "model.tar.gz"), body)
    world.stores["ledger"].save(world.model(run_id) | {"sha256": hashlib.sha256(body).hexdigest()})
    world.stores["ledger"].save(world.owner() | {"promotion": run_id})
    return world, run_id


def embedded(world: FakeWorld, run_id: str, folder: Path, share: str = "abc", suffix: str = "") -> None:
    """Puts the run's embeddings, or a part of them, into S3; each text's vector is its place in the alphabet."""
    rows = vectors.Rows(
        share, [f"r-{name}" for name in share], [[("icd10cm", name)] for name in share],
        np.array([[ord(name), 1] for name in share], np.float32),
    )  # fmt: skip
    about = {"model_hash": "m", "engine": "openvino", "precision": "bf16", "reused": 1, "descriptions": {}}
    snapshot = world.run(run_id)["snapshot"]
    vectors.write(folder, rows, {**about, "snapshot": snapshot}, suffix)
    for name in vectors.names(suffix):
        world.stores["objects"].put(keys.embeddings(TASK, snapshot) + name, (folder / name).read_bytes())


def published(world: FakeWorld, run_id: str, root: Path) -> dict[str, Any]:
    """What the pointer says after the run's embeddings were published."""
    assert publish.handle({"step": "vectors", "task": TASK, "run_id": run_id}, world) == {"status": "done"}
    pointer: dict[str, Any] = json.loads((root / "embeddings" / TASK / "current.json").read_text())
    return pointer


def crowned(world: FakeWorld, run_id: str) -> str:
    """Makes the run's model the champion, as the swap does; its sha256."""
    owner, sha256 = world.owner(), str(world.model(run_id)["sha256"])
    champion = {**owner["champion"], "version": run_id, "sha256": sha256, "run_id": run_id}
    world.stores["ledger"].save(owner | {"champion": champion})
    return sha256


def test_a_copy_is_the_unpacked_artifact(tmp_path: Path) -> None:
    world, run_id = ready(tmp_path)
    event = {"step": "copy", "task": TASK, "run_id": run_id}
    for _ in range(2):
        assert publish.handle(event, world) == {"status": "done"}
    assert (tmp_path / "models" / TASK / run_id / "config.json").read_text() == "{}"
    assert not (tmp_path / "models" / TASK / "champion.json").exists()


def test_embeddings_lie_whole_where_the_pointer_says(tmp_path: Path) -> None:
    world, run_id = ready(tmp_path / "efs")
    embedded(world, run_id, tmp_path / "made")
    for _ in range(2):
        assert published(world, run_id, tmp_path / "efs") == {
            "folder": run_id, "before": None, "model_hash": "m", "engine": "openvino", "precision": "bf16",
            "snapshot": world.run(run_id)["snapshot"],
        }  # fmt: skip
    folder = tmp_path / "efs" / "embeddings" / TASK / run_id
    assert {path.name for path in folder.iterdir()} == set(vectors.names())
    assert vectors.read(folder)[0].record_ids == ["r-a", "r-b", "r-c"]


def test_embeddings_of_several_machines_become_one(tmp_path: Path) -> None:
    world, run_id = ready(tmp_path / "efs")
    for part, share in ((1, "b"), (2, "ac")):
        embedded(world, run_id, tmp_path / "parts", share, f"-{part}-of-2")
    published(world, run_id, tmp_path / "efs")
    rows, manifest = vectors.read(tmp_path / "efs" / "embeddings" / TASK / run_id)
    assert (rows.hashes, rows.codes) == (["a", "b", "c"], [[("icd10cm", name)] for name in "abc"])
    assert rows.values[:, 0].tolist() == [ord(name) for name in "abc"]
    assert manifest["reused"] == 2


def test_the_embeddings_before_are_kept_and_older_ones_go(tmp_path: Path) -> None:
    world, run_id = ready(tmp_path / "efs")
    folder = tmp_path / "efs" / "embeddings" / TASK
    for name in ("left", "older", "last"):
        world.folder.publish_embeddings(TASK, name, {})
    (folder / "current.json").write_text(json.dumps({"folder": "last", "before": "older"}))
    embedded(world, run_id, tmp_path / "made")
    for _ in range(2):
        assert published(world, run_id, tmp_path / "efs")["before"] == "last"
        assert world.folder.embeddings(TASK) == sorted(["last", run_id])


def test_embeddings_that_were_published_before_a_crash_are_only_pointed_at(tmp_path: Path) -> None:
    world, run_id = ready(tmp_path / "efs")
    embedded(world, run_id, tmp_path / "made")
    world.folder.publish_embeddings(TASK, run_id, {name: tmp_path / "made" / name for name in vectors.names()})
    world.stores["objects"].stored.clear()
    assert published(world, run_id, tmp_path / "efs")["folder"] == run_id


def test_an_undone_promotion_takes_no_embeddings_back(tmp_path: Path) -> None:
    world, run_id = ready(tmp_path / "efs")
    embedded(world, run_id, tmp_path / "made")
    published(world, run_id, tmp_path / "efs")
    for step in ("copy", "remove"):
        publish.handle({"step": step, "task": TASK, "run_id": run_id}, world)
    assert world.folder.versions(TASK) == [] and world.folder.embeddings(TASK) == [run_id]


def test_an_artifact_that_changed_is_not_copied(tmp_path: Path) -> None:
    world, run_id = ready(tmp_path)
    world.stores["objects"].put(keys.model(TASK, run_id, "model.tar.gz"), packed() + b"x")
    with pytest.raises(JobFailed):
        publish.handle({"step": "copy", "task": TASK, "run_id": run_id}, world)
    assert world.folder.versions(TASK) == []


def test_the_pointer_names_the_champion_whoever_asks(tmp_path: Path) -> None:
    world, run_id = ready(tmp_path)
    publish.handle({"step": "copy", "task": TASK, "run_id": run_id}, world)
    sha256 = crowned(world, run_id)
    publish.handle({"step": "point", "task": TASK, "run_id": "ner-late"}, world)
    pointer = json.loads((tmp_path / "models" / TASK / "champion.json").read_text())
    assert pointer == {"version": run_id, "sha256": sha256}


def test_a_pointer_never_names_a_folder_that_is_not_there(tmp_path: Path) -> None:
    world, run_id = ready(tmp_path)
    crowned(world, run_id)
    publish.handle({"step": "point", "task": TASK, "run_id": run_id}, world)
    assert world.folder.versions(TASK) == [run_id]


def test_an_undone_candidate_leaves_the_folder(tmp_path: Path) -> None:
    world, run_id = ready(tmp_path)
    for step in ("copy", "remove", "remove"):
        publish.handle({"step": step, "task": TASK, "run_id": run_id}, world)
    assert world.folder.versions(TASK) == []
