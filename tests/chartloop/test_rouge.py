"""ROUGE-L: known values, and the bit-parallel length of a common subsequence against the textbook's table."""

from __future__ import annotations

import random

import pytest

from chartloop.rouge import common_subsequence, exact, rouge_l, words


@pytest.mark.parametrize(
    ("answer", "reference", "expected"),
    [
        ("police kill the gunman", "police killed the gunman", 3 / 4),  # Lin 2004, section 3: S1 and S2
        ("the gunman kill police", "police killed the gunman", 2 / 4),  # S3
        ("Take it, daily!", "take IT daily", 1.0),
        ("one two three", "one two three four five", 6 / 8),
        ("", "something", 0.0),
        ("?!", "...", 0.0),
        ("Fièvre élevée", "fièvre très élevée", 4 / 5),
    ],
)
def test_known_values(answer: str, reference: str, expected: float) -> None:
    assert rouge_l(answer, reference) == pytest.approx(expected)
    assert rouge_l(reference, answer) == pytest.approx(expected)


def test_the_common_subsequence_is_the_textbooks() -> None:
    chance = random.Random(3)
    for _ in range(200):
        a, b = ([chance.choice("abcd") for _ in range(chance.randrange(0, 90))] for _ in range(2))
        row = [0] * (len(b) + 1)
        for left in a:
            before = row
            row = [0]
            for place, right in enumerate(b, start=1):
                row.append(before[place - 1] + 1 if left == right else max(before[place], row[-1]))
        assert common_subsequence(a, b) == row[-1]


def test_an_exact_answer_has_the_same_words() -> None:
    assert exact("Gout is treated.", "gout  is treated")
    assert not exact("Gout is treated", "gout is not treated")
    assert words("type-2 (mild)") == ["type", "2", "mild"]
