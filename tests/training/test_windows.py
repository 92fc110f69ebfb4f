"""Windows: they tile the text, fit, overlap as asked, and never cut a line that fits."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.windows import Window, cut, cut_lines

shapes = st.integers(2, 40).flatmap(lambda capacity: st.tuples(st.just(capacity), st.integers(0, capacity - 1)))


@given(length=st.integers(0, 500), shape=shapes)
def test_own_parts_tile_the_text(length: int, shape: tuple[int, int]) -> None:
    found = cut(length, *shape)
    assert [place for w in found for place in range(w.own_start, w.own_stop)] == list(range(length))
    assert all(w.start <= w.own_start < w.own_stop <= w.stop and w.stop - w.start <= shape[0] for w in found)


@given(length=st.integers(0, 500), shape=shapes)
def test_neighbours_overlap_and_a_shared_piece_is_owned_farther_from_the_seam(length: int, shape: tuple[int, int]) -> None:
    for before, after in pairwise(cut(length, *shape)):
        assert before.stop - after.start == shape[1]
        for place in range(after.start, before.stop):
            to_end, from_start = before.stop - 1 - place, place - after.start
            assert (to_end + 1 >= from_start) if place < before.own_stop else (from_start + 1 >= to_end)


def test_an_overlap_as_wide_as_a_window_is_refused() -> None:
    with pytest.raises(ValueError, match="smaller"):
        cut(10, 4, 4)


@given(lines=st.lists(st.integers(1, 60), max_size=30), shape=shapes)
def test_lines_that_fit_are_whole(lines: list[int], shape: tuple[int, int]) -> None:
    capacity, overlap = shape
    starts = [sum(lines[:place]) for place in range(len(lines))]
    found = cut_lines(starts, sum(lines), capacity, overlap)
    assert [place for w in found for place in range(w.own_start, w.own_stop)] == list(range(sum(lines)))
    assert all(w.stop - w.start <= capacity for w in found)
    for start, length in zip(starts, lines, strict=True):
        holders = [w for w in found if w.own_start < start + length and start < w.own_stop]
        assert len(holders) == 1 or length > capacity


def test_neighbouring_lines_share_up_to_half_a_window() -> None:
    assert cut_lines([0, 3, 6], 9, 12, 2) == [Window(0, 6, 0, 6), Window(6, 9, 6, 9)]


def test_nothing_has_no_window() -> None:
    assert cut_lines([], 0, 8, 2) == []
