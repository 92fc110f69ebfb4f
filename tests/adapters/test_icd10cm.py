"""The order file: billable codes with a point, and a coded error for any other file."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from adapters.icd10cm import pointed, read
from chartloop.codebook import Code
from chartloop.errors import FileProblem
from tests.corpus.public import data


def line(number: int, code: str, billable: int, short: str, long: str) -> str:
    return f"{number:05} {code:<7} {billable} {short:<60} {long}\n"


LINES = line(1, "X99", 0, "A header", "A header") + line(2, "X991", 1, "Short", "A made-up finding, left")


def test_billable_codes_with_their_long_description(tmp_path: Path) -> None:
    plain, packed = tmp_path / "order.txt", tmp_path / "order.txt.gz"
    plain.write_text(LINES)
    packed.write_bytes(gzip.compress(LINES.encode()))
    assert list(read(plain)) == list(read(packed)) == [Code("icd10cm", "X99.1", "A made-up finding, left")]


def test_another_file_is_refused_with_the_line(tmp_path: Path) -> None:
    file = tmp_path / "order.txt"
    file.write_text(LINES + "code;text\n")
    with pytest.raises(FileProblem, match="line 3") as refused:
        list(read(file))
    assert refused.value.code == "not_the_format"


@pytest.mark.parametrize(("sent", "billed"), [("s52501a", "S52.501A"), ("I10", "I10"), ("n44.8", "N44.8")])
def test_a_code_is_spelled_as_it_is_billed(sent: str, billed: str) -> None:
    assert pointed(sent) == billed


def test_the_published_table() -> None:
    codes = list(read(data("icd10cm") / "icd10cm-order-Jan-2021.txt.gz"))
    assert len(codes) == 72_621
    assert Code("icd10cm", "I10", "Essential (primary) hypertension") in codes
