"""Taking files in under crashes, repeats, twins, other batches and withdrawals at any moment: the stores agree afterwards."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chartloop import keys
from chartloop.errors import Stale
from chartloop.withdrawals import withdraw
from tests.chartloop.intakes import NOW, TASK, WORDS, Crashed, Desk, check, note, until_done

Post = tuple[list[dict[str, Any]], bool]
"""(records, replace)."""

TEXTS = ("", WORDS, WORDS + " again", "a short note of its own", "another short note of its own kind entirely")
RECORDS = st.builds(
    lambda i, text, patient: note(f"n{i}", text, **({"patient_id": f"p{patient}"} if patient else {})),
    st.integers(0, 5), st.sampled_from(TEXTS), st.integers(0, 3),
)  # fmt: skip
POSTS = st.lists(st.tuples(st.lists(RECORDS, min_size=1, max_size=9), st.booleans()), min_size=1, max_size=4)


def taken_in(desk: Desk, posts: list[Post], interrupt: Callable[[Desk, int], Desk]) -> list[Any]:
    """Posts and processes all in order, each step first on an interrupted desk and then until it is done; the answers."""
    answers = []
    for number, (records, replace) in enumerate(posts):
        step = [interrupt(desk, 2 * number), interrupt(desk, 2 * number + 1)]
        for broken in (step[0], desk):
            try:
                receipt = broken.receive(records, replace=replace)
            except Crashed:
                continue
        key = keys.incoming(TASK, receipt["batch_id"])
        for broken in (step[1], desk, desk):
            try:
                until_done_or_crashed(broken, key)
            except Crashed:
                continue
        answers.append((receipt, desk.show(receipt["batch_id"])))
    return answers


def until_done_or_crashed(desk: Desk, key: str) -> None:
    try:
        desk.process(key)
    except Stale:
        desk.process(key)


def ends(desk: Desk) -> tuple[Any, ...]:
    task = {name: value for name, value in desk.task().items() if name != "version"}
    stored = {key: item.body for key, item in desk.objects.stored.items()}
    return task, stored


@settings(max_examples=150, deadline=None)
@given(posts=POSTS, points=st.lists(st.tuples(st.integers(1, 25), st.booleans()), min_size=8, max_size=8))
def test_crashes_and_repeats_change_nothing(posts: list[Post], points: list[tuple[int, bool]]) -> None:
    calm, rough = Desk(), Desk()
    expected = taken_in(calm, posts, lambda desk, _: desk)
    given_points = lambda desk, step: desk.interrupted(points[step][0], after=points[step][1])  # noqa: E731
    assert taken_in(rough, posts, given_points) == expected
    assert ends(rough) == ends(calm)
    check(calm)


RICH: list[Post] = [
    ([note(f"n{i}", patient_id=f"p{i % 3}") for i in range(9)] + [note("x", WORDS)], False),
    (
        [
            note("n1", patient_id="p1"),
            note("n2", "new words for this one", patient_id="p2"),
            {**note("y", WORDS), "entities": []},
            note("z"),
        ],
        True,
    ),
]


def calls_of(posts: list[Post]) -> int:
    """How many calls of the seams the longest step makes."""
    desk, most = Desk(), 0
    for records, replace in posts:
        counting = desk.interrupted(10_000)
        receipt = counting.receive(records, replace=replace)
        counting.process(keys.incoming(TASK, receipt["batch_id"]))
        most = max(most, counting.ledger._count[0])  # type: ignore[attr-defined]
    return most


@pytest.mark.parametrize("after", [False, True])
def test_a_crash_at_any_call_changes_nothing(after: bool) -> None:
    calm = Desk()
    expected = taken_in(calm, RICH, lambda desk, _: desk)
    for at in range(1, calls_of(RICH) + 1):
        rough = Desk()
        assert taken_in(rough, RICH, lambda desk, _, at=at: desk.interrupted(at, after=after)) == expected  # type: ignore[misc]
        assert ends(rough) == ends(calm), f"after a crash at call {at}"


def test_two_workers_at_one_file_have_the_effect_of_one() -> None:
    calm = Desk()
    expected = [calm.post(records, replace=replace) for records, replace in RICH]
    for at in range(1, calls_of(RICH) + 1):
        desk = Desk()
        for number, (records, replace) in enumerate(RICH):
            receipt = desk.receive(records, replace=replace)
            key = keys.incoming(TASK, receipt["batch_id"])
            twin = desk.interrupted(at, lambda desk=desk, key=key: desk.process(key))  # type: ignore[misc]
            until_done(lambda twin=twin, key=key: twin.process(key))
            assert desk.show(receipt["batch_id"]) == expected[number]
        assert ends(desk) == ends(calm), f"with another worker at call {at}"


def test_batches_that_come_at_once_leave_the_stores_in_agreement() -> None:
    for at in range(1, calls_of(RICH) + 1):
        desk = Desk()
        first, second = (desk.receive(records, replace=replace)["batch_id"] for records, replace in RICH)
        other = keys.incoming(TASK, second)
        mine = desk.interrupted(at, lambda desk=desk, other=other: until_stale(desk, other))  # type: ignore[misc]
        until_done(lambda mine=mine, first=first: mine.process(keys.incoming(TASK, first)))
        until_done(lambda desk=desk, other=other: desk.process(other))
        assert {desk.show(b)["status"] for b in (first, second)} == {"processed"}
        assert set(desk.live()) == {*(f"n{i}" for i in range(9)), "x", "y", "z"}
        check(desk)


def until_stale(desk: Desk, key: str) -> None:
    try:
        desk.process(key)
    except Stale:  # it comes again when the other batch is done
        return


def test_a_withdrawal_at_any_moment_leaves_the_counts_right() -> None:
    for at in range(1, calls_of(RICH) + 1):
        desk = Desk()
        first = desk.post(RICH[0][0])["batch_id"]
        second = desk.receive(RICH[1][0], replace=True)["batch_id"]

        def leave(desk: Desk = desk, first: str = first) -> None:
            withdraw(TASK, first, reason="wrong", by="me", ledger=desk.ledger, objects=desk.objects, now=NOW)

        mine = desk.interrupted(at, leave)
        until_done(lambda mine=mine, second=second: mine.process(keys.incoming(TASK, second)))
        check(desk)
