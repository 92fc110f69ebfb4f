"""The score job: exports the candidate, then scores it and the champion, each as it is served, on the same holdout."""

from __future__ import annotations

import argparse
import json
import os
import tempfile
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from chartloop import alarms, firewall, quality, snapshots, tasks
from chartloop.extras import Extras, Flips
from chartloop.items import Clock, stamp, utc_now
from chartloop.scores import ScoreReport, Service
from chartloop.snapshots import StoredRecord
from training import artifact, dataset, flipped, kinds, reports, service
from training.export import export
from training.forms import FORMS
from training.jobs import Reporting, processing_message
from training.kinds import Answered, Judged
from training.prepare import read_shard


@dataclass(frozen=True)
class Holdout:
    """The records that a run's request names for judging, settled and fresh, and the request itself."""

    request: dict[str, Any]
    records: Sequence[StoredRecord]
    gold: Sequence[StoredRecord] = ()

    @property
    def hash(self) -> str:
        return reports.holdout_hash(record.sha256 for record in self.records if record.settled)


def read_holdout(request: Path, shards: Path) -> Holdout:
    """Raises JobFailed for a shard that is missing or changed."""
    asked = json.loads((request / "request.json").read_bytes())
    gold = snapshots.select(asked.get("gold", ()), lambda key: read_shard(shards / "gold", key))
    return Holdout(asked, snapshots.select(asked["holdout"], lambda key: read_shard(shards, key)), gold)


def open_champion(arguments: argparse.Namespace, into: Path) -> Judged:
    """The champion from its `model.tar.gz`."""
    archive = arguments.champion / artifact.ARCHIVE
    artifact.unpack(archive, into)
    return _judged("champion", into, artifact.sha256(archive), archive.stat().st_size, arguments)


def export_candidate(arguments: argparse.Namespace, scratch: Path) -> Judged:
    """The artifact that would be served, made from the training job's `model.tar.gz`; it is left in `model_output`."""
    trained, version = scratch / "trained", arguments.version
    artifact.unpack(arguments.candidate / artifact.ARCHIVE, trained)
    exported = export(
        trained,
        version=version,
        folder=scratch / "candidate",
        output=arguments.model_output,
        engine=arguments.engine,
        snapshot=arguments.snapshot,
        base=arguments.model,
    )
    return _judged("candidate", exported.folder, exported.manifest["sha256"], exported.manifest["bytes"], arguments)


def _judged(role: str, folder: Path, sha256: str, size: int, arguments: argparse.Namespace) -> Judged:
    card = json.loads((folder / "chartloop.json").read_bytes())
    base = arguments.model if tasks.find(card["task"]).base else None  # else that folder holds nothing that is meant
    return Judged(role, folder, sha256, size, card, arguments.snapshot, base)


def apart(judged: Iterable[Judged]) -> frozenset[str]:
    """The labels that not all of the artifacts know: these are not compared."""
    known = [set(one.labels) for one in judged]
    return frozenset(set.union(*known) - set.intersection(*known))


@dataclass(frozen=True)
class Told:
    """What an artifact answered to the holdout."""

    judged: Judged
    settled: Sequence[Answered]
    fresh: Sequence[Answered]
    gold: Sequence[Answered] = ()
    service: Service | None = None
    """Of the candidate, of whose golden requests we have the manifest."""


def ask(judged: Judged, holdout: Holdout, made: Path | None = None) -> Told:
    """Runs the artifact over the whole holdout, and over the gold set where there is one.

    `made` is the folder of the candidate's manifest, for what it is as a service.
    """
    kind = kinds.of(tasks.find(holdout.request["task"]))
    answered = list(zip(holdout.records, kind.ask(judged, holdout.records), strict=True))
    gold = list(zip(holdout.gold, kind.ask(judged, holdout.gold), strict=True)) if holdout.gold else []
    settled, fresh = ([each for each in answered if each[0].settled is side] for side in (True, False))
    return Told(judged, settled, fresh, gold, as_served(judged, holdout, made) if made else None)


def as_served(candidate: Judged, holdout: Holdout, made: Path) -> Service:
    """Asks its golden requests, and inputs of the holdout for their time."""
    task, manifest = tasks.find(holdout.request["task"]), json.loads((made / "manifest.json").read_bytes())
    inputs = [stored.record[task.asked.one] for stored in holdout.records[: service.REQUESTS]]
    return service.measure(candidate.folder, task, manifest["golden"], inputs)


