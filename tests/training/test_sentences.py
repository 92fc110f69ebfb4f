"""Sentences of a clinical text: lines and full stops, not titles or the numbers of a list, and offsets that hold."""

from __future__ import annotations

import pytest

from training.sentences import spans


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        (" \n ", []),
        ("No stop", ["No stop"]),
        ("He rests.  She walks.", ["He rests.", "She walks."]),
        ("Seen by Dr. Kovač at 5 p.m. and again. BP 120/80.", ["Seen by Dr. Kovač at 5 p.m. and again.", "BP 120/80."]),
        ("Mrs. Okafor came. WNL. Rest", ["Mrs. Okafor came.", "WNL.", "Rest"]),
        ("PLAN:\n\n1.  Rest.\n10. Return in 2.5 weeks", ["PLAN:", "1.  Rest.", "10. Return in 2.5 weeks"]),
        ("Zoë 🤒 coughs! Why? No.", ["Zoë 🤒 coughs!", "Why?", "No."]),
    ],
)
def test_sentences(text: str, expected: list[str]) -> None:
    assert [text[start:end] for start, end in spans(text)] == expected
