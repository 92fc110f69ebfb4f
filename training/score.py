"""The score job: exports the candidate, then scores it and the champion, each as it is served, on the same holdout."""

from __future__ import annotations

import argparse
import json
import os
import tempfile
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from chartloop import firewall, quality, snapshots
from chartloop.items import Clock, stamp, utc_now
from chartloop.scores import ScoreReport
from chartloop.snapshots import StoredRecord
from chartloop.spans import Entity
from training import artifact, dataset, reports, serving
from training.dataset import Document
from training.export import export
from training.forms import FORMS
from training.jobs import Reporting, processing_message
from training.measure import as_annotated, measure
from training.prepare import read_shard


@dataclass(frozen=True)
class Holdout:
    """The records that a run's request names for judging, settled and fresh, and the request itself."""

    request: dict[str, Any]
    records: Sequence[StoredRecord]

    @property
    def hash(self) -> str:
        return reports.holdout_hash(record.sha256 for record in self.records if record.settled)


def read_holdout(request: Path, shards: Path) -> Holdout:
    """Raises JobFailed for a shard that is missing or changed."""
    asked = json.loads((request / "request.json").read_bytes())
    return Holdout(asked, snapshots.select(asked["holdout"], lambda key: read_shard(shards, key)))


@dataclass(frozen=True)
class Artifact:
    """An unpacked artifact, and the hash and size of the archive that it came from."""

    folder: Path
    version: str
    sha256: str
    bytes: int
    labels: tuple[str, ...]
    temperature: float
    engine: Mapping[str, Any] | None


def open_champion(folder: Path, into: Path) -> Artifact:
    """The champion from its `model.tar.gz`."""
    archive = folder / artifact.ARCHIVE
    artifact.unpack(archive, into)
    return _artifact(into, artifact.sha256(archive), archive.stat().st_size)


def export_candidate(arguments: argparse.Namespace, scratch: Path) -> Artifact:
    """The artifact that would be served, made from the training job's `model.tar.gz`; it is left in `model_output`."""
    trained, version = scratch / "trained", arguments.version
    artifact.unpack(arguments.candidate / artifact.ARCHIVE, trained)
    exported = export(
        trained,
        version=version,
        folder=scratch / "candidate",
        output=arguments.model_output,
        engine=arguments.engine,
        notes=dataset.notes(dataset.read(arguments.snapshot)),
        base=arguments.model,
    )
    return _artifact(exported.folder, exported.manifest["sha256"], exported.manifest["bytes"])


def _artifact(folder: Path, sha256: str, size: int) -> Artifact:
    """With what its card says; one that says no temperature has none."""
    card = json.loads((folder / "chartloop.json").read_bytes())
    engine = card.get("engine")
    known = engine if isinstance(engine, dict) else None
    return Artifact(folder, card["version"], sha256, size, tuple(card["labels"]), card.get("temperature", 1.0), known)


def apart(judged: Iterable[Artifact]) -> frozenset[str]:
    """The labels that not all of the artifacts know: these are not compared."""
    known = [set(one.labels) for one in judged]
    return frozenset(set.union(*known) - set.intersection(*known))


def without(labels: Collection[str], entities: Iterable[Entity]) -> list[Entity]:
    return [entity for entity in entities if entity["label"] not in labels]


def report(judged: Artifact, role: str, holdout: Holdout, left_out: Collection[str], now: Clock) -> ScoreReport:
    """Runs the artifact over the whole holdout. `fresh` is None where every record is settled.

    Labels that are `left_out` do not count on the settled part, neither as annotated nor as found.
    """
    documents = [Document(stored.record["text"], stored.record["entities"], stored.group) for stored in holdout.records]
    found = serving.answers(judged.folder, [document.text for document in documents], uncalibrated=True)
    settled, fresh, trusted = [], [], []
    for stored, document, its in zip(holdout.records, documents, found, strict=True):
        if stored.settled:
            common = replace(document, entities=without(left_out, document.entities))
            its = without(left_out, its)
            settled.append(measure(common, its))
            trusted += zip(its, as_annotated(common, its), strict=True)
        else:
            fresh.append(measure(document, its))
    return ScoreReport.model_validate({
        "run_id": holdout.request["run_id"],
        "task": holdout.request["task"],
        "role": role,
        "version": judged.version,
        "sha256": judged.sha256,
        "bytes": judged.bytes,
        "holdout": holdout.hash,
        "labels": judged.labels,
        "settled": reports.part(settled),
        "fresh": reports.part(fresh) if fresh else None,
        "engine": judged.engine,
        "calibration": reports.calibration(trusted, judged.temperature),
        "created_at": stamp(now()),
    })  # fmt: skip


def firewalled(holdout: Holdout, snapshot: Path, now: Clock) -> tuple[Holdout, dict[str, Any]]:
    """(the holdout without what is too near to the training side, the Quality of the run's records)."""
    task, learned = holdout.request["task"], dataset.stored(snapshot)
    held = firewall.leaks(task, learned, holdout.records)
    found = quality.report(task, learned, holdout.records, held)
    kept = [stored for stored in holdout.records if stored.record_id not in held]
    about = {"task": task, "run_id": holdout.request["run_id"], "created_at": stamp(now())}
    return replace(holdout, records=kept), {**about, **found}


def score(arguments: argparse.Namespace, now: Clock = utc_now) -> None:
    """Writes `candidate.json`, `quality.json` and, where there is one, `champion.json`; the artifact goes to `model_output`."""
    holdout, found = firewalled(read_holdout(arguments.request, arguments.holdout), arguments.snapshot, now)
    arguments.output.mkdir(parents=True, exist_ok=True)
    (arguments.output / "quality.json").write_text(json.dumps(found, indent=1, allow_nan=False) + "\n", encoding="utf-8")
    with tempfile.TemporaryDirectory() as scratch:
        place = Path(scratch)
        judged = {"candidate": export_candidate(arguments, place)}
        if arguments.champion:
            judged["champion"] = open_champion(arguments.champion, place / "champion")
        left_out = apart(judged.values())
        for role, one in judged.items():
            body = json.dumps(report(one, role, holdout, left_out, now).to_json(), indent=1, allow_nan=False)
            (arguments.output / f"{role}.json").write_text(body + "\n", encoding="utf-8")


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("--request", "--holdout", "--candidate", "--model", "--snapshot", "--output", "--model-output"):
        parser.add_argument(name, type=Path, required=True)
    parser.add_argument("--champion", type=Path)
    parser.add_argument("--engine", choices=sorted(FORMS), required=True)
    parser.add_argument("--version", required=True)
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> None:
    chosen = parse(arguments)
    with Reporting(processing_message(os.environ)):
        score(chosen)


if __name__ == "__main__":
    main()
