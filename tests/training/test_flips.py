"""Flips: known answers, and what is shown of them."""

from __future__ import annotations

from typing import Any

import pytest

from training import flips
from training.flips import Answered, Flip

TEXT = "Plan of care.\nThe patient takes aspirin 100 mg daily. Denies chest pain.\nSeen by the team."


def at(surface: str, label: str, text: str = TEXT, **more: Any) -> dict[str, Any]:
    start = text.index(surface)
    return {"start": start, "end": start + len(surface), "label": label, **more}


DRUG, DOSE, SIGN = at("aspirin", "drug"), at("100 mg", "dose"), at("chest pain", "sign")


def found(truth: list[Any], candidate: list[Any], champion: list[Any], text: str = TEXT) -> list[Flip]:
    return flips.of_entities([Answered("n1", text, truth, candidate, champion)])


def ways(some: list[Flip]) -> list[tuple[str, str]]:
    return sorted((flip.way, flip.label) for flip in some)


def test_what_the_candidate_found_first_is_fixed_and_what_it_lost_is_broken() -> None:
    assert ways(found([DRUG, DOSE, SIGN], [DRUG, DOSE], [DRUG, SIGN])) == [("broken", "sign"), ("fixed", "dose")]


def test_what_both_have_or_both_lack_is_no_flip() -> None:
    assert found([DRUG, SIGN], [DRUG], [DRUG]) == []


def test_what_only_one_invents_is_a_flip_of_its_label() -> None:
    invented = at("team", "drug")
    assert ways(found([DRUG], [DRUG, invented], [DRUG])) == [("broken", "drug")]
    assert ways(found([DRUG], [DRUG], [DRUG, invented])) == [("fixed", "drug")]
    assert found([DRUG], [DRUG, invented], [DRUG, invented]) == []


def test_the_wrong_extent_is_one_flip_and_tells_both_answers() -> None:
    short = at("pain", "sign")
    (flip,) = found([SIGN], [SIGN], [short])
    assert (flip.way, flip.label, flip.text) == ("fixed", "sign", "Denies chest pain.")
    spans = {who: [flip.text[each["start"] : each["end"]] for each in its["spans"]] for who, its in flip.answers.items()}
    assert spans == {"truth": ["chest pain"], "candidate": ["chest pain"], "champion": ["pain"]}


def test_a_wrong_label_is_one_flip() -> None:
    assert ways(found([SIGN], [at("chest pain", "drug")], [SIGN])) == [("broken", "sign")]


def test_where_both_are_wrong_each_in_its_way_nothing_flipped() -> None:
    assert found([SIGN], [at("pain", "sign")], [at("chest", "sign")]) == []
    assert found([], [at("chest", "sign")], [at("chest pain", "sign")]) == []


def test_the_champion_compared_with_itself_flips_nothing_and_swapped_roles_swap_ways() -> None:
    truth, one, other = [DRUG, DOSE, SIGN], [DRUG, at("pain", "sign")], [DOSE, SIGN, at("team", "drug")]
    assert found(truth, one, one) == []
    turned = {"fixed": "broken", "broken": "fixed"}
    assert ways(found(truth, other, one)) == sorted((turned[way], label) for way, label in ways(found(truth, one, other)))


def test_counts_are_of_all_and_what_is_shown_is_bounded() -> None:
    some = [
        Flip("fixed", label, f"n{number}", "t", {}, telling=number / 100, subject=subject)
        for label, subject, numbers in (("drug", "aspirin", range(50)), ("dose", "10 mg", range(3)))
        for number in numbers
    ]
    counts = flips.counted(some)
    assert (counts.fixed, counts.broken, counts.labels["drug"].fixed, counts.labels["dose"].fixed) == (53, 0, 50, 3)
    chosen = flips.shown(some, most=8)
    assert [flip.label for flip in chosen] == ["drug", "dose", "drug", "dose", "drug", "dose", "drug", "drug"]
    assert [flip.telling for flip in chosen if flip.label == "drug"] == [0.49, 0.48, 0.47, 0.46, 0.45]


def test_broken_ones_come_first_and_a_subject_again_only_after_all_others() -> None:
    some = [
        Flip("fixed", "drug", "a", "t", {}, telling=0.9, subject="x"),
        Flip("broken", "drug", "b", "t", {}, telling=0.9, subject="x"),
        Flip("broken", "drug", "c", "t", {}, telling=0.8, subject="x"),
        Flip("broken", "drug", "d", "t", {}, telling=0.1, subject="y"),
    ]
    assert [flip.record_id for flip in flips.shown(some)] == ["b", "d", "c", "a"]


def test_a_flip_is_told_without_what_chose_it() -> None:
    (flip,) = found([DRUG], [DRUG | {"confidence": 0.9}], [])
    assert flip.to_json() == {
        "way": "fixed", "label": "drug", "record_id": "n1", "text": "The patient takes aspirin 100 mg daily.",
        "answers": {
            "truth": {"spans": [{"start": 18, "end": 25, "label": "drug"}]},
            "candidate": {"spans": [{"start": 18, "end": 25, "label": "drug"}]},
            "champion": {"spans": []},
        },
    }  # fmt: skip
    assert flip.telling == 0.9


@pytest.mark.parametrize("text", ["x" * 1000, "word " * 400, "a\n" * 500, "Ja. " * 200 + "\U0001f912" * 300, "s"])
def test_what_is_shown_around_a_place_is_bounded_and_holds_it(text: str) -> None:
    for start in range(0, len(text), 97):
        end = min(len(text), start + 5)
        begin, finish = flips.around(text, start, end)
        assert 0 <= begin <= start and end <= finish <= len(text)
        assert start - begin <= flips.ROOM and finish - end <= flips.ROOM


def test_a_sentence_is_cut_at_white_space_where_it_is_too_long() -> None:
    text = "word " * 100 + "HERE" + " tail" * 100
    begin, finish = flips.around(text, text.index("HERE"), text.index("HERE") + 4)
    assert text[begin:finish].startswith("word") and text[begin:finish].endswith("tail")
