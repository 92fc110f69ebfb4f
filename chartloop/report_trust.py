"""Whose records a run worked on, and what of them may be planted: counts and record ids, no text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from chartloop.alarms import OUTSIDE
from chartloop.markup import Markup, element
from chartloop.report_parts import plural, section, shown, table

Report = Mapping[str, Any]

NAMED = 12
"""Records of an alarm, and posters, that are named."""


def trust(report: Report) -> Markup | None:
    its = report.get("trust")
    if not its or not (its["posters"] or its["alarms"]):
        return None
    gold = f"Both models were judged by {plural(its['gold'], 'record')} of the gold set too." if its["gold"] else ""
    return section("Whose records these are", *map(_alarm, its["alarms"]), _posters(its["posters"]), note=gold)


def _alarm(its: Mapping[str, Any]) -> Markup:
    what = "labels that are missing" if its["label"] == OUTSIDE else f"the label {its['label']}"
    named = its["records"][:NAMED]
    more = f" and {its['found'] - len(named):,} more" if its["found"] > len(named) else ""
    found = plural(its["found"], "new record")
    told = f"a word that was hardly ever seen goes with {what} in {found}, by chance with p {its['p']:.0e}. "
    where = f"{', '.join(named)}{more}; {plural(len(its['batches']), 'batch', 'batches')} "
    batches = element("code", ", ".join(its["batches"][:3]))
    return element("p", element("b", "✗ Alarm: ", class_="no"), told, element("span", where, class_="soft"), batches)


def _posters(its: Sequence[Mapping[str, Any]]) -> Markup:
    new = sum(each["new"] for each in its)
    rows = [
        (
            each["poster"] or "not known",
            shown(each["records"]),
            shown(each["new"]),
            f"{each['new'] / new:.0%}" if new else "",
        )
        for each in its[:NAMED]
    ]
    told = table(("Sent by", "Records", "Of these new", "Share of the new"), rows, numbers=(1, 2, 3))
    left = element("p", f"and {plural(len(its) - NAMED, 'other')}", class_="soft") if len(its) > NAMED else None
    return element("div", told, left)
