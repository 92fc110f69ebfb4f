"""The likeliest sequence of tags that is one, against every sequence there is and against the algorithm over the whole."""

from __future__ import annotations

from itertools import product

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from training import viterbi
from training.viterbi import likeliest

TAGS = 5


def answers_of(seed: int, size: int, evenness: float) -> viterbi.Floats:
    """Of `size` tokens; the smaller `evenness`, the surer each is of its tag."""
    return np.random.default_rng(seed).dirichlet(np.full(TAGS, evenness), size).astype(np.float32)


def may_follow(tag: int, before: int) -> bool:
    return tag == 0 or tag % 2 == 1 or before in (tag - 1, tag)


@given(size=st.integers(0, 5), seed=st.integers(0, 2**32 - 1), evenness=st.sampled_from([0.1, 1.0]))
def test_of_all_sequences_that_may_be_it_is_the_likeliest(size: int, seed: int, evenness: float) -> None:
    answers = answers_of(seed, size, evenness)
    every = product(range(TAGS), repeat=size)
    legal = [path for path in every if all(may_follow(*pair) for pair in zip(path, (0, *path), strict=False))]
    logs = np.log(np.maximum(answers, np.finfo(np.float32).tiny))
    best = max(legal, key=lambda path: float(logs[range(size), list(path)].sum()))
    assert likeliest(answers).tolist() == list(best)


@given(size=st.integers(1, 300), seed=st.integers(0, 2**32 - 1), evenness=st.sampled_from([0.05, 0.3, 1.0, 10.0]))
def test_stretch_by_stretch_is_what_the_whole_would_be(size: int, seed: int, evenness: float) -> None:
    answers = answers_of(seed, size, evenness)
    whole = viterbi._viterbi(np.log(np.maximum(answers, np.finfo(np.float32).tiny)))
    assert likeliest(answers).tolist() == whole.tolist()


def test_a_stretch_that_breaks_the_rule_is_mended_where_it_breaks() -> None:
    sure, torn = [0.96, 0.01, 0.01, 0.01, 0.01], [0.1, 0.0, 0.0, 0.4, 0.5]
    answers = np.array([sure, sure, torn, sure, sure], dtype=np.float32)
    assert likeliest(answers).tolist() == [0, 0, 3, 0, 0]
