"""Spans: tokens, offsets in both units, widening, overlaps, tags and counts."""

from __future__ import annotations

import unicodedata
from itertools import pairwise

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from chartloop import spans
from chartloop.errors import InvalidRequest

# Every kind of character that has ever moved an offset: combining marks, astral ones, joiners, line ends, digits.
PIECES = ["a", "é", "e\u0301", "नि", "5", "½", " ", "\r\n", "\u200b", "\ufeff", "\u00a0", "\uffff", "😀", "-", "<b>", "\x07"]
any_text = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
texts = st.lists(st.sampled_from(PIECES), max_size=40).map("".join) | any_text


@st.composite
def texts_with_entities(draw: st.DrawFn) -> tuple[str, list[dict]]:
    text = draw(texts.filter(lambda text: len(text) > 0))
    bounds = st.tuples(st.integers(0, len(text)), st.integers(0, len(text))).map(sorted).filter(lambda b: b[0] < b[1])
    drawn = draw(st.lists(st.tuples(bounds, st.sampled_from("ABC")), max_size=12))
    return text, [{"start": start, "end": end, "label": label} for (start, end), label in drawn]


def surfaces(text: str) -> list[str]:
    return [text[start:end] for start, end in spans.tokens(text)]


def test_tokens_are_letter_runs_digit_runs_and_single_others() -> None:
    assert surfaces("Start 50mg b.i.d., pain_free\r\n") == [
        "Start", "50", "mg", "b", ".", "i", ".", "d", ".", ",", "pain", "_", "free"
    ]  # fmt: skip


def test_a_decomposed_word_is_one_token_like_the_composed_one() -> None:
    composed = "état après œdème"
    decomposed = unicodedata.normalize("NFD", composed)
    assert len(decomposed) > len(composed)
    assert len(surfaces(decomposed)) == len(surfaces(composed)) == 3


def test_marks_join_letters_only() -> None:
    assert surfaces("नमस्ते 5\u0301 \u0301x") == ["नमस्ते", "5", "\u0301", "\u0301", "x"]


@given(texts)
def test_tokens_tile_everything_that_is_no_white_space(text: str) -> None:
    found = spans.tokens(text)
    assert all(before[1] <= after[0] for before, after in pairwise(found))
    assert "".join(surfaces(text)) == "".join(text.split())


@given(texts)
def test_every_code_point_offset_goes_to_utf16_and_back(text: str) -> None:
    offsets = list(range(len(text) + 1))
    units = spans.to_utf16(text, offsets)
    assert units == [len(text[:offset].encode("utf-16-le", "surrogatepass")) // 2 for offset in offsets]
    assert spans.from_utf16(text, units) == offsets


@given(texts)
def test_a_utf16_offset_is_a_code_point_or_refused(text: str) -> None:
    good = set(spans.to_utf16(text, range(len(text) + 1)))
    for unit in set(range(max(good) + 3)) - good:
        with pytest.raises(InvalidRequest) as error:
            spans.from_utf16(text, [0, unit])
        past_end = unit > max(good)
        assert error.value.code == ("offset_past_end" if past_end else "offset_inside_surrogate")
        assert error.value.details == {"index": 1}


@given(texts_with_entities())
def test_widening_covers_the_span_and_is_idempotent(case: tuple[str, list[dict]]) -> None:
    text, entities = case
    found = spans.tokens(text)
    for entity in entities:
        wide = spans.widen(found, entity["start"], entity["end"])
        if wide is None:
            assert text[entity["start"] : entity["end"]].isspace()
            continue
        outside = text[entity["start"] : wide[0]] + text[max(wide[1], entity["start"]) : entity["end"]]
        assert not outside.strip()
        assert spans.widen(found, *wide) == wide
        assert {wide[0], wide[1]} <= {edge for token in found for edge in token}


def test_a_span_inside_words_grows_to_their_edges() -> None:
    found = spans.tokens("chronic headaches today")
    assert spans.widen(found, 3, 12) == (0, 17)
    assert spans.widen(found, 7, 18) == (8, 17)
    assert spans.widen(found, 7, 8) is None


@given(texts_with_entities(), st.randoms(use_true_random=False))
def test_overlap_resolution_is_disjoint_complete_and_independent_of_order(case, random) -> None:
    _, entities = case
    kept, set_aside = spans.resolve_overlaps(entities)
    assert all(one["end"] <= other["start"] for one, other in pairwise(kept))
    assert sorted(map(str, entities)) == sorted(map(str, kept + [entity for entity, _ in set_aside]))
    for entity, rival in set_aside:
        assert rival in kept
        assert max(entity["start"], rival["start"]) < min(entity["end"], rival["end"])
        assert rival["end"] - rival["start"] >= entity["end"] - entity["start"]
    shuffled = random.sample(entities, len(entities))
    assert spans.resolve_overlaps(shuffled)[0] == kept


def test_the_longest_is_kept_then_the_leftmost_then_the_first_label() -> None:
    spec = [(0, 4, "A"), (2, 9, "B"), (8, 12, "C"), (8, 12, "A"), (20, 24, "A"), (22, 26, "A"), (30, 31, "B"), (30, 31, "A")]
    kept, set_aside = spans.resolve_overlaps({"start": s, "end": e, "label": label} for s, e, label in spec)
    assert [(e["start"], e["end"], e["label"]) for e in kept] == [(2, 9, "B"), (20, 24, "A"), (30, 31, "A")]
    assert len(set_aside) == 5


@given(texts_with_entities())
def test_tags_and_back_give_the_same_entities(case: tuple[str, list[dict]]) -> None:
    text, drawn = case
    found = spans.tokens(text)
    wide = [(spans.widen(found, e["start"], e["end"]), e["label"]) for e in drawn]
    entities = [{"start": span[0], "end": span[1], "label": label} for span, label in wide if span]
    kept, _ = spans.resolve_overlaps(entities)
    tags = spans.tags(found, kept)
    assert len(tags) == len(found)
    assert spans.decode(found, tags) == kept


def test_an_inside_tag_that_continues_nothing_begins_an_entity() -> None:
    found = spans.tokens("a b c d")
    assert spans.decode(found, ["I-X", "I-X", "I-Y", "O"]) == [
        {"start": 0, "end": 3, "label": "X"},
        {"start": 4, "end": 5, "label": "Y"},
    ]


@given(texts_with_entities(), texts_with_entities())
def test_strict_counts_add_up_by_label(one, other) -> None:
    gold, predicted = one[1], other[1]
    counts = spans.entity_counts(gold, predicted)
    assert sum(c.tp + c.fn for c in counts.values()) == len({str(e) for e in gold})
    assert sum(c.tp + c.fp for c in counts.values()) == len({str(e) for e in predicted})
    swapped = spans.entity_counts(predicted, gold)
    assert {label: (c.tp, c.fn, c.fp) for label, c in counts.items()} == {label: tuple(c) for label, c in swapped.items()}


@given(texts_with_entities())
def test_moving_one_edge_costs_one_hit(case: tuple[str, list[dict]]) -> None:
    _, entities = case
    kept, _ = spans.resolve_overlaps(entities)
    assume(kept)
    moved = [{**kept[0], "end": kept[0]["end"] + 1, "confidence": 0.5}, *kept[1:]]
    assert spans.entity_counts(kept, moved)[kept[0]["label"]][1:] == (1, 1)
