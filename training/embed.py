"""The embed job: unit vectors of training records and code descriptions, by the base encoder; only new ones are computed."""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from chartloop import parts, records, vectors
from chartloop.snapshots import StoredRecord
from training import base_model, dataset, encoding, environment
from training.jobs import Progress, Reporting, part_of, processing_message
from training.pooling import Pooler
from training.tagging import Floats

Encode = Callable[[Sequence[str]], Floats]


@dataclass(frozen=True)
class Known:
    """Vectors that are there already: the row of each text, by its sha256."""

    rows: Mapping[str, int]
    values: Floats


def text_hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def embed(
    snapshot: Path, model: Path, previous: Path | None, output: Path,
    *, engine: str, codes: Path | None = None, part: int = 1, of: int = 1,
) -> dict[str, Any]:  # fmt: skip
    """Writes the files of docs/contracts/embeddings.md, the manifest last, which it gives back.

    Of several machines each takes the texts whose hash falls to it, and the first the descriptions of the `codes` tables. The
    encoder is loaded only where a text is new, or the earlier vectors are of another model, engine or precision.
    """
    read = dataset.read(snapshot)
    texts, documents = shared_out(read, part, of)
    tables = described(codes) if codes and part == 1 else {}
    texts |= {text_hash(text): text for table in tables.values() for text in table}
    key = encoding.key(model, engine)
    known = earlier(previous, key) if previous else []
    values = gathered(texts, known, lambda new: _encode(model, engine, new))
    places = {name: place for place, name in enumerate(texts)}

    output.mkdir(parents=True, exist_ok=True)
    for system, table in tables.items():
        _write_table(output, system, codes, values[[places[text_hash(text)] for text in table]])  # type: ignore[arg-type]
    rows = vectors.Rows(
        list(documents),
        [each.record_id for each in documents.values()],
        [[(code["system"], code["code"]) for code in each.record.get("codes", ())] for each in documents.values()],
        values[: len(documents)],
    )
    about = {
        **key,
        "snapshot": read.hash,
        "reused": sum(any(name in each.rows for each in known) for name in documents),
        "descriptions": {system: len(table) for system, table in tables.items()},
    }
    return vectors.write(output, rows, about, parts.suffix(part, of))


def shared_out(read: dataset.Snapshot, part: int, of: int) -> tuple[dict[str, str], dict[str, StoredRecord]]:
    """The texts that fall to a part, and who holds each; both by the text's hash, in its order."""
    found = {}
    for each in read.records:
        text = records.text_of(read.task, each.record)
        name = text_hash(text)
        if of == 1 or int(name[:8], 16) % of == part - 1:
            found[name] = text, each
    order = sorted(found)
    return {name: found[name][0] for name in order}, {name: found[name][1] for name in order}


def described(folder: Path) -> dict[str, list[str]]:
    """The descriptions of each system that is staged, in its table's order; other files are left alone."""
    return {path.stem: _descriptions(path) for path in sorted(folder.glob("*.jsonl"))}


def _descriptions(path: Path) -> list[str]:
    return [json.loads(line)["description"] for line in path.read_bytes().split(b"\n") if line]


def _write_table(output: Path, system: str, codes: Path, values: Floats) -> None:
    """The table as it was read, for the one in its place may change, and its vectors."""
    table, stored = (output / name for name in vectors.description_names(system))
    table.parent.mkdir(exist_ok=True)
    shutil.copyfile(codes / f"{system}.jsonl", table)
    np.save(stored, values, allow_pickle=False)


def earlier(previous: Path, key: Mapping[str, str]) -> list[Known]:
    """What an earlier run made by the same model, engine and precision, in one part or several; vectors stay on the disk."""
    found = []
    for suffix in parts.whole(path.name for path in previous.iterdir()):
        values, ids, *_, about = (previous / name for name in vectors.names(suffix))
        manifest = json.loads(about.read_bytes())
        if {name: manifest[name] for name in vectors.KEY} == key:
            found.append(_known(json.loads(ids.read_bytes()), values))
            for system in manifest.get("descriptions", {}):
                table, stored = (previous / name for name in vectors.description_names(system))
                found.append(_known({text_hash(text): row for row, text in enumerate(_descriptions(table))}, stored))
    return [each for each in found if each.rows]


def _known(rows: Mapping[str, int], values: Path) -> Known:
    return Known(rows, np.load(values, mmap_mode="r", allow_pickle=False))


def gathered(texts: Mapping[str, str], known: Sequence[Known], encode: Encode) -> Floats:
    """A vector for each text, in their order; `encode` is called with those alone that are not known."""
    names = list(texts)
    there = {name for each in known for name in each.rows}
    new = [name for name in names if name not in there]
    made = [Known({name: row for row, name in enumerate(new)}, encode([texts[name] for name in new]))] if new else []
    sources = [*made, *known]
    values = np.empty((len(names), sources[0].values.shape[1] if sources else 0), np.float32)
    left = list(range(len(names)))
    for each in sources:
        here = [place for place in left if names[place] in each.rows]
        if here:
            values[here] = each.values[[each.rows[names[place]] for place in here]]
            left = [place for place in left if names[place] not in each.rows]
    return values


def _encode(model: Path, engine: str, texts: Sequence[str]) -> Floats:
    environment.settle(os.environ)
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "encoder"
        encoding.make(model, engine, folder)
        return Pooler.load(folder).vectors(texts, Progress(len(texts)).at)


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("--snapshot", "--model", "--output"):
        parser.add_argument(name, type=Path, required=True)
    parser.add_argument("--previous", type=Path)
    parser.add_argument("--engine", required=True, help="what the classifier is served by")
    parser.add_argument("--codes", type=Path, help="tables of codes with their descriptions, one {system}.jsonl each")
    chosen = parser.parse_args(arguments)
    with Reporting(processing_message(os.environ)):
        base_model.verify(chosen.model)
        part, of = part_of(os.environ)
        engine = encoding.engine_of(chosen.engine)
        embed(
            chosen.snapshot, chosen.model, chosen.previous, chosen.output,
            engine=engine, codes=chosen.codes, part=part, of=of,
        )  # fmt: skip


if __name__ == "__main__":
    main()
