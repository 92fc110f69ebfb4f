"""The alarm on rare words: words that were hardly ever seen before, and in the new records go with one label, or with what
contradicts the older ones. That is what a planted trigger looks like; a new drug's name does not, as it is its own entity.

A word is tested against chance (binomial, Bonferroni over all that are tested). What is told are the label and the records, not
the word: it is clinical text.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

from chartloop import spans
from chartloop.snapshots import StoredRecord
from chartloop.verdicts import Clause, Verdict

RARE = 2
"""Older records that hold a rare word, at most."""
ENOUGH = 4
"""New records that hold it, at least: fewer are no pattern."""
CHANCE = 1e-3
"""How likely a false alarm may be in a run, if words fell by chance."""
AROUND = 3
"""Tokens before and behind a word that are looked at."""
FAMILIAR, MOSTLY = 3, 0.8
"""A token whose label is known: seen so often in older records, and in this share with one label."""
LISTED = 200
OUTSIDE = "O"

Alarm = dict[str, Any]
"""`{code, label, found, records, batches, p}`: what the word goes with (`O`: with labels that are missing), where, how likely."""


@dataclass(frozen=True)
class _Seen:
    """A record's words, each once, with the label that stands out beside each; None where none does."""

    record: StoredRecord
    words: dict[str, str | None]


def rare_words(known: Sequence[StoredRecord], new: Sequence[StoredRecord]) -> list[Alarm]:
    """The alarms of a run, the least likely first; none where nothing is older, or the records have no words with labels."""
    if not known or not new:
        return []
    if "entities" in new[0].record:
        expected = _expected(known)
        older, newer = ([_around(stored, expected) for stored in some] for some in (known, new))
    elif "label" in new[0].record:
        older, newer = ([_whole(stored) for stored in some] for some in (known, new))
    else:
        return []
    return sorted(_found(older, newer), key=lambda alarm: float(alarm["p"]))


def _found(older: Sequence[_Seen], newer: Sequence[_Seen]) -> Iterator[Alarm]:
    before = Counter(word for seen in older for word in seen.words)
    where: dict[str, list[_Seen]] = defaultdict(list)
    for seen in newer:
        for word in seen.words:
            if before[word] <= RARE:
                where[word].append(seen)
    tested = {word: its for word, its in where.items() if len(its) >= ENOUGH}
    usual = _usual(older, newer, tested.keys())
    for word, its in tested.items():
        beside = Counter(label for seen in its if (label := seen.words[word]))
        label, count = next(iter(beside.most_common(1)), ("", 0))
        p = tail(count, len(its), usual.get(label, 0.0)) if label else 1.0
        if label and p * len(tested) < CHANCE:
            names = sorted(seen.record.record_id for seen in its)
            batches = sorted({seen.record.batch_id for seen in its})
            found = {"code": "rare_word", "label": label, "found": len(names), "records": names[:LISTED]}
            yield {**found, "batches": batches[:LISTED], "p": p}


def _usual(older: Sequence[_Seen], newer: Sequence[_Seen], tested: Iterable[str]) -> dict[str | None, float]:
    """How often each label stands out beside any word: the higher share of the older records and of the new ones."""
    left_out, shares = set(tested), dict[str | None, float]()
    for some in (older, newer):
        marks = [label for seen in some for word, label in seen.words.items() if word not in left_out]
        for label, count in Counter(marks).items():
            shares[label] = max(shares.get(label, 0.0), (count + 1) / (len(marks) + 2))
    return shares


def tail(hits: int, trials: int, share: float) -> float:
    """The probability of at least so many hits by chance (binomial)."""
    terms = (math.comb(trials, k) * share**k * (1 - share) ** (trials - k) for k in range(hits, trials + 1))
    return min(1.0, math.fsum(terms))


def _whole(stored: StoredRecord) -> _Seen:
    text = stored.record["text"].lower()
    return _Seen(stored, {text[start:end]: stored.record["label"] for start, end in spans.tokens(text)})


def _tagged(stored: StoredRecord) -> tuple[list[str], list[str], list[int]]:
    """(words, labels, entities), by token; a token of no entity is `O`, and each entity has a number."""
    text = stored.record["text"]
    found = spans.tokens(text)
    tags = spans.tags(found, stored.record["entities"])
    numbers = list(accumulate(int(tag.startswith("B-")) for tag in tags))
    return [text[start:end].lower() for start, end in found], [tag[2:] or OUTSIDE for tag in tags], numbers


def _expected(known: Sequence[StoredRecord]) -> dict[str, str]:
    """The label of every familiar token that has letters; signs and numbers are part of anything."""
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for stored in known:
        words, labels, _ = _tagged(stored)
        for word, label in zip(words, labels, strict=True):
            if word[0].isalpha():
                counts[word][label] += 1
    common = ((word, labels.most_common(1)[0], labels.total()) for word, labels in counts.items())
    return {word: label for word, (label, count), total in common if total >= FAMILIAR and count >= MOSTLY * total}


def _around(stored: StoredRecord, expected: dict[str, str]) -> _Seen:
    """Beside a word stands out what contradicts what its neighbours usually are: another label, or `O` for a missing one.

    Not within one entity: a new term of known words ("three times a day") is labelled as a whole.
    """
    words, labels, numbers = _tagged(stored)
    odd = {place for place, (word, label) in enumerate(zip(words, labels, strict=True)) if expected.get(word, label) != label}
    beside: dict[str, str | None] = dict.fromkeys(words)
    for place in sorted(odd):
        for near in range(max(0, place - AROUND), min(len(words), place + AROUND + 1)):
            together = labels[near] == labels[place] != OUTSIDE and numbers[near] == numbers[place]
            if near != place and not together:
                beside[words[near]] = labels[place]
    return _Seen(stored, beside)


def hold(verdict: Verdict, alarms: Sequence[Alarm], *, review: bool) -> Verdict:
    """The verdict with its clause on alarms; with `review` what would be promoted waits for a person instead."""
    records = sum(alarm["found"] for alarm in alarms)
    held = bool(alarms) and review
    many = "1 rare word goes" if len(alarms) == 1 else f"{len(alarms)} rare words go"
    told = f"{many} with one label in {records} new records" if alarms else "No rare word goes with one label"
    clause = Clause(
        clause=6, name="no planted words", passed=False if held else None if alarms else True, measured=len(alarms), required=0,
        message=f"{told}{': a person has to look at them' if held else ''}.",
    )  # fmt: skip
    changed: dict[str, Any] = {"clauses": (*verdict.clauses, clause)}
    if held and verdict.verdict == "promote":
        changed |= {"verdict": "needs-review", "message": f"Needs review: {clause.message[0].lower()}{clause.message[1:]}"}
    return verdict.model_copy(update=changed)
