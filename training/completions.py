"""A prompt and its completion as pieces: the windows that a causal model reads, each piece of the completion counted once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

IGNORED = -100
"""The tag of a place that does not count, torch's own default."""


@dataclass(frozen=True)
class Window:
    """Pieces, and for each the piece that is to follow it, IGNORED where that is not of the completion."""

    ids: list[int]
    tags: list[int]

    @property
    def counted(self) -> int:
        return sum(tag != IGNORED for tag in self.tags)


def windows(prompt: Sequence[int], completion: Sequence[int], *, length: int, overlap: int) -> list[Window]:
    """The whole completion in windows of at most `length` pieces.

    Each begins with the prompt, of which the last `length // 2` pieces are taken, and a later one goes on with the `overlap`
    pieces before its own: so nothing of a long answer is cut off, and none of it is read without what was asked.
    """
    head = list(prompt[-(length // 2) :])
    room = length - len(head) + 1
    overlap = min(overlap, room // 2)
    found, start = [], 0
    while start < len(completion):
        context = completion[max(0, start - overlap) : start]
        own = completion[start : start + room - len(context)]
        found.append(Window([*head, *context, *own[:-1]], [*[IGNORED] * (len(head) + len(context) - 1), *own]))
        start += len(own)
    return found


def prompt_ids(tokenizer: Any, prompt: str) -> list[int]:
    """By the model's chat template where it has one, else the prompt and a line's end behind the begin mark."""
    if getattr(tokenizer, "chat_template", None):
        asked = [{"role": "user", "content": prompt}]
        text = tokenizer.apply_chat_template(asked, add_generation_prompt=True, tokenize=False)
        return list(tokenizer(text, add_special_tokens=False)["input_ids"])
    begin = [] if tokenizer.bos_token_id is None else [tokenizer.bos_token_id]
    return [*begin, *tokenizer(prompt + "\n", add_special_tokens=False)["input_ids"]]


def completion_ids(tokenizer: Any, completion: str) -> list[int]:
    """With the end mark, which the model has to learn as well."""
    return [*tokenizer(completion, add_special_tokens=False)["input_ids"], tokenizer.eos_token_id]
