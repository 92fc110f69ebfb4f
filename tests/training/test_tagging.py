"""Tags of pieces and back: what is labelled is found again, whatever the pieces are."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chartloop import spans
from training import tagging
from training.pieces import Pieces
from training.tagging import decode, piece_tags, token_probabilities
from training.viterbi import likeliest

LABELS = ["drug", "sign"]
TEXT = "Aspirin 81 mg for chest pain, fever"


def pieces_of(edges: list[tuple[int, int]]) -> Pieces:
    array = np.array(edges, dtype=np.int64).reshape(-1, 2)
    return Pieces(np.arange(len(edges)), array[:, 0], array[:, 1])


def certain(tags: Any) -> tagging.Floats:
    one_hot: tagging.Floats = np.eye(2 * len(LABELS) + 1, dtype=np.float32)[tags]
    return one_hot


@st.composite
def cut_and_labelled(draw: st.DrawFn) -> tuple[str, list[dict[str, Any]], Pieces]:
    """A text with entities on token edges, and pieces that cut its tokens anywhere."""
    text = draw(st.lists(st.sampled_from(["ab", "c", "12", "é", " ", "\n", ",", "defgh"]), max_size=30).map("".join))
    tokens = spans.tokens(text)
    entities: list[dict[str, Any]] = []
    place = 0
    while place < len(tokens):
        size = draw(st.integers(1, 3))
        label = draw(st.sampled_from([None, *LABELS]))
        last = tokens[min(place + size, len(tokens)) - 1]
        if label:
            entities.append({"start": tokens[place][0], "end": last[1], "label": label})
        place += size
    edges = []
    for start, end in tokens:
        inner = draw(st.lists(st.integers(start + 1, end - 1), unique=True)) if end - start > 1 else []
        cuts = [start, *sorted(inner), end]
        edges += list(pairwise(cuts))
    return text, entities, pieces_of(edges)


@given(cut_and_labelled())
def test_what_is_labelled_is_found_again(case: tuple[str, list[dict[str, Any]], Pieces]) -> None:
    text, entities, pieces = case
    tokens = spans.tokens(text)
    certainty = certain(piece_tags(pieces, entities, LABELS))
    found = decode(token_probabilities(certainty, pieces, tokens), tokens, LABELS)
    assert [vars(each) for each in found] == [{**entity, "confidence": 1.0, "uncalibrated": 1.0} for entity in entities]


@given(case=cut_and_labelled(), seed=st.integers(0, 2**32 - 1))
def test_whatever_the_model_says_spans_are_sound(case: tuple[str, list[dict[str, Any]], Pieces], seed: int) -> None:
    text, _, pieces = case
    tokens = spans.tokens(text)
    answers = np.random.default_rng(seed).dirichlet(np.full(5, 0.3), len(pieces)).astype(np.float32)
    averaged = token_probabilities(answers, pieces, tokens)
    assert np.allclose(averaged.sum(axis=1), 1, atol=1e-5)
    end = 0
    for each in decode(averaged, tokens, LABELS):
        assert end <= each.start < each.end <= len(text)
        assert text[each.start : each.end].strip() == text[each.start : each.end]
        assert 0 <= each.confidence <= 1 + 1e-6
        end = each.end


def test_an_entity_begins_even_where_no_piece_says_so() -> None:
    tokens = spans.tokens("no fever")
    answers = np.array([[0.9, 0, 0, 0.1, 0], [0.1, 0, 0, 0.4, 0.5]], dtype=np.float32)
    [found] = decode(answers, tokens, LABELS)
    assert (found.label, found.start, found.end) == ("sign", 3, 8)
    assert abs(found.confidence - 0.4) < 1e-6


def test_an_entity_is_as_sure_as_its_least_sure_token() -> None:
    tokens = spans.tokens("chest pain")
    answers = np.array([[0.1, 0, 0, 0.9, 0], [0.3, 0, 0, 0, 0.7]], dtype=np.float32)
    [found] = decode(answers, tokens, LABELS)
    assert found.label == "sign"
    assert abs(found.confidence - 0.7) < 1e-6


def test_each_entity_has_its_own_confidence() -> None:
    tokens = spans.tokens("no chest pain, fever")
    answers = np.array(
        [[0.9, 0, 0, 0.1, 0], [0.2, 0, 0, 0.8, 0], [0.4, 0, 0, 0, 0.6], [1, 0, 0, 0, 0], [0.1, 0, 0, 0.9, 0]], dtype=np.float32
    )
    found = decode(answers, tokens, LABELS)
    assert [each.confidence for each in found] == pytest.approx([0.6, 0.9])


answers_of_tokens = st.tuples(st.integers(0, 12), st.integers(0, 2**32 - 1)).map(
    lambda shape: np.random.default_rng(shape[1]).dirichlet(np.full(5, 0.3), shape[0]).astype(np.float32)
)


@given(answers=answers_of_tokens, temperature=st.floats(0.25, 8))
def test_a_temperature_changes_confidences_and_never_what_is_found(answers: tagging.Floats, temperature: float) -> None:
    tokens = spans.tokens("a " * len(answers))
    plain, scaled = decode(answers, tokens, LABELS), decode(answers, tokens, LABELS, temperature)
    assert [(e.start, e.end, e.label, e.uncalibrated) for e in scaled] == [(e.start, e.end, e.label, e.confidence) for e in plain]
    assert all(0 <= each.confidence <= 1 for each in scaled)


@given(answers=answers_of_tokens, temperature=st.floats(0.25, 8))
def test_the_likeliest_tags_are_the_same_at_any_temperature(answers: tagging.Floats, temperature: float) -> None:
    """Up to what floats can tell: the sequence found at a temperature is as likely at 1 as the one found there."""

    def likelihood(tags: tagging.Ints) -> float:
        return float(np.log(np.maximum(answers[np.arange(len(tags)), tags], np.finfo(np.float32).tiny)).sum())

    scaled = likeliest(tagging.tempered(answers, temperature))
    assert likelihood(scaled) == pytest.approx(likelihood(likeliest(answers)), abs=1e-3)


def test_a_temperature_divides_the_logits() -> None:
    logits = np.array([[2.0, -1.0, 0.5]])
    expected = np.exp(logits / 1.7) / np.exp(logits / 1.7).sum()
    plain = np.exp(logits) / np.exp(logits).sum()
    assert np.allclose(tagging.tempered(plain.astype(np.float32), 1.7), expected, atol=1e-6)
    assert np.allclose(tagging.tempered(plain.astype(np.float32), 1.0), plain, atol=1e-6)


def test_a_character_without_a_piece_is_outside() -> None:
    tokens = spans.tokens("a \u0378 b")
    result = token_probabilities(certain([1, 1]), pieces_of([(0, 1), (4, 5)]), tokens)
    assert result.argmax(axis=1).tolist() == [1, 0, 1]


def test_a_piece_over_two_tokens_speaks_for_both() -> None:
    tokens = spans.tokens("5mg")
    result = token_probabilities(certain([3]), pieces_of([(0, 3)]), tokens)
    assert [each.label for each in decode(result, tokens, LABELS)] == ["sign", "sign"]
