"""Made-up hospital stays from a seed: patients who come again, reasons of admission with lengths of their own, missing values.

The columns and their values are those of chartloop/stays.py; the lengths follow reason, age, kind of admission and earlier stays,
with as much chance as there is in real ones.
"""

from __future__ import annotations

from collections.abc import Iterator
from random import Random
from typing import Any

REASONS = {
    "414": 2.2, "786": 1.8, "428": 4.8, "486": 5.2, "410": 4.4, "427": 3.4, "491": 4.6, "715": 3.6, "682": 5.4, "434": 6.2,
    "996": 5.0, "276": 3.6, "780": 2.4, "250.8": 4.2, "577": 5.4, "038": 8.8, "518": 7.6, "V57": 10.5,
}  # fmt: skip
"""By ICD-9 code: the days of a stay in the middle of life, admitted from the emergency room."""
KINDS = {"1": (0.55, 1.0), "2": (0.2, 0.95), "3": (0.2, 0.85), "6": (0.05, 1.1)}
"""By kind of admission: its share, and what it makes of the days."""
PAYERS = ("MC", "HM", "SP", "BC")
SPECIALTIES = {"Cardiology": 0.9, "InternalMedicine": 1.0, "Surgery-General": 1.15, "Emergency/Trauma": 0.95}
SPREAD = 0.35
"""Of the logarithm of a stay's days: what no column tells."""
LONGEST = 14


def write(count: int, seed: int) -> list[dict[str, Any]]:
    """Records of the task `regression`; with the same seed the same, and the first of more are those of fewer."""
    chance = Random(seed)  # noqa: S311 - nothing secret
    made: list[dict[str, Any]] = []
    patient = 0
    while len(made) < count:
        patient += 1
        person = _person(chance)
        made += [_stay(chance, person, f"p{patient}", f"s{patient}-{number}") for number in range(_stays(chance))]
    return made[:count]


def _stays(chance: Random) -> int:
    return chance.choices((1, 2, 3), (0.75, 0.18, 0.07))[0]


def _person(chance: Random) -> dict[str, str]:
    decade = chance.choices(range(10), (0, 1, 2, 4, 10, 17, 22, 26, 16, 2))[0] * 10
    known = {"gender": chance.choice(("Female", "Male")), "race": chance.choice(("Caucasian", "AfricanAmerican", "Hispanic"))}
    return {"age": f"[{decade}-{decade + 10})", **dict(_known(chance, known, 0.97)), **dict(_payer(chance))}


def _payer(chance: Random) -> Iterator[tuple[str, str]]:
    return _known(chance, {"payer_code": chance.choice(PAYERS)}, 0.6)


def _known(chance: Random, values: dict[str, str], share: float) -> Iterator[tuple[str, str]]:
    """The table writes `?` for what nobody wrote down."""
    return ((name, value if chance.random() < share else "?") for name, value in values.items())


def _stay(chance: Random, person: dict[str, str], patient: str, name: str) -> dict[str, Any]:
    reason = chance.choice(tuple(REASONS))
    kind = chance.choices(tuple(KINDS), [share for share, _ in KINDS.values()])[0]
    specialty = chance.choice(tuple(SPECIALTIES))
    before = chance.choices((0, 1, 2, 5), (60, 24, 12, 4))[0]
    features = {
        **person, "diag_1": reason, "admission_type_id": kind, "admission_source_id": "7" if kind == "1" else "1",
        "medical_specialty": specialty, "number_inpatient": before, "number_emergency": chance.choices((0, 1, 3), (85, 12, 3))[0],
        "number_outpatient": chance.choices((0, 1, 4), (82, 12, 6))[0],
    }  # fmt: skip
    decade = int(person["age"][1:].partition("-")[0]) / 10
    middle = REASONS[reason] * KINDS[kind][1] * SPECIALTIES[specialty] * (0.75 + 0.05 * decade) * (1 + 0.06 * before)
    days = min(LONGEST, max(1, round(middle * chance.lognormvariate(0, SPREAD))))
    return {"record_id": name, "patient_id": patient, "features": features, "target": days}
