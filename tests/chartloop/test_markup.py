"""Elements whose text stays text, whatever a note holds."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest

from chartloop.markup import Markup, element, joined, text


def test_what_is_no_element_is_escaped_and_what_is_one_stays() -> None:
    made = element("p", "a < b & c", element("b", "<script>alert(1)</script>"), title='"><img src=x>')
    assert made == (
        '<p title="&quot;&gt;&lt;img src=x&gt;">a &lt; b &amp; c<b>&lt;script&gt;alert(1)&lt;/script&gt;</b></p>'
    )  # fmt: skip


@pytest.mark.parametrize(
    ("hidden", "seen"),
    [
        *(("\x00", "\u2400"), ("\x1b", "\u241b"), ("\r", "\u240d")),
        *((each, "\ufffd") for each in ("\x7f", "\x9b", "\u202e", "\ud800")),
    ],
)
def test_what_would_steer_a_page_is_seen_and_does_nothing(hidden: str, seen: str) -> None:
    assert text(f"a{hidden}b") == f"a{seen}b"


def test_letters_of_every_script_lines_and_tabs_stay() -> None:
    note = "\u05e9\u05dc\u05d5\u05dd\n\tZoe\u0308 \U0001f912 \u0645\u0631\u062d\u0628\u0627"
    assert text(note) == note


def test_attributes_are_named_as_html_names_them_and_none_is_left_out() -> None:
    assert element("td", 0, class_="n", aria_label="x", hidden=True, rowspan=None) == '<td class="n" aria-label="x" hidden>0</td>'
    assert element("line", x1=0.5, x2=10.0) == '<line x1="0.5" x2="10"/>'


def test_what_is_empty_falls_away() -> None:
    assert joined(None, "", Markup("<hr>"), "a", "b", by="; ") == "<hr>; a; b"


def test_a_page_of_hostile_text_has_only_the_elements_that_were_made() -> None:
    opened: list[str] = []

    class Reader(HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            opened.append(tag)

    hostile = "</p><script>x</script><!-- --><svg onload=x>'\"`&lt;b&gt;"
    Reader().feed(element("section", element("p", hostile, title=hostile), hostile))
    assert opened == ["section", "p"]
