"""Generated health questions with answers, and a tiny Llama that has read other answers: all that a test of generation needs."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from chartloop import records, snapshots
from chartloop.snapshots import StoredRecord
from tests.training.tiny import Run
from training.pretrain import Shape, pretrain

ILLNESSES = ("Ardan", "Belmor", "Corvin", "Delta", "Emsley", "Farrow", "Galen", "Hollis", "Ivory", "Jarrow", "Kendal", "Lomax")
KINDS = ("fever", "syndrome", "anemia", "palsy", "dystrophy")
SIGNS = ("fever", "a dry cough", "chest pain", "swollen joints", "blurred vision", "a rash", "tiredness", "weak muscles")
DRUGS = ("aspirin", "metformin", "ramipril", "insulin", "prednisone", "ibuprofen")
NOW = "2026-11-21T08:00:00.000Z"
WAYS = ("autosomal dominant", "autosomal recessive", "X-linked")


def pairs(count: int, seed: int) -> Iterator[dict[str, Any]]:
    """Records, three questions an illness; a document's questions share its id as `patient_id`."""
    chance = random.Random(seed)
    for number in range(0, count, 3):
        name = f"{chance.choice(ILLNESSES)} {chance.choice(KINDS)} type {seed}{number}"
        for place, (prompt, completion) in enumerate(_asked(name, chance)[: count - number]):
            about = {"record_id": f"q-{seed}-{number}-{place}", "patient_id": f"illness-{seed}-{number}"}
            yield {**about, "prompt": prompt, "completion": completion}


def _asked(name: str, chance: random.Random) -> list[tuple[str, str]]:
    signs, drugs = chance.sample(SIGNS, 2), chance.sample(DRUGS, 2)
    return [
        (f"What are the symptoms of {name}?", f"The most common signs of {name} are {signs[0]} and {signs[1]}. See a doctor."),
        (f"How is {name} treated?", f"{name} is treated with {drugs[0]}. Some people take {drugs[1]} as well."),
        (f"Is {name} inherited?", f"{name} is inherited in an {chance.choice(WAYS)} pattern. Ask for genetic counseling."),
    ]


def stored(count: int, seed: int, *, settled: bool = False) -> list[StoredRecord]:
    """The same as a snapshot has them."""
    bodies = [(each, {name: each[name] for name in ("prompt", "completion")}) for each in pairs(count, seed)]
    return [
        StoredRecord(each["record_id"], "b", 1, line, each["patient_id"], records.digest(body), body, settled)
        for line, (each, body) in enumerate(bodies, start=1)
    ]


def texts(count: int, seed: int = 99) -> list[str]:
    """Answers alone, of illnesses that no record is about, in another order of words."""
    return [f"Doctors see it often. {record['completion']} This is rare." for record in pairs(count, seed)]


TINY = Shape(vocabulary=400, width=48, layers=2, heads=2, length=64, epochs=3, batch_size=8, learning_rate=5e-3)


def build_base(folder: Path) -> Path:
    """A base model as `chartloop pretrain-base` leaves it, made in seconds."""
    pretrain(texts(240), folder, TINY)
    return folder


def build_run(folder: Path) -> Run:
    """What a run's jobs get: 120 pairs to learn, a settled holdout of 36 and a fresh one of 9."""
    request: dict[str, Any] = {"run_id": "generation-1", "task": "generation", "created_at": NOW, "settings": {}}
    for side, sizes in (("records", (120,)), ("holdout", (36, 9))):
        (folder / side).mkdir()
        request[side] = []
        for sequence, size in enumerate(sizes, start=1):
            body = shard(f"{side}{sequence}", sequence, size)
            entry = snapshots.shard_entry(f"{side}/generation/{side}{sequence}.jsonl", body)
            (folder / side / f"{side}{sequence}.jsonl").write_bytes(body)
            settled = {"settled": sequence == 1} if side == "holdout" else {}
            request[side].append({"batch_id": f"{side}{sequence}", **entry, "sequence": sequence, **settled})
    request["snapshot"] = snapshots.snapshot_hash([*request["records"], *request["holdout"]])
    (folder / "request").mkdir()
    (folder / "request" / "request.json").write_text(json.dumps(request))
    return Run(folder / "request", folder / "records", folder / "holdout")


def shard(batch: str, sequence: int, size: int) -> bytes:
    made = pairs(size, sum(batch.encode()))  # no two shards ask the same
    lines = (
        snapshots.stored_line(
            record_id=each["record_id"], batch_id=batch, sequence=sequence, line=line, group=f"p:{each['patient_id']}",
            record={name: each[name] for name in ("prompt", "completion")},
        )
        for line, each in enumerate(made, start=1)
    )  # fmt: skip
    return b"".join(lines)
