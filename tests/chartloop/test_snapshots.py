"""Snapshots: shards, their hashes, the request and what it selects."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chartloop import records, snapshots
from chartloop.errors import JobFailed
from chartloop.ner import NerSettings

NOW = datetime(2026, 11, 21, 8, 1, 2, tzinfo=UTC)


def shard(batch: str, sequence: int, texts: dict[str, str]) -> bytes:
    """A shard with one record per id."""
    lines = [
        snapshots.stored_line(
            record_id=record_id, batch_id=batch, sequence=sequence, line=line, group=f"t:{text}",
            record={"record_id": record_id, "patient_id": "p-9", "text": text, "entities": []},
        )
        for line, (record_id, text) in enumerate(texts.items(), start=1)
    ]  # fmt: skip
    return b"".join(lines)


def entry(key: str, body: bytes, **more: Any) -> dict[str, Any]:
    return {"batch_id": key, **snapshots.shard_entry(key, body), "sequence": 1, **more}


def test_a_stored_line_reads_back_and_names_no_patient() -> None:
    body = shard("b-1", 7, {"n-1": "Chest pain\u2028\r\n.", "n-2": "Well."})
    assert b"p-9" not in body
    first, second = snapshots.read_shard(body)
    assert (first.record_id, first.batch_id, first.sequence, first.line) == ("n-1", "b-1", 7, 1)
    assert first.group == "t:Chest pain\u2028\r\n."
    assert first.record == {"text": "Chest pain\u2028\r\n.", "entities": []}
    assert first.sha256 == records.digest(first.record)
    assert second.line == 2
    assert set(json.loads(body.splitlines()[0])) == {"record_id", "batch_id", "sequence", "line", "group", "sha256", "record"}


@pytest.mark.parametrize("body", [b"{}\n", b"no JSON\n", b"[]\n", b'{"record_id": "x"}\n'])
def test_a_damaged_shard_fails_the_job_by_its_line(body: bytes) -> None:
    with pytest.raises(JobFailed, match="line 2"):
        snapshots.read_shard(shard("b", 1, {"n": "text"}) + body)


def test_a_shard_with_other_bytes_fails_the_job() -> None:
    body = shard("b-1", 1, {"n-1": "one"})
    with pytest.raises(JobFailed) as error:
        snapshots.select([entry("records/ner/b-1.jsonl", body)], lambda _: body.replace(b"one", b"two"))
    assert error.value.code == "shard_changed"


def batch(name: str, sequence: int, train: bytes | None, holdout: bytes | None) -> dict[str, Any]:
    return {
        "batch_id": name, "sequence": sequence, "status": "processed",
        "train": train and snapshots.shard_entry(f"records/ner/{name}.jsonl", train),
        "holdout": holdout and snapshots.shard_entry(f"holdout/ner/{name}.jsonl", holdout),
    }  # fmt: skip


def test_a_request_is_what_the_contract_says() -> None:
    one, two = shard("b-1", 1, {"n-1": "one"}), shard("b-2", 2, {"n-2": "two", "n-3": "three"})
    batches = [batch("b-2", 2, two, two), batch("b-1", 1, one, None), batch("b-3", 3, None, one)]
    request = snapshots.build_request("ner-1", "ner", batches, {"b-2"}, NerSettings(minimum_records=5), NOW)
    assert request["created_at"] == "2026-11-21T08:01:02.000Z"
    assert [(shard["batch_id"], shard["records"], shard["sequence"]) for shard in request["records"]] == [
        ("b-1", 1, 1), ("b-2", 2, 2),
    ]  # fmt: skip
    assert [(shard["key"], shard["settled"]) for shard in request["holdout"]] == [
        ("holdout/ner/b-2.jsonl", True), ("holdout/ner/b-3.jsonl", False),
    ]  # fmt: skip
    assert request["settings"]["minimum_records"] == 5
    assert json.loads(json.dumps(request)) == request
    again = snapshots.build_request("ner-2", "ner", reversed(batches), set(), NerSettings(), NOW)
    assert again["snapshot"] == request["snapshot"]


def test_the_snapshots_hash_is_that_of_both_sides_in_any_order() -> None:
    one, two = entry("a", b"x\n"), entry("b", b"y\n")
    assert snapshots.snapshot_hash([one, two]) == snapshots.snapshot_hash([two, one])
    assert snapshots.snapshot_hash([one]) != snapshots.snapshot_hash([one, two])
    assert len(snapshots.snapshot_hash([])) == 64


def test_the_newest_version_and_the_first_of_equal_texts_count() -> None:
    bodies = {
        "1": shard("b-1", 1, {"a": "first words", "b": "same words", "c": "gone"}),
        "2": shard("b-2", 2, {"a": "later words", "d": "same words"}),
        "3": shard("b-3", 3, {"c": "same words", "e": "alone"}),
    }
    entries = [entry(key, bodies[key], settled=key == "1") for key in ("3", "1", "2")]
    found = snapshots.select(entries, bodies.__getitem__)
    assert [(record.record_id, record.record["text"], record.settled) for record in found] == [
        ("b", "same words", True), ("a", "later words", False), ("e", "alone", False),
    ]  # fmt: skip


def test_equal_rows_without_text_all_count() -> None:
    row = {"features": {"age": 71}, "target": 1.0}
    place = {"batch_id": "b", "sequence": 1, "line": 1, "group": "t:1"}
    body = b"".join(snapshots.stored_line(record_id=name, record=row, **place) for name in "ab")
    assert len(snapshots.select([entry("k", body)], lambda _: body)) == 2


texts = st.dictionaries(st.sampled_from("abcdef"), st.sampled_from(["one", "two", "three", "four"]), max_size=6)


@given(st.lists(texts, min_size=1, max_size=4), st.randoms(use_true_random=False))
def test_selection_does_not_depend_on_the_order_of_the_shards(drawn: list[dict[str, str]], random: Any) -> None:
    bodies = {str(place): shard(f"b-{place}", place, held) for place, held in enumerate(drawn, start=1)}
    entries = [entry(key, body, settled=key == "1") for key, body in bodies.items()]
    found = snapshots.select(entries, bodies.__getitem__)
    assert snapshots.select(random.sample(entries, len(entries)), bodies.__getitem__) == found
    newest: dict[str, str] = {}
    for held in drawn:
        newest |= held
    assert {record.record["text"] for record in found} == set(newest.values())
    assert len(found) == len({record.record["text"] for record in found})
    assert all(newest[record.record_id] == record.record["text"] for record in found)
