"""A run's steps at the model folder (EFS): its embeddings, and of a promotion the copy, the pointer and the way back."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

from chartloop import keys, tasks, vectors
from chartloop.errors import Conflict
from chartloop.items import model_key, require, run_key, task_item
from chartloop.models import ARTIFACT
from chartloop.seams import Item, Ledger, ModelFolder, Objects


def embeddings(task: str, run_id: str, *, ledger: Ledger, objects: Objects, folder: ModelFolder) -> None:
    """Publishes the run's embeddings under its id, whatever its verdict will be, and points at them; does nothing where the
    task keeps none.
    """
    if not tasks.find(task).embeds:
        return
    run = require(ledger, run_key(task, run_id), "run")
    if run_id not in folder.embeddings(task):
        with TemporaryDirectory() as scratch:
            names = vectors.fetch(objects, task, run["snapshot"], Path(scratch))
            folder.publish_embeddings(task, run_id, {name: Path(scratch) / name for name in names})
    folder.point_embeddings(task, run_id)


def copy(task: str, run_id: str, *, ledger: Ledger, objects: Objects, folder: ModelFolder) -> None:
    """Publishes the candidate in the folder, after its sha256 matched the one that was judged."""
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
