"""Tiny inputs and ways to run a job as its container does: notes, shards, a random encoder, commands."""

from __future__ import annotations

import hashlib
import json
import os
import random
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chartloop import snapshots, splits

ROOT = Path(__file__).resolve().parents[2]
DRUGS = ("aspirin", "metformin", "ramipril", "insulin")
SIGNS = ("fever", "chest pain", "cough", "dyspnoea")
Body = Callable[[random.Random], dict[str, Any]]
"""Makes the body of a record."""
WORDS = ["the", "patient", "takes", "mg", "daily", "denies", "since", "monday", ".", ",", "10", "80", "plan", "no"]


def note(chance: random.Random) -> dict[str, Any]:
    """A record's body: a note of two lines with its drugs and signs labelled."""
    text, entities = "", []
    for before, label, after in (("The patient takes", "drug", "mg daily.\n"), ("Denies", "sign", "since Monday.")):
        text += before + " "
        surface = chance.choice(DRUGS if label == "drug" else SIGNS)
        entities.append({"start": len(text), "end": len(text) + len(surface), "label": label})
        text += f"{surface} {chance.choice((5, 10, 80))} {after}"
    number = chance.randrange(10**6)
    codes = [{"system": "icd10cm", "code": code} for code in ("R05", "I10")[: number % 3]]
    return {"text": f"{text} ({number})", "entities": entities, **({"codes": codes} if codes else {})}


def distinct(chance: random.Random, others: list[dict[str, Any]], body: Body) -> dict[str, Any]:
    """A record that the holdout firewall does not take for a copy of one of `others`."""
    signed = [splits.signature(other["text"]) for other in others]
    while True:
        made = body(chance)
        if all(splits.similarity(splits.signature(made["text"]), one) < splits.NEAR for one in signed):
            return made


def shard(batch: str, sequence: int, notes: list[dict[str, Any]]) -> bytes:
    return b"".join(
        snapshots.stored_line(
            record_id=f"{batch}-{line}", batch_id=batch, sequence=sequence, line=line, group=f"t:{batch}{line // 2}", record=body
        )
        for line, body in enumerate(notes, start=1)
    )


@dataclass(frozen=True)
class Run:
    """The folders that a run's jobs get: `request` with request.json, and the shards below `records` and `holdout`."""

    request: Path
    records: Path
    holdout: Path


def build_run(folder: Path, task: str = "ner", body: Body = note) -> Run:
    """80 records to train on in two shards; a settled holdout of 16 and a fresh one of 6. `body` makes a record's."""
    chance = random.Random(7)
    request: dict[str, Any] = {"run_id": f"{task}-1", "task": task, "created_at": "2026-11-21T08:00:00.000Z", "settings": {}}
    learned: list[dict[str, Any]] = []
    for side, sizes in (("records", (48, 32)), ("holdout", (16, 6))):
        (folder / side).mkdir()
        request[side] = []
        for sequence, size in enumerate(sizes, start=1):
            made = [body(chance) if side == "records" else distinct(chance, learned, body) for _ in range(size)]
            learned += made if side == "records" else []
            lines = shard(f"{side}{sequence}", sequence, made)
            entry = snapshots.shard_entry(f"{side}/{task}/{side}{sequence}.jsonl", lines)
            (folder / side / f"{side}{sequence}.jsonl").write_bytes(lines)
            request[side].append({"batch_id": f"{side}{sequence}", **entry, "sequence": sequence})
    for entry in request["holdout"]:
        entry["settled"] = entry["sequence"] == 1
    request["snapshot"] = snapshots.snapshot_hash([*request["records"], *request["holdout"]])
    (folder / "request").mkdir()
    (folder / "request" / "request.json").write_text(json.dumps(request))
    return Run(folder / "request", folder / "records", folder / "holdout")


def build_base(folder: Path, **changes: Any) -> Path:
    """A random BERT, 2 layers and 32 wide, with an uncased vocabulary of words and characters."""
    from transformers import BertConfig, BertModel

    characters = "abcdefghijklmnopqrstuvwxyz0123456789"
    words = [*WORDS, *DRUGS, *SIGNS, *characters, *(f"##{c}" for c in characters), *"()-/°"]
    vocabulary = list(dict.fromkeys(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *words]))
    (folder / "vocab.txt").write_text("\n".join(vocabulary) + "\n", encoding="utf-8")
    (folder / "tokenizer_config.json").write_text(json.dumps({"do_lower_case": True, "tokenizer_class": "BertTokenizer"}))
    shape = BertConfig(
        vocab_size=len(vocabulary), hidden_size=32, num_hidden_layers=2, num_attention_heads=2, intermediate_size=64,
        max_position_embeddings=64, **changes,
    )  # fmt: skip
    BertModel(shape).save_pretrained(folder)
    return staged(folder)


def staged(folder: Path) -> Path:
    """The folder with the manifest that staging writes."""
    hashes = {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.iterdir() if path.name != "manifest.json"
    }
    files = [{"path": name, "sha256": digest} for name, digest in sorted(hashes.items())]
    (folder / "manifest.json").write_text(json.dumps({"name": "tiny", "files": files}))
    return folder


def command(arguments: list[str], environ: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """Runs a program in the repository's root."""
    return subprocess.run(arguments, cwd=ROOT, env={**os.environ, **(environ or {})}, capture_output=True, text=True, check=False)


def job(module: str, *arguments: object, environ: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """Runs a processing job as its container does."""
    return command([sys.executable, "-m", f"training.{module}", *map(str, arguments)], environ)


@dataclass(frozen=True)
class Trained:
    """A training job's end: `folder` holds the model, `archive` the folder with it as SageMaker stores it, `log` its output."""

    folder: Path
    archive: Path
    log: str


def train(snapshot: Path, base: Path, folder: Path, **chosen: object) -> subprocess.CompletedProcess[str]:
    """training/train.py with SM_* variables; the model goes to `folder/model`, a failure to `folder/output/failure`."""
    return command([sys.executable, *training(chosen)], variables(snapshot, base, folder))


def variables(snapshot: Path, base: Path, folder: Path) -> dict[str, str]:
    return {
        "SM_CHANNEL_TRAIN": str(snapshot),
        "SM_CHANNEL_MODEL": str(base),
        "SM_MODEL_DIR": str(folder / "model"),
        "SM_OUTPUT_DIR": str(folder / "output"),
    }


def training(chosen: Mapping[str, object]) -> list[str]:
    """The script and its hyper-parameters."""
    return [str(ROOT / "training" / "train.py"), *(part for name, value in chosen.items() for part in (f"--{name}", str(value)))]
