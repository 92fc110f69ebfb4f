"""What a report's sections are made of: tables, facts, figures in words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from chartloop.markup import Markup, element, joined

DASH = "–"


def section(title: str, *body: object, note: str = "", kind: str | None = None) -> Markup:
    about = element("p", note, class_="soft") if note else None
    return element("section", element("h2", title), about, *body, class_=kind)


def table(columns: Sequence[str], rows: Iterable[Sequence[object]], *, numbers: Sequence[int] = ()) -> Markup:
    """The first cell of a row names it; `numbers` are the places of the columns that hold figures."""
    kinds = dict.fromkeys(numbers, "n")
    head = [element("th", name, scope="col", class_=kinds.get(place)) for place, name in enumerate(columns)]
    body = [element("tr", element("th", row[0], scope="row"), *_cells(row[1:], kinds)) for row in rows]
    whole = element("table", element("thead", element("tr", *head)), element("tbody", *body))
    return element("div", whole, class_="scroll")


def _cells(row: Sequence[object], kinds: Mapping[int, str]) -> list[Markup]:
    return [element("td", cell, class_=kinds.get(place)) for place, cell in enumerate(row, start=1)]


def facts(pairs: Mapping[str, object], *, big: bool = False) -> Markup:
    """Names with what they are; those that are None stay out."""
    kind = "big" if big else None
    told = ((name, value) for name, value in pairs.items() if value is not None)
    return element("dl", *(element("div", element("dt", name), element("dd", value, class_=kind)) for name, value in told))


def figure(picture: Markup, *caption: object) -> Markup:
    return element("figure", picture, element("figcaption", *caption) if caption else None)


def keyed(names: Sequence[str]) -> Markup:
    """What is said of each line, in the line's colour."""
    return joined(*(element("span", name, class_=f"key s{place}") for place, name in enumerate(names, start=1)), by=" · ")


def words(metric: str) -> str:
    """`entity_f1` is `entity F1`."""
    shown = {"mae": "mean absolute error", "rouge_l": "ROUGE-L", "loss": "loss per token"}.get(metric, metric.replace("_", " "))
    return " ".join("F1" if word == "f1" else word for word in shown.split(" "))


def shown(value: Any, *, signed: bool = False) -> str:
    """A figure as short as it may be; a dash for None."""
    if value is None:
        return DASH
    if isinstance(value, bool) or not isinstance(value, int | float):
        return str(value)
    if isinstance(value, int) or (value.is_integer() and abs(value) > 1):  # a count
        return f"{value:+,.0f}" if signed else f"{value:,.0f}"
    return f"{value:+.3f}" if signed else f"{value:.3f}"


def moment(stamp: str | None) -> str:
    """`2026-11-21 08:01 UTC`"""
    return f"{datetime.fromisoformat(stamp):%Y-%m-%d %H:%M} UTC" if stamp else DASH


def duration(seconds: float | None) -> str:
    if seconds is None:
        return DASH
    if seconds < 60:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"


def size(count: float) -> str:
    return f"{count / 1e6:,.1f} MB" if count >= 1e5 else f"{count:,.0f} bytes"


def plural(count: int, one: str, many: str = "") -> str:
    return f"{count:,} {one if count == 1 else many or one + 's'}"
