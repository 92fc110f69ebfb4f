"""The texts of stored records by their ids, for those who may read records."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from chartloop import decisions, keys
from chartloop.items import batch_key, record_key
from chartloop.receipts import MOST_BYTES
from chartloop.seams import Ledger, Objects
from chartloop.view import View


def texts(
    task: str, record_ids: Sequence[str], *, ledger: Ledger, objects: Objects, most_bytes: int = MOST_BYTES
) -> dict[str, str]:
    """Of the records' newest versions, in order, as many as fit into an answer; a withdrawn record has none."""
    view = View(ledger)
    view.load(record_key(task, record_id) for record_id in record_ids)
    held = {record_id: view.get(record_key(task, record_id)) for record_id in record_ids}
    view.load(batch_key(task, version["batch_id"]) for item in held.values() if item for version in item["versions"])
    wanted: defaultdict[str, set[str]] = defaultdict(set)
    for record_id, item in held.items():
        if version := decisions.newest(view, task, item):
            wanted[version["batch_id"]].add(record_id)
    found: dict[str, str] = {}
    for batch_id, its in wanted.items():
        found |= _read(objects, keys.records(task, batch_id), its)
    return _as_fits(record_ids, found, most_bytes)


def _as_fits(record_ids: Sequence[str], texts: dict[str, str], left: int) -> dict[str, str]:
    kept = {}
    for record_id in record_ids:
        if record_id in texts and (left := left - len(json.dumps(texts[record_id]))) >= 0:
            kept[record_id] = texts[record_id]
    return kept


def _read(objects: Objects, key: str, wanted: set[str]) -> dict[str, str]:
    """From one shard, which may be larger than what fits into memory."""
    found = {}
    with TemporaryDirectory() as scratch:
        shard = Path(scratch) / "shard"
        objects.download(key, shard)
        with shard.open("rb") as lines:
            for line in lines:
                record = json.loads(line)
                if record["record_id"] in wanted:
                    found[record["record_id"]] = record["record"]["text"]
    return found
