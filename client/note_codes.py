"""Billing codes of the demo's notes: ICD-10-CM codes by the words that the notes use for what they stand for."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TypedDict

from chartloop import codebook

SYSTEM = "icd10cm"
MOST = 4
"""Codes of one note, as the first problems that it affirms give them."""

CODES = {
    "hypertension": "I10", "chest pain": "R07.9", "shortness of breath": "R06.02", "SOB": "R06.02", "cough": "R05.9",
    "fever": "R50.9", "nausea": "R11.0", "vomiting": "R11.10", "abdominal pain": "R10.9", "headache": "R51.9",
    "fatigue": "R53.83", "dizziness": "R42", "T2DM": "E11.9", "type 2 diabetes mellitus": "E11.9", "CHF": "I50.9",
    "COPD": "J44.9", "CAD": "I25.10", "CKD stage 3": "N18.30", "atrial fibrillation": "I48.91", "afib": "I48.91",
    "pneumonia": "J18.9", "UTI": "N39.0", "cellulitis": "L03.90", "sepsis": "A41.9", "anemia": "D64.9",
    "hypothyroidism": "E03.9", "GERD": "K21.9", "asthma": "J45.909", "depression": "F32.A", "anxiety": "F41.9",
    "obesity": "E66.9", "hyperlipidemia": "E78.5", "HLD": "E78.5", "osteoarthritis": "M19.90", "back pain": "M54.9",
    "constipation": "K59.00", "diarrhea": "R19.7", "edema": "R60.9", "palpitations": "R00.2", "syncope": "R55",
    "wheezing": "R06.2", "dysuria": "R30.0", "hematuria": "R31.9", "melena": "K92.1", "dysphagia": "R13.10",
    "jaundice": "R17", "rash": "R21", "vertigo": "R42", "epistaxis": "R04.0", "pleural effusion": "J90",
    "migraine": "G43.909", "insomnia": "G47.00", "AKI": "N17.9", "ESRD": "N18.6", "DKA": "E11.10", "BPH": "N40.0",
}  # fmt: skip
DENIED = re.compile(r"\b(?:no|not|denies|w/o|without|NKDA)\b[^.;\n]*$", re.IGNORECASE)
"""What stands before a problem that the note says is not there."""


class Code(TypedDict):
    system: str
    code: str


def of_note(text: str, problems: Iterable[tuple[int, int]]) -> list[Code]:
    """The codes of the note's problems by their places, in order, each once; of those that the note does not deny."""
    found: dict[str, Code] = {}
    for start, end in sorted(problems):
        code = next((CODES[words] for words in _known(text[start:end])), None)
        if code and not DENIED.search(text[:start]):
            found.setdefault(code, Code(system=SYSTEM, code=code))
    return list(found.values())[:MOST]


def table() -> list[codebook.Code]:
    """Every code once, described by the notes' own words for it."""
    words: dict[str, list[str]] = {}
    for word, code in CODES.items():
        words.setdefault(code, []).append(word)
    return [codebook.Code(SYSTEM, code, " or ".join(its)) for code, its in words.items()]


def _known(problem: str) -> list[str]:
    """The longest first: `worsening type 2 diabetes mellitus` is a diabetes."""
    return sorted((words for words in CODES if problem.endswith(words)), key=len, reverse=True)
