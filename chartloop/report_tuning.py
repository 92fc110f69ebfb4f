"""What a run searched: trials with what they came to, the best found so far, how much each hyper-parameter mattered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from chartloop import drawing
from chartloop.drawing import Point
from chartloop.markup import Markup, element
from chartloop.report_parts import DASH, duration, figure, keyed, plural, section, shown, table

Report = Mapping[str, Any]
Trial = Mapping[str, Any]


def tuning(report: Report) -> Markup | None:
    found = report.get("tuning")
    if not found:
        return None
    return section("What the search found", element("p", sentence(found)), _picture(found), _importance(found), _trials(found),
                   note="Compared on records of the training side that training only watches; the holdout had no part in it.",
                   kind="long")  # fmt: skip


def sentence(found: Mapping[str, Any]) -> str:
    """Tuned against untuned, in words."""
    untuned, best = found["trials"][0], found["trials"][found["best"]]
    tried, metric = plural(len(found["trials"]) - 1, "trial"), found["objective"].replace("_", " ")
    if best is untuned:
        return f"None of {tried} was better than the hyper-parameters as they are set ({metric} {shown(untuned['objective'])})."
    own = f", with the hyper-parameters as they are set {shown(untuned['objective'])}"
    return f"Trial {best['number']} of {tried} is the candidate: {metric} {shown(best['objective'])}{own}."


def _picture(found: Mapping[str, Any]) -> Markup | None:
    reached = [(trial["number"], trial["objective"]) for trial in found["trials"] if _counts(trial)]
    if len(reached) < 2:
        return None
    leading = _leading(reached, found["higher_is_better"])
    best = found["trials"][found["best"]]
    picture = drawing.curve(
        {"best so far": leading, "each trial": reached}, across="trial (0: as set)", up=found["objective"].replace("_", " "),
        said="What each trial came to, and the best so far", last=(best["number"], best["objective"]) if _counts(best) else None,
    )  # fmt: skip
    return figure(picture, keyed(["best so far", "each trial"]))


def _counts(trial: Trial) -> bool:
    return trial["status"] == "completed" and trial["objective"] is not None


def _leading(reached: Sequence[Point], higher_is_better: bool) -> list[Point]:
    choose, best, found = (max if higher_is_better else min), reached[0][1], []
    for number, value in reached:
        best = choose(best, value)
        found.append((number, best))
    return found


def _importance(found: Mapping[str, Any]) -> Markup | None:
    """Bars of how closely a hyper-parameter goes with the objective."""
    if not found["importance"]:
        return None
    rows = [
        (each["name"], drawing.pair_of_bars(each["share"], None, said=f"{each['name']}: {each['share']:.2f}"),
         shown(each["share"]), _searched(found["ranges"][each["name"]]))
        for each in found["importance"]
    ]  # fmt: skip
    said = "Share of the result that goes with it: the squared rank correlation over these few trials, a hint and no proof."
    return element(
        "div", element("h3", "What mattered"), element("p", said, class_="soft"),
        table(("Hyper-parameter", "Share", "", "Searched"), rows, numbers=(2,)),
    )  # fmt: skip


def _searched(its: Mapping[str, Any]) -> str:
    if its["kind"] == "categorical":
        return " or ".join(str(value) for value in its["values"])
    return f"{its['low']:g} to {its['high']:g}{', by magnitude' if its['log'] else ''}"


def _trials(found: Mapping[str, Any]) -> Markup:
    """The best first; what did not end, last."""
    names = list(found["ranges"])
    sign = -1 if found["higher_is_better"] else 1
    order = sorted(found["trials"], key=lambda trial: (not _counts(trial), sign * (trial["objective"] or 0), trial["number"]))
    rows = [
        (
            f"{trial['number']}{' (as set)' if trial['number'] == 0 else ''}",
            element("b", "the candidate", class_="yes") if trial["number"] == found["best"] else trial["status"],
            DASH if trial["objective"] is None else f"{trial['objective']:.5g}",
            duration(trial["seconds"]),
            *(_value(trial["values"].get(name)) for name in names),
        )
        for trial in order
    ]
    columns = ("Trial", "Came to", found["objective"].replace("_", " "), "Took", *names)
    return table(columns, rows, numbers=tuple(range(2, len(columns))))


def _value(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else shown(value)
