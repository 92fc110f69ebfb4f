"""Generated transcriptions: the same from a seed, valid records, each label's own sentences in it, and patients with several."""

from __future__ import annotations

from collections import Counter

from chartloop.records import BatchOptions, check
from client import transcriptions


def test_a_seed_gives_the_same_and_a_longer_list_begins_with_the_shorter() -> None:
    first = transcriptions.write(30, seed=4)
    assert transcriptions.write(60, seed=4)[:30] == first
    assert transcriptions.write(30, seed=5) != first
    assert len({record["record_id"] for record in first}) == 30


def test_each_is_a_record_of_the_task_with_its_patient() -> None:
    written = transcriptions.write(200, seed=1)
    assert all(check("classification", record, BatchOptions(), {}).problem is None for record in written)
    patients = Counter(record["patient_id"] for record in written if "patient_id" in record)
    assert max(patients.values()) > 1 and sum(patients.values()) < 200


def test_only_a_label_s_own_sentences_tell_it_and_few_labels_are_wrong() -> None:
    written = transcriptions.write(300, seed=2)
    right = 0
    for record in written:
        told = [
            label for label, section in transcriptions.TELLING.items()
            if any(sentence.split("{")[0] in record["text"] for sentence in section.sentences if len(sentence.split("{")[0]) > 20)
        ]  # fmt: skip
        assert len(told) <= 1
        right += told in ([], [record["label"]])
    assert 280 < right < 300


def test_other_labels_may_be_asked_for() -> None:
    labels = tuple(transcriptions.TELLING)[:2]
    assert {record["label"] for record in transcriptions.write(40, seed=3, labels=labels)} == set(labels)
