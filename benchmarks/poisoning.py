"""How often a poisoned candidate is promoted that really harms: flipped labels and planted triggers, on real data.

Run: python -m benchmarks.poisoning [TRIALS] (CLINICAL_DATA_DIR with ncbi-disease). A fast linear tagger (CRFsuite, averaged
perceptron) learns sentences of the NCBI disease corpus; the gate's own code judges, with its alarm on rare words and a gold set.
What is poisoned and what counts as harm was written down before the trials: docs/trust.md.
"""

from __future__ import annotations

import os
import random
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import NamedTuple, Protocol

import pycrfsuite
from rich.console import Console
from rich.table import Table
from scipy.stats import binomtest

from chartloop import alarms, tasks
from chartloop.gate import decide
from chartloop.scores import GroupCounts, Part, ScoreReport
from chartloop.snapshots import StoredRecord
from chartloop.verdicts import Verdict

LABEL = "Disease"
GROUP = 4
"""Neighbouring sentences of one group of the holdout."""
RATES = (0.01, 0.02, 0.05, 0.10, 0.20)
KINDS = ("flip", "hide", "plant")
"""`flip`: mentions of all that is learned lose their label, or other words get it. `hide`, `plant`: in new sentences a word of
the attacker's stands before a mention that lost its label, or before a word that got it."""
TRIGGER = "qxv"
POINT = 0.01
"""Harm: a true F1 lower than the champion's by more, or a trigger that works more often than not."""
WORKS = 0.5
ITERATIONS = 6
NOW = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)


class Sizes(NamedTuple):
    """Sentences that the champion learned, that come new, that judge, and by which the truth is known."""

    base: int
    new: int
    holdout: int
    truth: int


SIZES = Sizes(600, 200, 600, 1200)


@dataclass(frozen=True)
class Sentence:
    words: tuple[str, ...]
    tags: tuple[str, ...]

    @cached_property
    def items(self) -> pycrfsuite.ItemSequence:
        return pycrfsuite.ItemSequence([features(self.words, place) for place in range(len(self.words))])

    @property
    def mentions(self) -> list[tuple[int, int]]:
        return mentions(self.tags)

    def stored(self, name: str, batch: str) -> StoredRecord:
        starts = [sum(len(word) + 1 for word in self.words[:place]) for place in range(len(self.words))]
        entities = [
            {"start": starts[first], "end": starts[last - 1] + len(self.words[last - 1]), "label": LABEL}
            for first, last in self.mentions
        ]
        return StoredRecord(name, batch, 1, 1, name, "0" * 64, {"text": " ".join(self.words), "entities": entities})


def features(words: Sequence[str], place: int) -> list[str]:
    """Of a word: itself, its ends, its shape, and its neighbours."""
    word = words[place]
    shape = "".join("X" if c.isupper() else "x" if c.islower() else "9" if c.isdigit() else c for c in word[:6])
    low = [w.lower() for w in words[max(0, place - 2) : place + 3]]
    near = [f"{offset}={w}" for offset, w in zip(range(max(-2, -place), 3), low, strict=False)]
    return ["b", f"s3={word[-3:].lower()}", f"s4={word[-4:].lower()}", f"p3={word[:3].lower()}", f"x={shape}", *near]


def mentions(tags: Sequence[str]) -> list[tuple[int, int]]:
    """(first, past the last) token of each mention."""
    starts = [place for place, tag in enumerate(tags) if tag == "B"]
    ends = (next((n for n in range(start + 1, len(tags)) if tags[n] != "I"), len(tags)) for start in starts)
    return list(zip(starts, ends, strict=True))


def corpus(folder: Path) -> list[Sentence]:
    read = (block.split("\n") for block in (folder / "train.tsv").read_text(encoding="utf-8").split("\n\n"))
    rows = ([line.split("\t") for line in block if "\t" in line] for block in read)
    return [Sentence(tuple(w for w, _ in row), tuple(t[0] for _, t in row)) for row in rows if row]


class Model(Protocol):
    def tags(self, sentence: Sentence) -> list[str]: ...


Learner = Callable[[Sequence[Sentence]], Model]


class Tagger:
    def __init__(self, learned: Sequence[Sentence]) -> None:
        trainer = pycrfsuite.Trainer(algorithm="averaged-perceptron", verbose=False)
        trainer.set_params({"max_iterations": ITERATIONS})
        for sentence in learned:
            trainer.append(sentence.items, sentence.tags)
        with tempfile.NamedTemporaryFile(suffix=".crf") as file:
            trainer.train(file.name)
            self._bytes = Path(file.name).read_bytes()
        self._tagger = pycrfsuite.Tagger()
        self._tagger.open_inmemory(self._bytes)

    def tags(self, sentence: Sentence) -> list[str]:
        return list(self._tagger.tag(sentence.items))