def report(told: Told, holdout: Holdout, left_out: Collection[str], flips: Flips | None, now: Clock) -> ScoreReport:
    """`fresh` is None where every record is settled; `flips` are counted for the candidate."""
    judged, kind = told.judged, kinds.of(tasks.find(holdout.request["task"]))
    figures = kind.figures(judged, told.settled, told.fresh, left_out)
    if told.gold:
        figures["gold"] = kind.figures(judged, told.gold, [], left_out)["settled"]
    if flips is not None:
        figures["extras"] = Extras.model_validate(figures.get("extras", {})).model_copy(update={"flips": flips})
    return ScoreReport.model_validate({
        "run_id": holdout.request["run_id"],
        "task": holdout.request["task"],
        "role": judged.role,
        "version": judged.card["version"],
        "sha256": judged.sha256,
        "bytes": judged.bytes,
        "holdout": holdout.hash,
        "labels": judged.labels,
        "engine": judged.card["engine"],
        **figures,
        "service": told.service,
        "created_at": stamp(now()),
    })  # fmt: skip


def firewalled(holdout: Holdout, snapshot: Path, now: Clock) -> tuple[Holdout, dict[str, Any]]:
    """(the holdout without what is too near to the training side, the Quality of the run's records)."""
    task, learned = holdout.request["task"], dataset.read(snapshot).records
    sign = firewall.Signed()
    held = firewall.leaks(task, learned, [*holdout.records, *holdout.gold], sign)
    came = {entry["batch_id"] for entry in holdout.request["records"] if entry.get("new")}
    known, new = ([stored for stored in learned if (stored.batch_id in came) is side] for side in (False, True))
    found = quality.report(task, learned, holdout.records, held, sign) | {"alarms": alarms.rare_words(known, new)}
    kept, gold = ([one for one in some if one.record_id not in held] for some in (holdout.records, holdout.gold))
    about = {"task": task, "run_id": holdout.request["run_id"], "created_at": stamp(now())}
    return replace(holdout, records=kept, gold=gold), {**about, **found}


def score(arguments: argparse.Namespace, now: Clock = utc_now) -> None:
    """Writes `candidate.json`, `quality.json`, and `champion.json` where there is one; artifact and flips lie elsewhere."""
    holdout, found = firewalled(read_holdout(arguments.request, arguments.holdout), arguments.snapshot, now)
    arguments.output.mkdir(parents=True, exist_ok=True)
    _write(arguments.output / "quality.json", found)
    with tempfile.TemporaryDirectory() as scratch:
        place = Path(scratch)
        judged = [export_candidate(arguments, place)]
        if arguments.champion:
            judged.append(open_champion(arguments, place / "champion"))
        left_out = apart(judged)
        told = [ask(one, holdout, arguments.model_output if one.role == "candidate" else None) for one in judged]
        flips = compare(told, holdout, left_out, arguments.flips, now)
        for one in told:
            counts = flips if one.judged.role == "candidate" else None
            _write(arguments.output / f"{one.judged.role}.json", report(one, holdout, left_out, counts, now).to_json())


def compare(told: Sequence[Told], holdout: Holdout, left_out: Collection[str], folder: Path | None, now: Clock) -> Flips | None:
    """Leaves `flips.json`, the one output with text of the holdout, in `folder`; gives the counts, which hold none."""
    candidate, champion = told[0], told[1] if len(told) > 1 else None
    asked = flipped.cases(candidate.settled, champion.settled if champion else None)
    found = flipped.between(asked, left_out)
    about = {name: holdout.request[name] for name in ("run_id", "task")}
    if folder:
        folder.mkdir(parents=True, exist_ok=True)
        _write(folder / "flips.json", flipped.document(about, found, asked, now()))
    return flipped.counted(found, asked)


def _write(path: Path, content: Any) -> None:
    path.write_text(json.dumps(content, indent=1, allow_nan=False) + "\n", encoding="utf-8")


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("--request", "--holdout", "--candidate", "--model", "--snapshot", "--output", "--model-output"):
        parser.add_argument(name, type=Path, required=True)
    parser.add_argument("--champion", type=Path)
    parser.add_argument("--flips", type=Path, help="where sentences of the holdout may be left; without it none are")
    parser.add_argument("--engine", choices=sorted(FORMS), required=True)
    parser.add_argument("--version", required=True)
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> None:
    chosen = parse(arguments)
    with Reporting(processing_message(os.environ)):
        score(chosen)


if __name__ == "__main__":
    main()
