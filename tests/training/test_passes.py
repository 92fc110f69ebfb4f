"""Batches of windows."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from training import passes

lengths = st.lists(st.integers(0, 9), max_size=40)


@given(lengths=lengths, size=st.integers(1, 8), mixed=st.booleans())
def test_batches_hold_every_row_once(lengths: list[int], size: int, mixed: bool) -> None:
    found = list(passes.batches(lengths, size, mixed=mixed))
    assert sorted(place for batch in found for place in batch) == list(range(len(lengths)))
    assert all(0 < len(batch) <= size for batch in found)
    assert mixed or all(len({lengths[place] for place in batch}) == 1 for batch in found)
