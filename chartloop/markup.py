"""HTML and SVG built of elements: what is not an element is text, and text is always escaped and always visible."""

from __future__ import annotations

import re
from html import escape

UNSAFE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
"""Control characters, changes of writing direction and halves of pairs: in a note they must not steer the page."""
LONE = frozenset({"circle", "line", "meta", "path", "rect"})
"""Elements without an end; in SVG the end must be said."""


class Markup(str):
    """What may stand in a page as it is; `element` makes it."""


def text(value: object) -> Markup:
    """The value as text. Every unsafe character is replaced by one that is only seen."""
    if isinstance(value, Markup):
        return value
    return Markup(escape(UNSAFE.sub(_seen, str(value))))


def _seen(found: re.Match[str]) -> str:
    return chr(0x2400 + ord(found[0])) if found[0] < " " else "\N{REPLACEMENT CHARACTER}"


def element(name: str, /, *children: object, **attributes: object) -> Markup:
    """`<name attributes>children</name>`; children that are None or empty fall away.

    An underscore in an attribute's name is a hyphen, one at its end (`class_`) nothing; True is an attribute without a value, and
    one that is None is left out.
    """
    told = "".join(_attribute(key.rstrip("_").replace("_", "-"), value) for key, value in attributes.items() if value is not None)
    return Markup(f"<{name}{told}/>" if name in LONE else f"<{name}{told}>{joined(*children)}</{name}>")


def joined(*parts: object, by: str = "") -> Markup:
    return Markup(text(by).join(text(part) for part in parts if part is not None and part != ""))


def _attribute(name: str, value: object) -> str:
    if value is True:
        return f" {name}"
    shown = f"{value:.2f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value)
    return f' {name}="{text(shown)}"'
