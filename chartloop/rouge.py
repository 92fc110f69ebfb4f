"""ROUGE-L (Lin 2004): how much of a reference's words an answer has in the same order, as an F-measure from 0 to 1."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence

_WORD = re.compile(r"[^\W_]+")


def words(text: str) -> list[str]:
    """Lowercased runs of letters and digits: of English what Google's rouge_score has without its stemmer."""
    return _WORD.findall(text.lower())


def rouge_l(answer: str, reference: str) -> float:
    """2PR / (P + R) of their longest common subsequence of words; 0 where one of them has no words."""
    ours, theirs = words(answer), words(reference)
    common = common_subsequence(ours, theirs)
    return 2 * common / (len(ours) + len(theirs)) if common else 0.0


def common_subsequence(a: Sequence[str], b: Sequence[str]) -> int:
    """The length of the longest common subsequence, bit-parallel (Hyyrö 2004): one addition of long integers a word of `b`."""
    places: dict[str, int] = defaultdict(int)
    for place, word in enumerate(a):
        places[word] |= 1 << place
    everything = (1 << len(a)) - 1
    zeros = everything
    for word in b:
        matched = zeros & places.get(word, 0)
        zeros = ((zeros + matched) | (zeros - matched)) & everything
    return len(a) - zeros.bit_count()


def exact(answer: str, reference: str) -> bool:
    """Whether both have the same words."""
    return words(answer) == words(reference)
