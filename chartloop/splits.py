"""The holdout split: which group a record belongs to, which side a group is on, and MinHash to find near-duplicate texts."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from operator import eq
from struct import Struct
from typing import Any

from rensa import RMinHash

from chartloop import records
from chartloop.items import hashed

HOLDOUT_PERCENT = 20
GOLD = "g:"
"""How the group of a gold record without a patient begins: what is near to it is never learned from."""
NEAR = 0.75
"""Estimated similarity from which two texts are one group.

Texts with a Jaccard similarity of word 5-grams of 0.8 belong together. The estimate's standard error there is 0.025 to 0.03,
and a pair missed is a leak, while one grouped needlessly costs nothing: so two standard errors less.
"""

SHINGLE = 5
PERMUTATIONS = 128
_PACKED = Struct(f"<{PERMUTATIONS}I")
SEED = 42
BANDS, ROWS = 12, 5
"""A pair with a similarity of 0.8 shares at least one of the bands with probability 0.991, one of 0.4 with 0.116."""


@dataclass(frozen=True)
class Neighbour:
    """A stored record whose text is nearly the same."""

    group: str


def group_of(record: Mapping[str, Any], text: str, near: Neighbour | None, *, gold: bool = False) -> str:
    """The split group of a canonical record and its `text`, if any: its patient's, else its near neighbour's, else its own.

    Ids and texts are hashed: a group names no patient.
    """
    if "patient_id" in record:
        return "p:" + hashed(record["patient_id"])
    if near is not None:
        return near.group
    own = text or records.canonical({"features": record.get("features")}).decode()
    return (GOLD if gold else "t:") + hashed(own)


def side(task: str, group: str) -> str:
    """`holdout` for one group in five, by its hash, and for gold records' own; else `training`."""
    if group.startswith(GOLD):
        return "holdout"
    place = int(hashlib.sha256(f"{task}:{group}".encode()).hexdigest(), 16) % 100
    return "holdout" if place < HOLDOUT_PERCENT else "training"


def signature(text: str) -> bytes:
    """MinHash of the text's word 5-grams, lowercased; of the whole text where it is shorter. 128 little-endian 32-bit values.

    Signatures are stored and compared over years: what goes in here must not change.
    """
    words = text.lower().split()
    grams = [" ".join(words[i : i + SHINGLE]) for i in range(len(words) - SHINGLE + 1)] or [" ".join(words)]
    sketch = RMinHash(num_perm=PERMUTATIONS, seed=SEED)
    sketch.update(grams)
    return _PACKED.pack(*sketch.digest())


def bands(signature: bytes) -> list[str]:
    """Keys under which near texts meet: 12 bands of 5 rows, each with its place."""
    width = ROWS * 4
    return [f"{band:02d}-{signature[band * width : (band + 1) * width].hex()}" for band in range(BANDS)]


def similarity(a: bytes, b: bytes) -> float:
    """Estimated Jaccard similarity of two signatures, 0 to 1."""
    equal: int = sum(map(eq, _PACKED.unpack(a), _PACKED.unpack(b)))
    return equal / PERMUTATIONS
