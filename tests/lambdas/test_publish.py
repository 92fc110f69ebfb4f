"""Function `publish`: what lies in a real folder after a promotion, a second one, and an undone one."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from pathlib import Path

import numpy as np
import pytest

from adapters.efs import EfsModelFolder
from chartloop import keys, vectors
from chartloop.errors import JobFailed
from lambdas import publish
from tests.chartloop.test_promotion import held, served
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
    for file in ("vectors.npy", "ids.json", "manifest.json"):
        world.stores["objects"].put(keys.embeddings(TASK, world.run(run_id)["snapshot"]) + file, b"{}")
    return world, run_id


def crowned(world: FakeWorld, run_id: str) -> str:
    """Makes the run's model the champion, as the swap does; its sha256."""
    owner, sha256 = world.owner(), str(world.model(run_id)["sha256"])
    champion = {**owner["champion"], "version": run_id, "sha256": sha256, "run_id": run_id}
    world.stores["ledger"].save(owner | {"champion": champion})
    return sha256


def test_a_copy_is_the_unpacked_artifact_with_its_embeddings(tmp_path: Path) -> None:
    world, run_id = ready(tmp_path)
    event = {"step": "copy", "task": TASK, "run_id": run_id}
    for _ in range(2):
        assert publish.handle(event, world) == {"status": "done"}
    assert (tmp_path / "models" / TASK / run_id / "config.json").read_text() == "{}"
    found = {path.name for path in (tmp_path / "embeddings" / TASK / run_id).iterdir()}
    assert found == {"vectors.npy", "ids.json", "manifest.json"}
    assert not (tmp_path / "models" / TASK / "champion.json").exists()


def test_embeddings_of_several_machines_become_one(tmp_path: Path) -> None:
    world, run_id = ready(tmp_path / "efs")
    prefix = keys.embeddings(TASK, world.run(run_id)["snapshot"])
    objects = world.stores["objects"]
    for name in vectors.names():
        del objects.stored[prefix + name]
    for part, order in ((1, ["b"]), (2, ["a", "c"])):
        values = np.full((len(order), 2), part, np.float32)
        vectors.write(tmp_path / "parts", order, values, {"reused": 1}, f"-{part}-of-2")
    for path in (tmp_path / "parts").iterdir():
        objects.put(prefix + path.name, path.read_bytes())
    publish.handle({"step": "copy", "task": TASK, "run_id": run_id}, world)
    folder = tmp_path / "efs" / "embeddings" / TASK / run_id
    assert json.loads((folder / "ids.json").read_text()) == {"a": 0, "b": 1, "c": 2}
    assert np.load(folder / "vectors.npy").tolist() == [[2, 2], [1, 1], [2, 2]]


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
