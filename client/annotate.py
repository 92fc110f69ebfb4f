"""A note with its entities: coloured on a terminal, `[surface](label)` elsewhere."""

from __future__ import annotations

import re
from collections.abc import Sequence

from rich.text import Text

from client.contracts_predict import Entity

COLOURS = ("cyan", "green", "yellow", "magenta", "blue", "red", "bright_cyan", "bright_green", "bright_magenta", "bright_yellow")

UNSAFE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")
"""Control characters and changes of writing direction: in a note they must not steer the terminal."""


def visible(text: str) -> str:
    """The text with every unsafe character replaced by one that is only seen; its length does not change."""
    return UNSAFE.sub(lambda found: chr(0x2400 + ord(found[0])) if ord(found[0]) < 0x20 else "\N{REPLACEMENT CHARACTER}", text)


def coloured(text: str, entities: Sequence[Entity]) -> Text:
    """The whole note, each entity in its label's colour with the label behind it."""
    colours = _colours(entities)
    note, position = Text(), 0
    for entity in _in_order(entities):
        note.append(visible(text[position : entity["start"]]))
        note.append(visible(text[entity["start"] : entity["end"]]), style=f"bold {colours[entity['label']]}")
        note.append(f" {visible(entity['label'])}", style=f"dim {colours[entity['label']]}")
        position = entity["end"]
    return note.append(visible(text[position:]))


def plain(text: str, entities: Sequence[Entity]) -> str:
    """The whole note with `[surface](label)` for each entity."""
    note, position = "", 0
    for entity in _in_order(entities):
        surface = text[entity["start"] : entity["end"]]
        note += f"{text[position : entity['start']]}[{surface}]({entity['label']})"
        position = entity["end"]
    return visible(note + text[position:])


def _in_order(entities: Sequence[Entity]) -> list[Entity]:
    return sorted(entities, key=lambda entity: entity["start"])


def _colours(entities: Sequence[Entity]) -> dict[str, str]:
    labels = sorted({entity["label"] for entity in entities})
    return {label: COLOURS[number % len(COLOURS)] for number, label in enumerate(labels)}
