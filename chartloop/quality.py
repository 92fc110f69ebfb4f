"""The quality of a run's records: labels that contradict each other, and fields that give their label away. Ids, never text."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import combinations
from typing import Any

import numpy as np

from chartloop import records, splits
from chartloop.firewall import Near, Sign, plain
from chartloop.snapshots import StoredRecord

LISTED = 200
"""Entries of a list, and ids of an entry, that are shown; its count is of all."""
ENOUGH = 10
"""Records from which a pattern is one."""
NEARLY_ALL = 0.9
HARDLY_ANY = 0.02
COARSE = 16
"""Bands of eight rows, for what is only listed: a pair with a similarity of 0.8 is found with probability 0.95."""
WORD = re.compile(r"\w+")

TRUTHS = ("entities", "label", "target", "completion")
"""What a record says is right; `codes` are other people's, and not what the model learns."""

Finding = dict[str, Any]
"""Of a label leak: `{kind, field, label, records, found}`, ids and how many there are."""


def report(
    task: str,
    learned: Sequence[StoredRecord],
    judged: Sequence[StoredRecord],
    held: Mapping[str, str],
    sign: Sign = splits.signature,
) -> dict[str, Any]:
    """What docs/contracts/quality.schema.json describes but for the run; `held` is what the firewall set aside of `judged`."""
    every = [*learned, *judged]
    contradicting = list(conflicts(task, every, sign))
    return {
        "records": {"training": len(learned), "holdout": len(judged)},
        "set_aside": {
            "counts": dict(sorted(Counter(held.values()).items())),
            "records": [{"record_id": name, "code": held[name]} for name in sorted(held)[:LISTED]],
        },
        "conflicts": {"found": len(contradicting), "pairs": contradicting[:LISTED]},
        "label_leaks": list(label_leaks(every)),
    }


def conflicts(task: str, every: Sequence[StoredRecord], sign: Sign = splits.signature) -> Iterator[Finding]:
    """Pairs of records with the same text, or nearly, that say otherwise: `{records, kind}`, `same_text` or `near_text`.

    Of nearly the same texts with spans, each that both texts hold once is compared by its words, not by its place.
    """
    texts = {stored.record_id: plain(records.text_of(task, stored.record)) for stored in every}
    by_id = {stored.record_id: stored for stored in every}
    by_text: dict[str, list[str]] = defaultdict(list)
    for name, text in texts.items():
        if text:
            by_text[text].append(name)
    for names in by_text.values():
        for one, other in combinations(names[:LISTED], 2):
            if _truth(by_id[one]) != _truth(by_id[other]):
                yield {"records": [one, other], "kind": "same_text"}
    near = Near({names[0]: text for text, names in by_text.items()}, sign, COARSE)
    for text, names in by_text.items():
        for other in near.to(text):
            if names[0] < other and _contradict(by_id[names[0]], by_id[other]):
                yield {"records": [names[0], other], "kind": "near_text"}


def _truth(stored: StoredRecord) -> Any:
    return {name: stored.record[name] for name in TRUTHS if name in stored.record}


def _contradict(one: StoredRecord, other: StoredRecord) -> bool:
    if "entities" not in one.record:
        return bool(_truth(one) != _truth(other))
    ours, theirs = _surfaces(one), _surfaces(other)
    shared = {words for words in ours.keys() | theirs.keys() if _once(words, one) and _once(words, other)}
    return any(ours.get(words) != theirs.get(words) for words in shared)


def _surfaces(stored: StoredRecord) -> dict[str, str]:
    text = stored.record["text"]
    return {text[entity["start"] : entity["end"]]: entity["label"] for entity in stored.record["entities"]}


def _once(words: str, stored: StoredRecord) -> bool:
    text: str = stored.record["text"]
    return text.count(words) == 1


def label_leaks(every: Sequence[StoredRecord]) -> Iterator[Finding]:
    """Where the answer stands in the question, by the kind of record; nothing of spans, whose text is the question."""
    if not every:
        return
    record = every[0].record
    if "label" in record:
        yield from _named(every)
    elif "target" in record:
        yield from _features(every)
    elif "completion" in record:
        yield from _answered(every)


def _named(every: Sequence[StoredRecord]) -> Iterator[Finding]:
    """A label whose name, or a line's heading, stands in nearly all of its records and hardly in others."""
    by_label: dict[str, list[StoredRecord]] = defaultdict(list)
    for stored in every:
        by_label[stored.record["label"]].append(stored)
    for name, have in (("label_in_text", _phrases), ("heading_in_text", _headings)):
        for label, its in sorted(by_label.items()):
            others = [stored for stored in every if stored.record["label"] != label]
            if found := _tied(label, its, others, have):
                yield _finding(name, "text", label, found)


def _phrases(label: str, stored: StoredRecord) -> set[str]:
    """The label's name, where it stands in the text as words of its own."""
    name = " ".join(WORD.findall(label.lower()))
    return {name} if f" {name} " in f" {' '.join(WORD.findall(stored.record['text'].lower()))} " else set()


def _headings(_label: str, stored: StoredRecord) -> set[str]:
    lines = (line.partition(":") for line in stored.record["text"].lower().splitlines())
    return {head.strip() for head, colon, _ in lines if colon and head.strip()}


def _tied(
    label: str, its: Sequence[StoredRecord], others: Sequence[StoredRecord], have: Callable[[str, StoredRecord], set[str]]
) -> list[StoredRecord]:
    """The records of the label that hold what ties them to it, where something does."""
    if len(its) < ENOUGH or len(others) < ENOUGH:
        return []
    held = [have(label, stored) for stored in its]
    counts = Counter(word for words in held for word in words)
    elsewhere = Counter(word for stored in others for word in have(label, stored))
    tied = {w for w, n in counts.items() if n >= NEARLY_ALL * len(its) and elsewhere[w] <= HARDLY_ANY * len(others)}
    return [stored for stored, words in zip(its, held, strict=True) if words & tied]


def _features(every: Sequence[StoredRecord]) -> Iterator[Finding]:
    """A feature that is the target in other units: their correlation is 1."""
    for name in sorted({name for stored in every for name in stored.record["features"]}):
        pairs = [(stored, stored.record["features"].get(name)) for stored in every]
        numbers = [(stored, value) for stored, value in pairs if _number(value)]
        if len(numbers) < max(ENOUGH, NEARLY_ALL * len(every)):
            continue
        x = np.array([value for _, value in numbers], dtype=np.float64)
        y = np.array([stored.record["target"] for stored, _ in numbers], dtype=np.float64)
        if x.std() > 0 and y.std() > 0 and abs(np.corrcoef(x, y)[0, 1]) > 0.9999:
            yield _finding("feature_is_target", f"features.{name}", None, [stored for stored, _ in numbers])


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _answered(every: Sequence[StoredRecord]) -> Iterator[Finding]:
    """Completions that stand word by word in their prompts, where they do in nearly all records."""
    found = [stored for stored in every if plain(stored.record["completion"]) in plain(stored.record["prompt"])]
    if len(every) >= ENOUGH and len(found) >= NEARLY_ALL * len(every):
        yield _finding("completion_in_prompt", "prompt", None, found)


def _finding(kind: str, field: str, label: str | None, found: Iterable[StoredRecord]) -> Finding:
    names = sorted(stored.record_id for stored in found)
    return {"kind": kind, "field": field, "label": label, "found": len(names), "records": names[:LISTED]}
