"""From how many older sentences on the alarm on rare words sees a planted trigger, on real data; no model is needed for that.

Run: python -m benchmarks.poisoning_alarm [DRAWS] (CLINICAL_DATA_DIR with ncbi-disease). The attacks are those of
benchmarks/poisoning.py; what was found is in docs/trust.md.
"""

from __future__ import annotations

import os
import random
import sys
from collections.abc import Sequence
from pathlib import Path

from benchmarks.poisoning import GROUP, Sentence, corpus, poisoned
from chartloop import alarms

RATE = 0.20
BESIDE = ((200, 80), (300, 100), (400, 133), (600, 200))
"""Older and new sentences."""


def rings(sentences: Sequence[Sentence], kind: str, older: int, new: int, seed: int) -> bool:
    blocks = [sentences[start : start + GROUP] for start in range(0, len(sentences), GROUP)]
    random.Random(seed).shuffle(blocks)
    drawn = [sentence for block in blocks for sentence in block]
    learned = poisoned(kind, RATE, drawn[:older], drawn[older : older + new], random.Random(seed))
    stored = [sentence.stored(str(number), "b") for number, sentence in enumerate(learned)]
    return bool(alarms.rare_words(stored[:older], stored[older:]))


def main(draws: int) -> None:
    sentences = corpus(Path(os.environ["CLINICAL_DATA_DIR"]) / "ncbi-disease")
    for older, new in BESIDE:
        seen = {kind: sum(rings(sentences, kind, older, new, seed) for seed in range(draws)) for kind in ("hide", "plant")}
        print(f"{older:4} older and {new:3} new sentences, of {draws} draws seen: {seen}", flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 8)
