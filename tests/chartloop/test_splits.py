"""The holdout split: groups, sides, and near-duplicates by MinHash."""

from __future__ import annotations

import hashlib
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chartloop import splits
from chartloop.splits import Neighbour

VOCABULARY = [f"word{number}" for number in range(3000)]


def text_of(length: int, seed: int) -> list[str]:
    return random.Random(seed).choices(VOCABULARY, k=length)


@given(st.text(), st.sampled_from(["ner", "classification"]))
def test_a_side_is_stable_and_the_one_of_the_contract(group: str, task: str) -> None:
    group = group.encode("utf-8", "replace").decode()
    place = int.from_bytes(hashlib.sha256(f"{task}:{group}".encode()).digest()) % 100
    assert splits.side(task, group) == splits.side(task, group) == ("holdout" if place < 20 else "training")


def test_about_one_group_in_five_is_held_out() -> None:
    sides = [splits.side("ner", f"p:{number}") for number in range(10_000)]
    assert 1900 < sides.count("holdout") < 2100
    other = [splits.side("classification", f"p:{number}") for number in range(10_000)]
    assert sides != other


def test_the_group_is_the_patients_else_the_neighbours_else_the_texts() -> None:
    record = {"text": "a note", "patient_id": "p-7"}
    near = Neighbour("t:other")
    by_patient = splits.group_of(record, "a note", near)
    assert by_patient == splits.group_of({"text": "another", "patient_id": "p-7"}, "another", None)
    assert by_patient.startswith("p:")
    assert "p-7" not in by_patient
    del record["patient_id"]
    assert splits.group_of(record, "a note", near) == "t:other"
    assert splits.group_of(record, "a note", None) == "t:" + hashlib.sha256(b"a note").hexdigest()
    assert splits.group_of(record, "a note", None, gold=True) == "g:" + hashlib.sha256(b"a note").hexdigest()
    assert by_patient == "p:" + hashlib.sha256(b"p-7").hexdigest()


def test_rows_without_text_are_groups_of_their_own_by_their_features() -> None:
    groups = {splits.group_of({"features": {"age": age}, "target": 1.0}, "", None) for age in range(50)}
    assert len(groups) == 50
    assert splits.group_of({"features": {"age": 1}, "target": 2.0}, "", None) in groups
    own = hashlib.sha256(b'{"features":{"age":1}}').hexdigest()
    assert splits.group_of({"features": {"age": 1}, "target": 2.0}, "", None) == f"t:{own}"


def test_signatures_and_bands_must_stay_what_they_were() -> None:
    signature = splits.signature("the quick brown fox jumps over the lazy dog")
    assert len(signature) == 512
    assert hashlib.sha256(signature).hexdigest() == "b4aaf1ac0a9341c246d4773beccf1950ccfab23b80e879a8d28c204e49766017"
    bands = splits.bands(signature)
    assert len(bands) == 12
    assert bands == [f"{band:02d}-{signature[20 * band : 20 * band + 20].hex()}" for band in range(12)]


def test_the_text_is_cut_into_grams_of_five_words() -> None:
    """Six words have two grams; with the first of them in common, one of three is the same."""
    one, other = (splits.signature(f"a b c d e {last}") for last in "fg")
    assert splits.signature("a b c d e") != splits.signature("a b c d f") != one
    assert abs(splits.similarity(one, other) - 1 / 3) < 0.15
    assert splits.similarity(one, one) == 1
    assert splits.similarity(bytes(512), bytes(508) + b"\1\0\0\0") == 127 / 128


def test_gold_without_a_patient_is_always_held_out() -> None:
    assert {splits.side("ner", f"g:{number}") for number in range(50)} == {"holdout"}


def test_case_and_white_space_do_not_matter_and_short_texts_are_taken_whole() -> None:
    assert splits.signature("Chest  PAIN\r\n") == splits.signature("chest pain")
    short = hashlib.sha256(splits.signature("chest pain")).hexdigest()
    assert short == "ea7f5c1b43b4fae2b58c23bd8a8e7f94dfeb02d29125097fb7c3a2595cf9d5fe"
    assert splits.similarity(splits.signature("chest pain"), splits.signature("leg pain")) < 0.2
    assert len(splits.signature("")) == 512


@pytest.mark.parametrize("length", [30, 60, 300])
@pytest.mark.parametrize("target", [0.3, 0.5, 0.8, 0.9])
def test_the_estimate_is_near_the_jaccard_similarity(length: int, target: float) -> None:
    for seed in range(20):
        one = text_of(length, seed)
        changed = round((length - 4) * (1 - target) / (1 + target))
        other = one[: length - changed] + text_of(changed, seed + 1000)
        exact = _jaccard(one, other)
        estimate = splits.similarity(splits.signature(" ".join(one)), splits.signature(" ".join(other)))
        assert abs(estimate - exact) < 0.15


def test_a_note_with_one_word_changed_meets_the_first_and_is_near() -> None:
    for seed in range(200):
        one = text_of(60, seed)
        other = [*one[:30], "changed", *one[31:]]
        a, b = splits.signature(" ".join(one)), splits.signature(" ".join(other))
        assert _jaccard(one, other) >= 0.8
        assert set(splits.bands(a)) & set(splits.bands(b))
        assert splits.similarity(a, b) >= splits.NEAR


def test_different_notes_rarely_meet_and_are_never_near() -> None:
    signatures = [splits.signature(" ".join(text_of(60, seed))) for seed in range(100)]
    for place, one in enumerate(signatures):
        for other in signatures[:place]:
            assert splits.similarity(one, other) < 0.1
            assert not set(splits.bands(one)) & set(splits.bands(other))


def test_bands_differ_by_their_place() -> None:
    bands = splits.bands(splits.signature("")[:20] * 12)
    assert len(set(bands)) == 12


def _jaccard(one: list[str], other: list[str]) -> float:
    a, b = ({tuple(words[i : i + 5]) for i in range(len(words) - 4)} for words in (one, other))
    return len(a & b) / len(a | b)


@pytest.mark.parametrize(("place", "side"), [(splits.HOLDOUT_PERCENT - 1, "holdout"), (splits.HOLDOUT_PERCENT, "training")])
def test_the_holdout_ends_where_its_percent_do(place: int, side: str) -> None:
    group = next(
        name for name in map(str, range(10_000)) if int(hashlib.sha256(f"ner:{name}".encode()).hexdigest(), 16) % 100 == place
    )
    assert splits.side("ner", group) == side