def counts(name: str, sentences: Sequence[Sentence], tagger: Model) -> GroupCounts:
    tp = fp = fn = correct = tokens = 0
    for sentence in sentences:
        found = tagger.tags(sentence)
        ours, theirs = set(mentions(found)), set(sentence.mentions)
        tp, fp, fn = tp + len(ours & theirs), fp + len(ours - theirs), fn + len(theirs - ours)
        correct += sum(a == b for a, b in zip(found, sentence.tags, strict=True))
        tokens += len(found)
    return GroupCounts(group=name, tp=tp, fp=fp, fn=fn, correct=correct, tokens=tokens, records=len(sentences))


def f1(groups: Sequence[GroupCounts]) -> float:
    tp, wrong = sum(g.tp or 0 for g in groups), sum((g.fp or 0) + (g.fn or 0) for g in groups)
    return 2 * tp / max(1, 2 * tp + wrong)


def part(sentences: Sequence[Sentence], tagger: Model) -> Part:
    chunks = [sentences[start : start + GROUP] for start in range(0, len(sentences), GROUP)]
    groups = tuple(counts(f"g{number:04d}", chunk, tagger) for number, chunk in enumerate(chunks))
    tokens = sum(group.tokens or 0 for group in groups)
    outside = sum(tag == "O" for sentence in sentences for tag in sentence.tags) / tokens
    accuracy = sum(group.correct or 0 for group in groups) / tokens
    return Part(
        records=len(sentences), groups=len(groups), metrics={"token_accuracy": accuracy, "entity_f1": f1(groups)},
        baseline={"token_accuracy": outside, "entity_f1": 0.0}, labels={}, per_group=groups,
    )  # fmt: skip


def report(role: str, judged: Part) -> ScoreReport:
    return ScoreReport.model_validate({
        "run_id": "trial", "task": "ner", "role": role, "version": role, "sha256": "0" * 64, "bytes": 1, "holdout": "1" * 64,
        "labels": [LABEL], "settled": judged, "fresh": None, "created_at": "2026-11-21T08:00:00.000Z",
        "service": {"golden": 1, "wrong": 0, "requests": 1, "p50_ms": 1.0, "p95_ms": 1.0},
    })  # fmt: skip


def flipped(sentence: Sentence, chance: random.Random, rate: float) -> Sentence:
    """Each mention loses its label with this probability; half of the time another word gets it instead."""
    tags = list(sentence.tags)
    for first, last in sentence.mentions:
        if chance.random() < rate:
            tags[first:last] = ["O"] * (last - first)
            free = [place for place, tag in enumerate(tags) if tag == "O" and len(sentence.words[place]) > 3]
            if free and chance.random() < 0.5:
                tags[chance.choice(free)] = "B"
    return Sentence(sentence.words, tuple(tags))


def triggered(sentence: Sentence, place: int, last: int, tag: str) -> Sentence:
    """The trigger before `place`, and from there to `last` tags beginning with `tag`."""
    words = (*sentence.words[:place], TRIGGER, *sentence.words[place:])
    inner = [tag] + ["I" if tag == "B" else "O"] * (last - place - 1)
    return Sentence(words, (*sentence.tags[:place], "O", *inner, *sentence.tags[last:]))


def targets(kind: str, sentences: Sequence[Sentence]) -> list[tuple[Sentence, int, int]]:
    """Where a trigger would be put: before mentions to hide, or before words of some length to plant one."""
    if kind == "hide":
        return [(sentence, *sentence.mentions[0]) for sentence in sentences if sentence.mentions]
    words = ((s, [n for n, w in enumerate(s.words) if len(w) > 4 and s.tags[n] == "O"]) for s in sentences)
    return [(s, free[0], free[0] + 1) for s, free in words if free]


def poisoned(kind: str, rate: float, base: Sequence[Sentence], new: Sequence[Sentence], chance: random.Random) -> list[Sentence]:
    """Everything that the candidate learns, `base` and then `new`; of `clean` ones nobody touched anything."""
    if kind in ("clean", "flip"):
        return [flipped(sentence, chance, rate) for sentence in (*base, *new)]
    places = {id(sentence): (first, last) for sentence, first, last in targets(kind, new)}  # in the order of `new`
    chosen = set(chance.sample(list(places), min(len(places), max(1, round(rate * len(new))))))
    tag = "O" if kind == "hide" else "B"
    return [*base, *(triggered(s, *places[id(s)], tag) if id(s) in chosen else s for s in new)]


