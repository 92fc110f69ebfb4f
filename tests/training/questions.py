"""Generated health questions with answers, and a tiny Llama that has read other answers: all that a test of generation needs."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from training.pretrain import Shape, pretrain

ILLNESSES = ("Ardan", "Belmor", "Corvin", "Delta", "Emsley", "Farrow", "Galen", "Hollis", "Ivory", "Jarrow", "Kendal", "Lomax")
KINDS = ("fever", "syndrome", "anemia", "palsy", "dystrophy")
SIGNS = ("fever", "a dry cough", "chest pain", "swollen joints", "blurred vision", "a rash", "tiredness", "weak muscles")
DRUGS = ("aspirin", "metformin", "ramipril", "insulin", "prednisone", "ibuprofen")
WAYS = ("autosomal dominant", "autosomal recessive", "X-linked")


def pairs(count: int, seed: int) -> Iterator[dict[str, Any]]:
    """Records, three questions an illness; a document's questions share its id as `patient_id`."""
    chance = random.Random(seed)
    for number in range(0, count, 3):
        name = f"{chance.choice(ILLNESSES)} {chance.choice(KINDS)} type {seed}{number}"
        for place, (prompt, completion) in enumerate(_asked(name, chance)[: count - number]):
            about = {"record_id": f"q-{seed}-{number}-{place}", "patient_id": f"illness-{seed}-{number}"}
            yield {**about, "prompt": prompt, "completion": completion}


def _asked(name: str, chance: random.Random) -> list[tuple[str, str]]:
    signs, drugs = chance.sample(SIGNS, 2), chance.sample(DRUGS, 2)
    return [
        (f"What are the symptoms of {name}?", f"The most common signs of {name} are {signs[0]} and {signs[1]}. See a doctor."),
        (f"How is {name} treated?", f"{name} is treated with {drugs[0]}. Some people take {drugs[1]} as well."),
        (f"Is {name} inherited?", f"{name} is inherited in an {chance.choice(WAYS)} pattern. Ask for genetic counseling."),
    ]


def texts(count: int, seed: int = 99) -> list[str]:
    """Answers alone, of illnesses that no record is about, in another order of words."""
    return [f"Doctors see it often. {record['completion']} This is rare." for record in pairs(count, seed)]


TINY = Shape(vocabulary=400, width=48, layers=2, heads=2, length=64, epochs=2, batch_size=8, learning_rate=5e-3)


def build_base(folder: Path) -> Path:
    """A base model as `chartloop pretrain-base` leaves it, made in seconds."""
    pretrain(texts(240), folder, TINY)
    return folder
