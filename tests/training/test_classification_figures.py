"""What a classifier's answers are worth: known answers, labels that are left out, and when the cheaper model is proposed."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from sklearn.metrics import accuracy_score, confusion_matrix, f1_score

from chartloop.snapshots import StoredRecord
from training import classification_figures as figures
from training.classification_figures import Sample

PAIRS = [("a", "a")] * 6 + [("a", "b")] * 2 + [("b", "b")] * 3 + [("b", "c"), ("c", "a"), ("c", "c")]


def samples(pairs: Sequence[tuple[str, str]], a_group: int = 2) -> list[Sample]:
    return [Sample(f"t:{place // a_group}", f"{place:04d}", *pair) for place, pair in enumerate(pairs)]


def stored(label: str, place: int) -> StoredRecord:
    return StoredRecord(f"r{place}", "b", 1, place, f"t:{place}", f"{place:064d}", {"text": "t", "label": label})


def test_the_figures_are_those_of_scikit_learn() -> None:
    gold, found = zip(*PAIRS, strict=True)
    part = figures.part(samples(PAIRS))
    assert part.metrics == pytest.approx(
        {"accuracy": accuracy_score(gold, found), "macro_f1": f1_score(gold, found, average="macro")}
    )
    assert part.labels["b"].f1 == pytest.approx(f1_score(gold, found, average=None, labels=["b"])[0])
    assert (part.records, part.groups) == (14, 7)
    assert figures.confusion(samples(PAIRS)).counts == tuple(map(tuple, confusion_matrix(gold, found).tolist()))


def test_the_trivial_model_says_what_most_records_are() -> None:
    part = figures.part(samples(PAIRS))
    assert part.baseline == pytest.approx({"accuracy": 8 / 14, "macro_f1": (2 * 8 / (8 + 14)) / 3})


def test_right_answers_stand_in_the_order_of_the_hashes() -> None:
    one = [Sample("g", "3", "a", "a"), Sample("g", "1", "a", "b"), Sample("g", "2", "b", "b")]
    [group] = figures.groups_of(one)
    assert (group.right, group.correct, group.records) == ("011", 2, 3)


def test_a_label_that_is_left_out_counts_neither_as_annotated_nor_as_found() -> None:
    answers = [{"a": 0.2, "b": 0.3, "new": 0.5}, {"a": 0.1, "b": 0.1, "new": 0.8}]
    [only] = figures.samples([stored("b", 1), stored("new", 2)], answers, {"new"})
    assert (only.label, only.found) == ("b", "b")


def test_nothing_to_count_is_no_figure() -> None:
    part = figures.part([])
    assert part.metrics == part.baseline == {"accuracy": None, "macro_f1": None}


def test_the_encoder_that_is_better_beyond_doubt_is_not_called_in_question() -> None:
    ours = samples([("a", "a"), ("b", "b")] * 40)
    theirs = samples([("a", "b"), ("b", "b"), ("a", "a"), ("b", "a")] * 20)
    beside = figures.baseline("words", ours, theirs)
    assert not beside.proposed and beside.metrics["accuracy"] == 0.5
    assert beside.interval is not None and beside.interval["low"] > 0
    assert beside.message.endswith("the encoder is better.")


@pytest.mark.parametrize("theirs", [[("a", "a"), ("b", "b")] * 40, [("a", "a"), ("b", "b")] * 39 + [("a", "b"), ("b", "b")]])
def test_the_cheaper_is_proposed_where_the_encoder_is_not_proven_better(theirs: list[tuple[str, str]]) -> None:
    beside = figures.baseline("words", samples([("a", "a"), ("b", "b")] * 40), samples(theirs))
    assert beside.proposed and "the cheaper words is proposed" in beside.message


def test_too_few_groups_prove_nothing() -> None:
    beside = figures.baseline("words", samples([("a", "a")] * 4), samples([("a", "b")] * 4))
    assert beside.proposed and beside.interval is None and "too few groups" in beside.message
