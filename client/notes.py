"""Realistic labelled clinical notes from a seed: invented patients, exact spans, words with a long tail, some wrong labels.

Rare words are what a model learns from more notes, because some places in a note leave no hint but the word itself.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from random import Random
from typing import NotRequired, TypedDict

from client import note_codes
from client.note_forms import ANY_NOTE, FORMS
from client.note_slots import fill

WORDS_OF_A_NOTE = 60
NOISE = 0.03
"""Part of the labels that is wrong, as annotators leave them: half are missing, half end a word too early or too late."""

SLOT = re.compile(r"\{(\w+)\}")


class Entity(TypedDict):
    start: int
    end: int
    label: str


class LabelledNote(TypedDict):
    """A record of the task `ner` (docs/contracts/record.schema.json)."""

    record_id: str
    text: str
    entities: list[Entity]
    patient_id: NotRequired[str]
    codes: list[note_codes.Code]


def write(count: int, seed: int, form: str | None = None) -> list[LabelledNote]:
    """`count` notes of about 60 words each, all of one form where it is named.

    The same seed and form give the same notes, and a longer list begins with a shorter one.
    """
    rng = Random(f"notes {seed}" if form is None else f"notes {seed} {form}")  # noqa: S311 - nothing secret
    notes: list[LabelledNote] = []
    for number in range(count):
        note = _note(rng, form)
        note["record_id"] = f"n-{seed}-{number:05d}-{rng.getrandbits(32):08x}"
        _assign_patient(note, notes, rng)
        notes.append(note)
    return notes


def shuffled(notes: Sequence[LabelledNote], seed: int) -> list[LabelledNote]:
    """The same texts and spans, with the labels' names shuffled until none is right: an export with its columns mixed up."""
    names = sorted({entity["label"] for note in notes for entity in note["entities"]})
    Random(f"shuffled {seed}").shuffle(names)  # noqa: S311 - nothing secret
    wrong = dict(zip(names, [*names[1:], *names[:1]], strict=True))
    return [{**note, "entities": [{**entity, "label": wrong[entity["label"]]} for entity in note["entities"]]} for note in notes]


def _assign_patient(note: LabelledNote, notes: Sequence[LabelledNote], rng: Random) -> None:
    """A fifth of the notes belong to a patient who has one already, a tenth name no patient."""
    fate = rng.random()
    if fate < 0.2 and (known := [earlier["patient_id"] for earlier in notes[-50:] if "patient_id" in earlier]):
        note["patient_id"] = rng.choice(known)
    elif fate < 0.9:
        note["patient_id"] = f"p-{rng.getrandbits(40):010x}"


def _note(rng: Random, name: str | None) -> LabelledNote:
    """A note without its ids."""
    form = FORMS[name or rng.choice(tuple(FORMS))]
    rest = [*rng.sample(form.sentences, len(form.sentences)), *rng.sample(ANY_NOTE, 5)]
    rng.shuffle(rest)
    length = rng.gauss(WORDS_OF_A_NOTE, 8)
    text, entities = "", []
    for sentence in (rng.choice(form.opening), *rest):
        if len(text.split()) + 3 > length:
            break
        separator = rng.choice((" ", " ", " ", "\n")) if text else ""
        part, spans = _fill(sentence, rng)
        entities += [_moved(span, len(text) + len(separator)) for span in spans]
        text += separator + part
    if rng.random() < 0.02:
        text += rng.choice((" 🙂", " 👍", " ⚠️"))
    codes = note_codes.of_note(text, [(span["start"], span["end"]) for span in entities if span["label"] == "problem"])
    return {"record_id": "", "text": text, "entities": _with_noise(text, entities, rng), "codes": codes}


def _moved(span: Entity, by: int) -> Entity:
    return {"start": span["start"] + by, "end": span["end"] + by, "label": span["label"]}


def _fill(sentence: str, rng: Random) -> tuple[str, list[Entity]]:
    """The sentence with its slots filled, and the spans of those that carry a label."""
    text, entities, position = "", [], 0
    for slot in SLOT.finditer(sentence):
        text += sentence[position : slot.start()]
        position = slot.end()
        label, filled = fill(slot[1], rng)
        if label is not None:
            entities.append(Entity(start=len(text), end=len(text) + len(filled), label=label))
        text += filled
    return text + sentence[position:], entities


def _with_noise(text: str, entities: list[Entity], rng: Random) -> list[Entity]:
    kept = []
    for entity in entities:
        fate = rng.random()
        if fate < NOISE / 2:
            continue
        if fate < NOISE and (space := text.rfind(" ", entity["start"], entity["end"])) > 0:
            entity = {**entity, "end": space}
        kept.append(entity)
    return kept
