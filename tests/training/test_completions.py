"""Windows over a prompt and its completion: each piece of a completion counted once, never one of the prompt."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from training.completions import IGNORED, completion_ids, prompt_ids, windows


def test_a_short_answer_is_one_window_and_the_last_piece_of_the_prompt_tells_its_first() -> None:
    [only] = windows([1, 2, 3], [7, 8, 9], length=16, overlap=4)
    assert only.ids == [1, 2, 3, 7, 8]
    assert only.tags == [IGNORED, IGNORED, 7, 8, 9]
    assert only.counted == 3


def test_a_long_answer_goes_on_behind_the_prompt_and_what_came_before() -> None:
    found = windows([1, 2], list(range(10, 22)), length=8, overlap=3)
    assert [window.ids for window in found] == [
        [1, 2, 10, 11, 12, 13, 14, 15],
        [1, 2, 14, 15, 16, 17, 18, 19],
        [1, 2, 18, 19, 20],
    ]
    assert found[1].tags == [IGNORED] * 4 + [17, 18, 19, 20]


@given(
    prompt=st.lists(st.integers(0, 9), min_size=1, max_size=40),
    completion=st.lists(st.integers(10, 99), min_size=1, max_size=120),
    length=st.integers(4, 40),
    overlap=st.integers(0, 40),
)
def test_every_piece_counts_once_and_no_window_is_too_long(
    prompt: list[int], completion: list[int], length: int, overlap: int
) -> None:
    found = windows(prompt, completion, length=length, overlap=overlap)
    assert [tag for window in found for tag in window.tags if tag != IGNORED] == completion
    for window in found:
        assert len(window.ids) == len(window.tags) <= length
        pairs = zip(window.ids[1:], window.tags[:-1], strict=True)
        assert all(tag in (IGNORED, following) for following, tag in pairs)


class Letters:
    """A tokenizer of letters, with or without a chat template."""

    bos_token_id, eos_token_id = 1, 2

    def __init__(self, chat_template: str | None = None) -> None:
        self.chat_template = chat_template

    def __call__(self, text: str, *, add_special_tokens: bool) -> dict[str, list[int]]:
        assert not add_special_tokens
        return {"input_ids": [ord(letter) for letter in text]}

    def apply_chat_template(self, asked: list[dict[str, str]], *, add_generation_prompt: bool, tokenize: bool) -> str:
        assert add_generation_prompt and not tokenize
        return "".join(f"<{each['role']}>{each['content']}" for each in asked) + "<bot>"


def test_marks_around_prompt_and_completion() -> None:
    plain: Any = Letters()
    assert prompt_ids(plain, "a?") == [1, ord("a"), ord("?"), ord("\n")]
    assert completion_ids(plain, "b") == [ord("b"), 2]
    assert "".join(map(chr, prompt_ids(Letters("{{}}"), "a?"))) == "<user>a?<bot>"
