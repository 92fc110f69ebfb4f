"""Tables of code systems: the order file and tables of one's own, and what is wrong with a line."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from adapters import code_tables
from chartloop.codebook import Code
from chartloop.errors import FileProblem

ORDER = "00001 Q99     0 Invented chapter                                             Invented chapter\n" + (
    "00002 Q9901   1 Invented state, one side                                     Invented state of one side\n"
)


def table(tmp_path: Path, name: str, body: str) -> Path:
    path = tmp_path / name
    path.write_bytes(gzip.compress(body.encode()) if name.endswith(".gz") else body.encode())
    return path


@pytest.mark.parametrize("name", ["order.txt", "order.txt.gz"])
def test_the_order_file(tmp_path: Path, name: str) -> None:
    found = code_tables.read(table(tmp_path, name, ORDER))
    assert found == [Code("icd10cm", "Q99.01", "Invented state of one side")]


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("own.csv", '\ufeffdescription,code\r\n"Glucose, in blood",2345-7\r\n'),
        ("own.jsonl", '{"code": "2345-7", "description": "Glucose, in blood", "class": "x"}\n\n'),
        ("own.jsonl.gz", '{"code": "2345-7", "description": "Glucose, in blood"}\n'),
    ],
)
def test_a_table_of_ones_own(tmp_path: Path, name: str, body: str) -> None:
    found = code_tables.read(table(tmp_path, name, body), "loinc")
    assert found == [Code("loinc", "2345-7", "Glucose, in blood")]
    assert code_tables.read(table(tmp_path, "again.jsonl", code_tables.to_lines(found).decode()), "loinc") == found


@pytest.mark.parametrize(
    ("name", "body", "code"),
    [
        ("a.csv", "code,description\nI10,\n", "not_the_format"),
        ("a.csv", "code;description\nI10;x\n", "not_the_format"),
        ("a.csv", "code,description\n", "nothing_parsed"),
        ("a.csv", "code,description\nI10,a\ni10,b\n", "duplicate_key"),
        ("a.csv", f"code,description\n{'9' * 41},a\n", "not_the_format"),
        ("a.jsonl", "{\n", "not_the_format"),
        ("a.jsonl", "[1]\n", "not_the_format"),
        ("a.jsonl", '{"code": 5, "description": "x"}\n', "not_the_format"),
        ("a.txt", "no order file\n", "not_the_format"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, name: str, body: str, code: str) -> None:
    with pytest.raises(FileProblem) as raised:
        code_tables.read(table(tmp_path, name, body))
    assert (raised.value.code, raised.value.field) == (code, name)


def test_half_a_file_and_another_encoding(tmp_path: Path) -> None:
    (tmp_path / "a.csv.gz").write_bytes(gzip.compress(b"code,description\nI10,x\n")[:-9])
    (tmp_path / "b.csv").write_bytes("code,description\nI10,é\n".encode("latin-1"))
    for name, code in (("a.csv.gz", "truncated"), ("b.csv", "not_utf8")):
        with pytest.raises(FileProblem) as raised:
            code_tables.read(tmp_path / name)
        assert raised.value.code == code
