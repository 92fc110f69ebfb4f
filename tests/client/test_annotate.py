"""Notes with their entities: nothing of the note lost, nothing that steers a terminal."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from client.annotate import coloured, plain, visible
from client.contracts_predict import Entity
from tests.client import examples

TEXT = "Start metformin 500 mg for T2DM."


def entities(text: str = TEXT) -> list[Entity]:
    found: list[Entity] = examples.found(text, problem="T2DM", drug="metformin", dose="500 mg")["entities"]
    return found


@st.composite
def notes(draw: st.DrawFn) -> tuple[str, list[Entity]]:
    text = draw(st.text(min_size=1))
    cuts = sorted(draw(st.sets(st.integers(0, len(text)), max_size=8)))
    spans = zip(cuts[::2], cuts[1::2], strict=False)
    labels = st.sampled_from(["drug", "dose", "problem"])
    return text, [
        {"label": draw(labels), "start": start, "end": end, "surface": text[start:end], "confidence": 1.0} for start, end in spans
    ]


def test_each_entity_stands_in_brackets_before_its_label() -> None:
    assert plain(TEXT, entities()) == "Start [metformin](drug) [500 mg](dose) for [T2DM](problem)."


def test_each_label_has_a_colour_of_its_own() -> None:
    note = coloured(TEXT, entities())
    assert note.plain == "Start metformin drug 500 mg dose for T2DM problem."
    colours = {note.plain[span.start : span.end].strip(): str(span.style).split()[-1] for span in note.spans}
    assert colours["metformin"] == colours["drug"]
    assert len({colours["metformin"], colours["500 mg"], colours["T2DM"]}) == 3


@given(notes())
def test_without_the_labels_it_is_the_note(drawn: tuple[str, list[Entity]]) -> None:
    text, found = drawn
    rest = coloured(text, found)
    kept = rest.plain
    for span in sorted(rest.spans, key=lambda span: span.start, reverse=True):
        if "dim" in str(span.style):
            kept = kept[: span.start] + kept[span.end :]
    assert kept == visible(text)
    assert len(visible(text)) == len(text)


@given(st.text())
def test_no_control_character_reaches_the_terminal(text: str) -> None:
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", visible(text))


def test_markup_in_a_note_is_text() -> None:
    assert plain("[red]x[/red]\x1b[31m", []) == "[red]x[/red]␛[31m"
