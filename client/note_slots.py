"""What fills the slots of a note's sentences: words with a long tail, composed from client/vocabulary.py, each with its label.

Mixed slots hold one of several labels, which only the words tell.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import accumulate
from random import Random

from client import vocabulary as words

Draw = Callable[[Random], str]

MIXED = {
    "history": ("problem", "problem", "procedure", "procedure", "drug"),
    "pending": ("test", "procedure", "test"),
    "topic": ("problem", "drug", "procedure", "test"),
    "finding": ("problem", "anatomy", "problem"),
}


def fill(slot: str, rng: Random) -> tuple[str | None, str]:
    """(label or None, text) for a slot by its name."""
    if slot in MIXED:
        slot = rng.choice(MIXED[slot])
    label, draw = SLOTS[slot]
    return label, draw(rng)


def _common_first(ranked: Sequence[str]) -> Draw:
    """Draws with a long tail: the weight of the word at a rank is 1 / (rank + 5)."""
    weights = tuple(accumulate(1 / (rank + 5) for rank in range(len(ranked))))
    return lambda rng: rng.choices(ranked, cum_weights=weights)[0]


def _evenly(choices: Sequence[str]) -> Draw:
    return lambda rng: rng.choice(choices)


def _one_of(*draws: Draw) -> Draw:
    return lambda rng: rng.choice(draws)(rng)


def _number(low: float, high: float, form: str = "{:.0f}") -> Draw:
    """A number between low and high in a format with its unit."""
    return lambda rng: form.format(rng.uniform(low, high))


_drug = _common_first(words.DRUGS)
_disease = _common_first(words.PROBLEMS)
_operation = _common_first(words.PROCEDURES)
_lab = _common_first(words.TESTS)
_site = _common_first(words.SITES)
_grade = _common_first(words.GRADES)
_lesion = _common_first(words.LESIONS)


def _anatomy(rng: Random) -> str:
    return f"{rng.choice(words.SIDES)} {_site(rng)}" if rng.random() < 0.5 else _site(rng)


def _problem(rng: Random) -> str:
    """A named disease, one with its grade, or a finding at a site: `worsening L heel ulcer`, `fracture of the rt clavicle`."""
    kind = rng.random()
    if kind < 0.5:
        return _disease(rng)
    if kind < 0.72:
        return f"{_grade(rng)} {_disease(rng)}"
    if kind < 0.88:
        return f"{_anatomy(rng)} {_lesion(rng)}"
    return f"{_lesion(rng)} of the {_anatomy(rng)}"


def _procedure(rng: Random) -> str:
    kind = rng.random()
    if kind < 0.6:
        return _operation(rng)
    if kind < 0.8:
        return f"{rng.choice(words.APPROACHES)} {_operation(rng)}"
    return f"{_anatomy(rng)} {rng.choice(words.OPERATIONS)}"


def _scan(rng: Random) -> str:
    return f"{rng.choice(words.SCANS)} {_anatomy(rng)}"


def _test(rng: Random) -> str:
    return _lab(rng) if rng.random() < 0.8 else _scan(rng)


_AMOUNTS = (1, 2, 2.5, 4, 5, 10, 12.5, 15, 20, 25, 40, 50, 75, 81, 100, 125, 250, 325, 500, 650, 875)
_UNITS = ("mg", "mg", "mg", "µg", "mcg", "units", "mL", "mg/kg", "mEq", "µg/h", "IU", "g")
_WHOLE_DOSES = ("½ tab", "1½ tabs", "2 puffs", "1 gtt", "one tablet", "2 tabs", "¼ tab", "1 patch")


def _dose(rng: Random) -> str:
    if rng.random() < 0.2:
        return rng.choice(_WHOLE_DOSES)
    return f"{rng.choice(_AMOUNTS)}{rng.choice((' ', ' ', ' ', ''))}{rng.choice(_UNITS)}"


_UNITS_OF_TIME = ("days", "weeks", "wks", "months", "hours", "min", "d", "h", "yrs", "years")
_WHOLE_DURATIONS = ("overnight", "two days", "a week", "six months", "several years", "½ hour", "one year", "24h", "3-4 days")


def _duration(rng: Random) -> str:
    if rng.random() < 0.3:
        return rng.choice(_WHOLE_DURATIONS)
    return f"{rng.randint(2, 14)} {rng.choice(_UNITS_OF_TIME)}"


def _pressure(rng: Random) -> str:
    return f"{rng.randint(88, 195)}/{rng.randint(45, 112)}"


def _size(rng: Random) -> str:
    return f"{rng.uniform(1, 9):.1f} x {rng.uniform(1, 9):.1f} cm" if rng.random() < 0.5 else f"{rng.randint(2, 90)} mm"


_READING = _one_of(
    _number(3, 16, "{:.1f} mmol/L"),
    _number(6, 17, "{:.1f} g/dL"),
    _number(3, 22, "{:.1f} ×10⁹/L"),
    _number(40, 300, "{:.0f} µmol/L"),
    _number(84, 100, "{:.0f} %"),
    _number(45, 150),
    _number(0.4, 9, "{:.1f}"),
    _number(10, 90, "≥{:.0f}"),
    _number(1, 40, "<{:.0f}"),
    _evenly(("negative", "positive", "WNL", "elevated", "trace", "low", "borderline", "non-reactive")),
)

SLOTS: dict[str, tuple[str | None, Draw]] = {
    "problem": ("problem", _problem),
    "drug": ("drug", _drug),
    "dose": ("dose", _dose),
    "frequency": ("frequency", _common_first(words.FREQUENCIES)),
    "procedure": ("procedure", _procedure),
    "test": ("test", _test),
    "lab": ("test", _lab),
    "scan": ("test", _scan),
    "reading": ("value", _READING),
    "pressure": ("value", _pressure),
    "pulse": ("value", _number(44, 150)),
    "temperature": ("value", _number(35.8, 40.2, "{:.1f} °C")),
    "size": ("value", _size),
    "volume": ("value", _number(20, 900, "{:.0f} mL")),
    "anatomy": ("anatomy", _anatomy),
    "duration": ("duration", _duration),
    "name": (None, _evenly(words.NAMES)),
    "doctor": (None, _evenly(words.DOCTORS)),
    "age": (None, _number(19, 94)),
    "sex": (None, _evenly(("M", "F", "man", "woman"))),
    "person": (None, _evenly(("man", "woman", "teacher", "farmer", "retired nurse"))),
    "day": (None, _number(1, 9)),
    "who": (None, _evenly(("pt", "family", "daughter", "son", "husband", "wife", "fiancée", "caregiver"))),
    "room": (None, _number(1, 40)),
}
"""Slot to its label, or None, and what draws its words."""

LABELS = tuple(dict.fromkeys(label for label, _ in SLOTS.values() if label))
