"""The prepare job: the records that a request names become the immutable snapshot that training reads."""

from __future__ import annotations

import argparse
import hashlib
import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from chartloop import parts, snapshots, tasks
from chartloop.errors import JobFailed
from chartloop.snapshots import StoredRecord
from training import kinds
from training.jobs import Reporting, part_of, processing_message


def prepare(request: Path, shards: Path, output: Path, part: int = 1, of: int = 1) -> dict[str, Any]:
    """Writes `train.jsonl`, then `manifest.json`, which it gives back; the same input gives the same bytes.

    Of several machines each has some of the shards, and writes `train-1-of-3.jsonl` and its manifest; that together they had all,
    and which records of all count, is for the reader to see (`training/dataset.py`).
    Raises JobFailed for a shard that is missing or is not what the request hashed, and where no record is left.
    """
    asked = json.loads((request / "request.json").read_bytes())
    task = tasks.find(asked["task"])
    here = [entry for entry in asked["records"] if of == 1 or (shards / Path(entry["key"]).name).exists()]
    # One machine cannot say which of several records counts: the one that replaces another may lie with the next machine.
    choose = snapshots.select if of == 1 else snapshots.read_all
    selected = choose(here, lambda key: read_shard(shards, key))
    if not selected and of == 1:
        raise JobFailed("the request's shards hold no records", code="no_training_data")
    body = b"".join(map(_line, sorted(selected, key=lambda stored: stored.record_id)))
    manifest = {
        "task": task.name,
        "hash": asked["snapshot"],
        "sha256": hashlib.sha256(body).hexdigest(),
        "shards": [entry["sha256"] for entry in here],
        "asked": [entry["sha256"] for entry in asked["records"]],
        "records": len(selected),
        "groups": len({stored.group for stored in selected}),
        "rules": {name: asked["settings"][name] for name in task.rules if name in asked["settings"]},
        **kinds.of(task).counts(selected),
    }
    output.mkdir(parents=True, exist_ok=True)
    suffix = parts.suffix(part, of)
    (output / f"train{suffix}.jsonl").write_bytes(body)
    (output / f"manifest{suffix}.json").write_text(json.dumps(manifest, indent=2, sort_keys=True) + "\n", encoding="utf-8")
    return manifest


def read_shard(folder: Path, key: str) -> bytes:
    """A shard by its S3 key, in the folder that holds the shards' prefix. Raises JobFailed `shard_missing`."""
    path = folder / Path(key).name
    if not path.exists():
        raise JobFailed(f"{key} is not there", code="shard_missing")
    return path.read_bytes()


def _line(stored: StoredRecord) -> bytes:
    return snapshots.stored_line(
        record_id=stored.record_id,
        batch_id=stored.batch_id,
        sequence=stored.sequence,
        line=stored.line,
        group=stored.group,
        record=stored.record,
    )


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("--request", "--records", "--output"):
        parser.add_argument(name, type=Path, required=True)
    chosen = parser.parse_args(arguments)
    with Reporting(processing_message(os.environ)):
        prepare(chosen.request, chosen.records, chosen.output, *part_of(os.environ))


if __name__ == "__main__":
    main()
