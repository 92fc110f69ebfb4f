"""Notes that a small encoder learns in seconds: one drug in a sentence, always after the word `takes`."""

from __future__ import annotations

from random import Random
from typing import Any

DRUGS = ("aspirin", "ibuprofen", "metformin", "insulin", "heparin", "codeine", "morphine", "warfarin")
WORDS = (
    "patient", "today", "home", "clinic", "daily", "morning", "family", "reports", "walks", "sleep", "better", "without", "after",
    "before", "nurse", "visit", "again", "evening", "water", "meal", "garden", "work", "school", "bus", "letter", "phone",
)  # fmt: skip


def notes(count: int, seed: int) -> list[dict[str, Any]]:
    """Labelled records, each of a patient of its own, with a code for its drug; the same for the same seed."""
    rng = Random(seed)
    return [note(rng, f"{seed}-{number}") for number in range(count)]


def note(rng: Random, name: str) -> dict[str, Any]:
    before, after = (" ".join(rng.choices(WORDS, k=rng.randint(4, 8))) for _ in range(2))
    drug = rng.choice(DRUGS)
    start = len(f"{before} takes ")
    return {
        "record_id": f"n-{name}",
        "patient_id": f"p-{name}",
        "text": f"{before} takes {drug} {after}.",
        "entities": [{"start": start, "end": start + len(drug), "label": "drug"}],
        "codes": [{"system": "easy", "code": drug[:3].upper()}],
    }
