"""The holdout firewall at the snapshot: which records of the holdout are too near to what was learned from to judge by.

Taking records in keeps patients and near copies on one side (chartloop/decisions.py), by a search that misses few pairs and by
what the ledger remembers. Here all records of a run are compared anew: what is found is set aside, and never judged by.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Literal

from chartloop import records, splits
from chartloop.items import hashed
from chartloop.snapshots import StoredRecord

Reason = Literal["same_group", "same_text", "near_text"]
"""The patient, or the cluster of near copies, was learned from; or the very text, or one nearly the same, under another group."""

Sign = Callable[[str], bytes]
"""A text's MinHash signature."""

BANDS = 32
"""Of four rows: two texts with a similarity of 0.75 share at least one with probability 0.999995, of 0.2 with 0.05."""


def leaks(
    task: str, learned: Iterable[StoredRecord], judged: Sequence[StoredRecord], sign: Sign = splits.signature
) -> dict[str, Reason]:
    """By record_id of `judged`: why it may not judge. Records without text are compared by their groups alone."""
    groups = {stored.group for stored in judged}
    texts = {stored.record_id: plain(records.text_of(task, stored.record)) for stored in judged}
    keys = {name: hashed(text) for name, text in texts.items() if text}
    near = Near(texts, sign)
    known, same, close = set[str](), set[str](), set[str]()
    for stored in learned:
        if stored.group in groups:
            known.add(stored.group)
        if text := plain(records.text_of(task, stored.record)):
            same.add(hashed(text))
            close.update(near.to(text))
    return dict(_reasons(judged, known, {name for name, key in keys.items() if key in same}, close))


def _reasons(judged: Sequence[StoredRecord], groups: set[str], same: set[str], close: set[str]) -> Iterator[tuple[str, Reason]]:
    for stored in judged:
        if stored.group in groups:
            yield stored.record_id, "same_group"
        elif stored.record_id in same:
            yield stored.record_id, "same_text"
        elif stored.record_id in close:
            yield stored.record_id, "near_text"


def plain(text: str) -> str:
    """Lowercased, with single spaces: what case and white space alone set apart is the same text."""
    return " ".join(text.lower().split())


class Signed:
    """Signatures that are asked for several times and made once; of a text only its hash is kept."""

    def __init__(self, sign: Sign = splits.signature) -> None:
        self._sign, self._made = sign, dict[str, bytes]()

    def __call__(self, text: str) -> bytes:
        key = hashed(text)
        if key not in self._made:
            self._made[key] = self._sign(text)
        return self._made[key]


class Near:
    """Texts by name, to be asked which of them are near to another."""

    def __init__(self, texts: dict[str, str], sign: Sign, bands: int = BANDS) -> None:
        named = [(name, sign(text)) for name, text in texts.items() if text]
        self._signatures, self._sign, self._bands = dict(named), sign, bands
        self._places: dict[tuple[int, bytes], list[str]] = {}
        for name, signature in named:
            for place in _places(signature, bands):
                self._places.setdefault(place, []).append(name)

    def to(self, text: str) -> Iterator[str]:
        if not self._places:
            return
        signature = self._sign(text)
        met = {name for place in _places(signature, self._bands) for name in self._places.get(place, ())}
        yield from (name for name in met if splits.similarity(self._signatures[name], signature) >= splits.NEAR)


def _places(signature: bytes, bands: int) -> Iterator[tuple[int, bytes]]:
    width = len(signature) // bands
    return ((band, signature[band * width : (band + 1) * width]) for band in range(bands))
