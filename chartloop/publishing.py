"""The promotion's steps at the model folder (EFS): copy a version there, point at the champion, remove what came to nothing."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

from chartloop import keys, vectors
from chartloop.errors import Conflict
from chartloop.items import model_key, require, run_key, task_item
from chartloop.models import ARTIFACT
from chartloop.seams import Item, Ledger, ModelFolder, Objects


def copy(task: str, run_id: str, *, ledger: Ledger, objects: Objects, folder: ModelFolder) -> None:
    """Publishes the candidate and its embeddings in the folder, after its sha256 matched the one that was judged."""
    run, owner = require(ledger, run_key(task, run_id), "run"), task_item(ledger, task)
    if owner["promotion"] != run_id:
        raise Conflict("this run does not hold the promotion", details={"run_id": run_id})
    _publish(task, run["model"], ledger=ledger, objects=objects, folder=folder)


def point(task: str, run_id: str, *, ledger: Ledger, objects: Objects, folder: ModelFolder) -> None:
    """Points at the champion of the ledger, whichever run asks; keeps it and the one before, and removes older versions."""
    owner = task_item(ledger, task)
    champion = owner["champion"]
    if champion["version"] not in folder.versions(task):
        _publish(task, champion["version"], ledger=ledger, objects=objects, folder=folder)
    folder.point(task, champion["version"], champion["sha256"])
    if owner["promotion"] == run_id:
        for version in set(folder.versions(task)) - _kept(owner):
            folder.remove(task, version)


def remove(task: str, run_id: str, *, ledger: Ledger, folder: ModelFolder) -> None:
    """Removes the candidate of an undone promotion, unless it is or just was in service, or another run is promoting it."""
    run, owner = require(ledger, run_key(task, run_id), "run"), task_item(ledger, task)
    if owner["promotion"] in (None, run_id) and run["model"] not in _kept(owner):
        folder.remove(task, run["model"])


def _kept(owner: Item) -> set[str]:
    return {champion["version"] for champion in (owner["champion"], owner["previous_champion"]) if champion}


def _publish(task: str, version: str, *, ledger: Ledger, objects: Objects, folder: ModelFolder) -> None:
    model = require(ledger, model_key(task, version), "version")
    with TemporaryDirectory() as scratch:
        archive = Path(scratch) / ARTIFACT
        objects.download(keys.model(task, version, ARTIFACT), archive)
        folder.publish(task, version, archive, model["sha256"])
        archive.unlink()  # the scratch space holds one of the two
        suffixes = vectors.stored(objects, task, model["snapshot"])
        for name in (name for suffix in suffixes for name in vectors.names(suffix)):
            objects.download(keys.embeddings(task, model["snapshot"]) + name, Path(scratch) / name)
        if len(suffixes) > 1:
            vectors.merge(Path(scratch), suffixes)
        if suffixes:
            folder.publish_embeddings(task, version, {name: Path(scratch) / name for name in vectors.names()})
