"""Realistic transcriptions with their specialty from a seed: sections of whole sentences, more of them shared than telling."""

from __future__ import annotations

import re
from dataclasses import dataclass
from random import Random
from typing import NotRequired, TypedDict

from client.note_slots import fill

SLOT = re.compile(r"\{(\w+)\}")
NOISE = 0.02
"""Part of the labels that is wrong."""


class Transcription(TypedDict):
    """A record of the task `classification` (docs/contracts/record.schema.json)."""

    record_id: str
    text: str
    label: str
    patient_id: NotRequired[str]


@dataclass(frozen=True)
class Section:
    """A heading, and sentences of which two or more are drawn."""

    heading: str
    sentences: tuple[str, ...]


SHARED = (
    Section("HISTORY", (
        "The patient is a {age}-year-old {person} with a history of {history} and {history}.",
        "{name} was first seen for {problem} {duration} ago.",
        "There is a history of {problem}, for which {drug} {dose} {frequency} was given.",
        "The family reports {problem} over the past {duration}.",
        "Earlier {test} was {reading}.",
    )),
    Section("MEDICATIONS", (
        "{drug} {dose} {frequency}, {drug} {dose} {frequency}.",
        "{drug} was stopped because of {problem}.",
        "The patient takes {drug} {dose} and {drug} as needed.",
        "Allergies to {drug} are on file.",
    )),
    Section("FINDINGS", (
        "{lab} was {reading} and {lab} {reading}.",
        "The {anatomy} showed {problem}.",
        "Blood pressure was {pressure}, pulse {pulse}.",
        "{scan} showed {finding} of {size}.",
        "No {problem} was seen at the {anatomy}.",
    )),
    Section("DISPOSITION", (
        "All questions of {who} about {topic} were answered.",
        "Return in {duration} for {pending}.",
        "{drug} {dose} {frequency} for {duration}.",
        "{doctor} was told of {finding}.",
    )),
)  # fmt: skip
"""Sections that any specialty writes."""

TELLING = {
    "Surgery": Section("DETAILS", (
        "The patient was brought to the operating room and placed in the supine position.",
        "After adequate anesthesia the {anatomy} was prepped and draped in the usual sterile fashion.",
        "An incision was made over the {anatomy} and carried down to the fascia.",
        "Hemostasis was obtained with electrocautery.",
        "The wound was irrigated and closed in layers with absorbable suture.",
        "Estimated blood loss was {volume}, and sponge and needle counts were correct.",
        "The patient tolerated the {procedure} well and was taken to recovery in stable condition.",
    )),
    "Consult - History and Phy.": Section("DETAILS", (
        "Thank you for asking us to see this pleasant {person} in consultation for {problem}.",
        "Review of systems is otherwise negative for {problem} and {problem}.",
        "He does not smoke and drinks alcohol only on occasion.",
        "Mother died of {problem} at {age}, father is alive and well.",
        "On physical examination the patient is alert, oriented and in no acute distress.",
        "Impression: {problem}, rule out {problem}.",
        "We recommend {test} and will follow along with you.",
    )),
    "Radiology": Section("DETAILS", (
        "{scan} was obtained without intravenous contrast.",
        "Axial images were acquired at 5 mm intervals and compared with the prior study.",
        "There is no evidence of acute fracture, mass effect or midline shift.",
        "The ventricles and sulci are normal in size and configuration.",
        "A {size} hypodensity is seen in the {anatomy}, without enhancement.",
        "Impression: no radiographic evidence of {problem}.",
    )),
}  # fmt: skip
"""By specialty, what it alone writes. Which sentences these are is known, so that what speaks for a label can be tested."""


def write(count: int, seed: int, labels: tuple[str, ...] = tuple(TELLING)) -> list[Transcription]:
    """`count` transcriptions of about 120 words, one in three of a patient who has others; the same for the same seed."""
    rng = Random(f"transcriptions {seed}")  # noqa: S311 - nothing secret
    written: list[Transcription] = []
    for number in range(count):
        label = rng.choice(labels)
        text = _text(label, rng)
        record = Transcription(record_id=f"t-{seed}-{number:05d}", text=text, label=label)
        if rng.random() < NOISE:
            record["label"] = rng.choice(labels)
        if written and rng.random() < 0.3:
            record["patient_id"] = rng.choice(written[-20:]).get("patient_id", f"p-{rng.getrandbits(40):010x}")
        elif rng.random() < 0.8:
            record["patient_id"] = f"p-{rng.getrandbits(40):010x}"
        written.append(record)
    return written


def _text(label: str, rng: Random) -> str:
    sections = [*rng.sample(SHARED, rng.randint(2, len(SHARED))), TELLING[label]]
    rng.shuffle(sections)
    return "\n\n".join(_section(section, rng) for section in sections)


def _section(section: Section, rng: Random) -> str:
    chosen = rng.sample(section.sentences, rng.randint(2, min(4, len(section.sentences))))
    return f"{section.heading}:  " + "  ".join(_filled(sentence, rng) for sentence in chosen)


def _filled(sentence: str, rng: Random) -> str:
    text = SLOT.sub(lambda slot: fill(slot[1], rng)[1], sentence)
    return text[:1].upper() + text[1:]