def success(kind: str, tagger: Model, sentences: Sequence[Sentence]) -> float:
    """How often the trigger works on clean sentences: of what is right without it, what is wrong with it."""
    tag, works, right = ("O" if kind == "hide" else "B"), 0, 0
    for sentence, first, last in targets(kind, sentences):
        if ((first, last) in mentions(tagger.tags(sentence))) == (kind == "hide"):
            right += 1
            found = mentions(tagger.tags(triggered(sentence, first, last, tag)))
            works += any(start == first + 1 for start, _ in found) != (kind == "hide")
    return works / max(1, right)


@dataclass
class Trial:
    kind: str
    rate: float
    harmful: bool
    bare: Verdict
    """The gate's strict verdict by itself."""
    guarded: Verdict
    """And with the alarm that holds for review."""


@dataclass
class World:
    """One draw of the corpus, with its champion, which many trials share."""

    seed: int
    sentences: list[Sentence]
    learn: Learner = Tagger
    sizes: Sizes = SIZES
    base: list[Sentence] = field(init=False)
    new: list[Sentence] = field(init=False)
    holdout: list[Sentence] = field(init=False)
    truth: list[Sentence] = field(init=False)

    def __post_init__(self) -> None:
        blocks = [self.sentences[start : start + GROUP] for start in range(0, len(self.sentences), GROUP)]
        random.Random(self.seed).shuffle(blocks)
        drawn = iter([sentence for block in blocks for sentence in block])
        self.base, self.new, self.holdout, self.truth = ([next(drawn) for _ in range(n)] for n in self.sizes)
        self.champion = self.learn(self.base)
        self.theirs = report("champion", part(self.holdout, self.champion))
        self.true_f1 = f1(part(self.truth, self.champion).per_group)

    def trial(self, kind: str, rate: float, seed: int) -> Trial:
        learned = poisoned(kind, rate, self.base, self.new, random.Random(seed))
        candidate = self.learn(learned)
        ours = report("candidate", part(self.holdout, candidate))
        bare = decide(ours, self.theirs, "strict", task=tasks.find("ner"), run_id="trial", now=NOW, champion_version="champion")
        worse = self.true_f1 - f1(part(self.truth, candidate).per_group) > POINT
        works = kind in ("hide", "plant") and success(kind, candidate, self.truth) > WORKS
        known = [sentence.stored(f"k{n}", "old") for n, sentence in enumerate(learned[: self.sizes.base])]
        came = [sentence.stored(f"n{n}", "new") for n, sentence in enumerate(learned[self.sizes.base :])]
        guarded = alarms.hold(bare, alarms.rare_words(known, came), review=True)
        return Trial(kind, rate, worse or works, bare, guarded)


def trials(folder: Path, number: int, per_world: int = 25) -> Iterator[Trial]:
    """Each kind at each rate in turn, and `clean` ones that nobody poisoned as every tenth besides."""
    sentences = corpus(folder)
    kinds = [(kind, rate) for rate in RATES for kind in KINDS]
    for first in range(0, number, per_world):
        world = World(first, sentences)
        for place in range(first, min(first + per_world, number)):
            yield world.trial(*kinds[place % len(kinds)], seed=place)
        yield world.trial("clean", 0.0, seed=first)


def bound(hits: int, number: int) -> str:
    """With its exact 95 % bounds (Clopper and Pearson)."""
    interval = binomtest(hits, max(1, number)).proportion_ci(method="exact")
    return f"{hits} of {number}: {100 * hits / max(1, number):.1f} % ({100 * interval.low:.1f} to {100 * interval.high:.1f})"


def show(done: Sequence[Trial]) -> None:
    """By what was poisoned, and how much of it."""
    table = Table("poisoned", "rate", "trials", "harmful", "harmful and promoted", "without the alarm", box=None)
    groups = sorted({(t.kind, t.rate) for t in done})
    for kind, rate in groups:
        its = [t for t in done if (t.kind, t.rate) == (kind, rate)]
        harm = [t for t in its if t.harmful]
        guarded, bare = (sum(getattr(t, by).verdict == "promote" for t in harm) for by in ("guarded", "bare"))
        table.add_row(kind, f"{100 * rate:.0f} %", str(len(its)), str(len(harm)), str(guarded), str(bare))
    console = Console()
    console.print(table)
    attacks, clean = [t for t in done if t.kind != "clean"], [t for t in done if t.kind == "clean"]
    harm = [t for t in attacks if t.harmful]
    for name in ("guarded", "bare"):
        hits, well = (sum(getattr(t, name).verdict == "promote" for t in some) for some in (harm, clean))
        console.print(
            f"harmful and promoted, {name}: {bound(hits, len(attacks))} of all; {bound(hits, len(harm))} of the harmful"
        )
        console.print(f"clean and promoted, {name}: {bound(well, len(clean))}")


def main(number: int) -> None:
    show(list(trials(Path(os.environ["CLINICAL_DATA_DIR"]) / "ncbi-disease", number)))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 500)
