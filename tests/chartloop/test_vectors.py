"""Embeddings as files: what is written is read, parts become one, and S3 gives either as one set."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from chartloop import keys, vectors
from chartloop.errors import JobFailed
from tests.fakes import FakeObjects

I10, J45, Q1 = ("icd10cm", "I10"), ("icd10cm", "J45.909"), ("own", "Q1")
CODES = [[J45, I10], [], [Q1, I10, I10], [Q1]]
ALL = vectors.Rows(list("abcd"), ["r1", "r2", "r3", "r4"], CODES, np.eye(4, 3, dtype=np.float32))
ABOUT = {"model_hash": "m", "engine": "openvino", "precision": "bf16", "snapshot": "s", "reused": 1, "descriptions": {}}


def some(*rows: int) -> vectors.Rows:
    columns = ([column[row] for row in rows] for column in (ALL.hashes, ALL.record_ids, ALL.codes))
    return vectors.Rows(*columns, ALL.values[list(rows)].reshape(len(rows), 3))  # type: ignore[arg-type]


def test_the_files_are_those_of_the_contract(tmp_path: Path) -> None:
    manifest = vectors.write(tmp_path, ALL, ABOUT)
    assert manifest == {**ABOUT, "count": 4, "dims": 3, "codes": 5} == json.loads((tmp_path / "manifest.json").read_text())
    assert np.load(tmp_path / "vectors.npy").dtype == np.float32
    assert json.loads((tmp_path / "ids.json").read_text()) == {"a": 0, "b": 1, "c": 2, "d": 3}
    assert json.loads((tmp_path / "record_ids.json").read_text()) == ["r1", "r2", "r3", "r4"]
    codes = json.loads((tmp_path / "codes.json").read_text())
    assert [(each["system"], each["code"]) for each in codes] == [I10, J45, Q1]
    pairs = np.load(tmp_path / "codes.npy")
    assert pairs.dtype == np.int32 and pairs.tolist() == [[0, 0], [0, 1], [2, 0], [2, 2], [3, 2]]


def test_what_was_written_is_read(tmp_path: Path) -> None:
    vectors.write(tmp_path, ALL, ABOUT)
    rows, manifest = vectors.read(tmp_path)
    assert (rows.hashes, rows.record_ids) == (ALL.hashes, ALL.record_ids)
    assert rows.codes == [sorted(set(its)) for its in CODES]
    assert (rows.values == ALL.values).all() and manifest["codes"] == 5


@pytest.mark.parametrize("shares", [[(1,), (0, 2, 3)], [(0, 3), (), (1, 2)], [(3,), (2,), (1,), (0,)]])
def test_parts_become_what_a_lone_machine_writes(tmp_path: Path, shares: list[tuple[int, ...]]) -> None:
    vectors.write(tmp_path / "alone", ALL, {**ABOUT, "reused": len(shares)})
    suffixes = [f"-{part}-of-{len(shares)}" for part in range(1, len(shares) + 1)]
    for suffix, share in zip(suffixes, shares, strict=True):
        vectors.write(tmp_path / "parts", some(*share), ABOUT, suffix)
    vectors.merge(tmp_path / "parts", suffixes)
    for name in vectors.names():
        assert (tmp_path / "parts" / name).read_bytes() == (tmp_path / "alone" / name).read_bytes(), name


def test_records_without_codes_have_an_empty_table(tmp_path: Path) -> None:
    assert vectors.write(tmp_path, some(1), ABOUT)["codes"] == 0
    assert np.load(tmp_path / "codes.npy").shape == (0, 2)
    assert json.loads((tmp_path / "codes.json").read_text()) == []


def put(objects: FakeObjects, folder: Path) -> None:
    for path in (path for path in folder.rglob("*") if path.is_file()):
        objects.put(keys.embeddings("ner", "s") + path.relative_to(folder).as_posix(), path.read_bytes())


def test_a_snapshots_embeddings_come_with_their_descriptions_and_nothing_else(tmp_path: Path) -> None:
    objects = FakeObjects()
    for suffix, share in (("-1-of-2", (0, 2)), ("-2-of-2", (1, 3))):
        vectors.write(tmp_path / "made", some(*share), {**ABOUT, "descriptions": {"icd10cm": 2}}, suffix)
    (tmp_path / "made" / "descriptions").mkdir()
    for name in ("icd10cm.jsonl", "icd10cm.npy", "old.npy"):
        (tmp_path / "made" / "descriptions" / name).write_bytes(b"x")
    put(objects, tmp_path / "made")
    (tmp_path / "here").mkdir()
    found = vectors.fetch(objects, "ner", "s", tmp_path / "here")
    assert found == [*vectors.names(), "descriptions/icd10cm.jsonl", "descriptions/icd10cm.npy"]
    assert all((tmp_path / "here" / name).exists() for name in found)
    assert vectors.read(tmp_path / "here")[0].hashes == ALL.hashes


def test_embeddings_that_are_not_whole_are_refused(tmp_path: Path) -> None:
    objects = FakeObjects()
    vectors.write(tmp_path / "made", ALL, ABOUT, "-1-of-2")
    put(objects, tmp_path / "made")
    with pytest.raises(JobFailed, match="not whole"):
        vectors.fetch(objects, "ner", "s", tmp_path)
