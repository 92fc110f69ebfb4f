"""Files as posts: whole lines, nothing lost, line numbers that lead back."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from client.bodies import LIMIT, bodies, postable


@given(
    st.lists(st.binary(max_size=40).map(lambda line: line.replace(b"\n", b"")), max_size=30), st.booleans(), st.integers(1, 90)
)
def test_pieces_are_whole_lines_and_together_the_file(
    tmp_path_factory: pytest.TempPathFactory, lines: list[bytes], ended: bool, limit: int
) -> None:
    file = tmp_path_factory.mktemp("lines") / "notes.jsonl"
    file.write_bytes(b"\n".join(lines) + (b"\n" if ended else b""))
    pieces = list(bodies(file, limit))
    assert b"".join(piece.content for piece in pieces) == file.read_bytes()
    for piece, following in pairwise(pieces):
        assert piece.content.endswith(b"\n")
        assert following.lines_before == piece.lines_before + piece.content.count(b"\n")
    assert all(len(piece.content) <= limit or piece.content.count(b"\n") <= 1 for piece in pieces)


def test_other_formats_are_one_piece(tmp_path: Path) -> None:
    file = tmp_path / "rows.csv"
    file.write_bytes(b"record_id,text\nn-1,a\n")
    (only,) = bodies(file, 5)
    assert (only.content, only.content_type, only.lines_before) == (file.read_bytes(), "text/csv", 0)


@pytest.mark.parametrize(
    ("name", "size", "expected"),
    [
        ("a.jsonl", LIMIT + 1, True),
        ("a.csv", LIMIT, True),
        ("a.csv", LIMIT + 1, False),
        ("a.jsonl.gz", 9, False),
        ("a.txt", 9, False),
    ],
)
def test_what_a_post_can_carry(tmp_path: Path, name: str, size: int, expected: bool) -> None:
    file = tmp_path / name
    with file.open("wb") as stream:
        stream.truncate(size)
    assert postable(file) is expected
