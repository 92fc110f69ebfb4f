"""Windows over a long text: neighbours overlap, and each piece is owned by the window that sees most around it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise


@dataclass(frozen=True)
class Window:
    """Pieces `start` to `stop` go through the encoder; of these, `own_start` to `own_stop` count. All half open."""

    start: int
    stop: int
    own_start: int
    own_stop: int

    @property
    def own(self) -> slice:
        """The owned pieces, counted from the text's start."""
        return slice(self.own_start, self.own_stop)

    @property
    def own_inside(self) -> slice:
        """The owned pieces, counted from the window's start."""
        return slice(self.own_start - self.start, self.own_stop - self.start)


def cut(length: int, capacity: int, overlap: int) -> list[Window]:
    """Windows of at most `capacity` pieces over `length` pieces; their own parts tile `0..length` in order.

    Neighbours share `overlap` pieces (less than `capacity`), of which each owns its half.
    """
    if not 0 <= overlap < capacity:
        raise ValueError("the overlap must be smaller than a window")
    starts = range(0, max(length - overlap, 1), capacity - overlap) if length else range(0)
    edges = [0, *(start + overlap // 2 for start in starts[1:]), length]
    return [Window(start, min(start + capacity, length), *edges[place : place + 2]) for place, start in enumerate(starts)]


def cut_lines(line_starts: Sequence[int], length: int, capacity: int, overlap: int) -> list[Window]:
    """Windows of whole lines; only a line that is longer than a window is cut, with overlap.

    Lines are joined up to half a window: full windows would halve the updates of an epoch, which a small set cannot spare.

    `line_starts` are the pieces that begin a line, ascending, 0 the first. A note breaks lines where a thought
    ends, so whole lines need no overlap, and nothing is computed twice.
    """
    windows: list[Window] = []
    for start, stop in _blocks([*line_starts, length], capacity // 2):
        windows += [_moved(window, start) for window in cut(stop - start, capacity, overlap)]
    return windows


def _blocks(edges: Sequence[int], most: int) -> list[tuple[int, int]]:
    """Neighbouring lines joined to blocks of at most `most` pieces; a longer line is a block of its own."""
    blocks: list[tuple[int, int]] = []
    for start, stop in pairwise(edges):
        if blocks and stop - blocks[-1][0] <= most:
            blocks[-1] = (blocks[-1][0], stop)
        else:
            blocks.append((start, stop))
    return blocks


def _moved(window: Window, by: int) -> Window:
    return Window(window.start + by, window.stop + by, window.own_start + by, window.own_stop + by)
