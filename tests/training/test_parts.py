"""Several machines prepare and embed what one does: the same snapshot, ids and vectors, however the shards fall."""

from __future__ import annotations

import json
import random
import shutil
import tempfile
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chartloop import parts, snapshots, vectors
from chartloop.errors import JobFailed
from tests.training import tiny
from training import dataset, embed
from training.jobs import part_of
from training.prepare import prepare


def build(folder: Path, batches: list[list[tuple[int, int]]], chance: random.Random) -> None:
    """A request over shards of (record, text) pairs: numbers that come again are replaced records and repeated texts."""
    notes = [tiny.note(chance) for _ in range(6)]
    entries = []
    (folder / "records").mkdir()
    for sequence, batch in enumerate(batches, start=1):
        body = b"".join(
            snapshots.stored_line(
                record_id=f"r{record}",
                batch_id=f"b{sequence}",
                sequence=sequence,
                line=line,
                group=f"g{record}",
                record=notes[text],
            )
            for line, (record, text) in enumerate(batch, start=1)
        )
        (folder / "records" / f"b{sequence}.jsonl").write_bytes(body)
        entries.append(snapshots.shard_entry(f"records/ner/b{sequence}.jsonl", body) | {"sequence": sequence})
    request = {"task": "ner", "snapshot": snapshots.snapshot_hash(entries), "records": entries, "settings": {}}
    (folder / "request.json").write_text(json.dumps(request))


def prepared(folder: Path, of: int) -> Path:
    """What `of` machines make, to each of which SageMaker gave some of the shards."""
    output = folder / f"out{of}"
    shards = sorted((folder / "records").iterdir())
    for part in range(1, of + 1):
        mine = folder / f"machine{part}-of-{of}"
        mine.mkdir()
        for path in shards[part - 1 :: of]:
            shutil.copy(path, mine)
        prepare(folder, mine, output, part, of)
    return output


BATCHES = st.lists(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), min_size=1, max_size=5), min_size=1, max_size=5)


@given(batches=BATCHES, seed=st.integers(0, 99))
@settings(max_examples=40, deadline=None)
def test_the_snapshot_is_the_same_for_any_number_of_machines(batches: list[list[tuple[int, int]]], seed: int) -> None:
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        build(folder, batches, random.Random(seed))
        one, two, three = (dataset.read(prepared(folder, of)) for of in (1, 2, 3))
    assert one == two == three


@pytest.fixture(scope="module")
def alone(snapshot: Path, base: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("alone")
    embed.embed(snapshot, base, None, folder, engine="openvino")
    return folder


@pytest.mark.parametrize("of", [2, 3])
def test_vectors_are_the_same_for_any_number(snapshot: Path, base: Path, alone: Path, tmp_path: Path, of: int) -> None:
    for part in range(1, of + 1):
        embed.embed(snapshot, base, None, tmp_path, engine="openvino", part=part, of=of)
    suffixes = parts.whole(path.name for path in tmp_path.iterdir())
    assert suffixes == [f"-{part}-of-{of}" for part in range(1, of + 1)]
    known = partial(embed.embed, snapshot, base, tmp_path, tmp_path / "again", engine="openvino", of=of)
    again = [known(part=part) for part in range(1, of + 1)]
    assert sum(each["reused"] for each in again) == 80
    vectors.merge(tmp_path, suffixes)
    for name in vectors.names()[1:]:
        assert (tmp_path / name).read_bytes() == (alone / name).read_bytes(), name
    assert np.allclose(np.load(tmp_path / "vectors.npy"), np.load(alone / "vectors.npy"), atol=1e-6)


def broken(folder: Path) -> dict[str, Any]:
    build(folder, [[(0, 0)], [(1, 1)]], random.Random(1))
    manifest: dict[str, Any] = json.loads((prepared(folder, 2) / "manifest-2-of-2.json").read_text())
    return manifest


def test_a_part_that_did_not_end_makes_no_snapshot(tmp_path: Path) -> None:
    broken(tmp_path)
    (tmp_path / "out2" / "manifest-2-of-2.json").unlink()
    with pytest.raises(JobFailed, match="not whole"):
        dataset.read(tmp_path / "out2")


def test_a_shard_that_no_machine_had_is_missed(tmp_path: Path) -> None:
    manifest = broken(tmp_path)
    (tmp_path / "out2" / "manifest-2-of-2.json").write_text(json.dumps({**manifest, "shards": []}))
    with pytest.raises(JobFailed, match="lack a shard"):
        dataset.read(tmp_path / "out2")


def test_parts_of_another_number_of_machines_are_passed_over() -> None:
    assert parts.whole(["manifest-1-of-3.json", "manifest-2-of-2.json", "manifest-1-of-2.json"]) == ["-1-of-2", "-2-of-2"]
    assert parts.whole(["manifest-1-of-2.json", "manifest.json"]) == [""]
    assert parts.whole(["manifest-1-of-2.json"]) == []


def test_a_machine_knows_its_place(tmp_path: Path) -> None:
    environ = {"SAGEMAKER_BASE_DIR": str(tmp_path)}
    assert part_of(environ) == (1, 1)
    (tmp_path / "config").mkdir()
    described = {"current_host": "algo-2", "hosts": ["algo-1", "algo-2", "algo-3"]}
    (tmp_path / "config" / "resourceconfig.json").write_text(json.dumps(described))
    assert part_of(environ) == (2, 3)
