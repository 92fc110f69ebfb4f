"""A fine-tuned model beside the base that it was made from: figures with paired intervals, and its general ability."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from chartloop import drawing
from chartloop.drawing import Row
from chartloop.markup import Markup, element
from chartloop.report_parts import DASH, facts, figure, plural, section, shown, table, words
from chartloop.report_pictures import difference

Report = Mapping[str, Any]

MORE_IS_BETTER = ("rouge_l", "exact_match")
DRAWN = ("perplexity", "rouge_l")
PROVEN = {"better": ("yes", "✓ better"), "worse": ("no", "✗ worse"), "open": ("open", "not proven"), "": ("soft", DASH)}
WHOSE = "fine-tuned minus base"
GENERAL = "general passages: loss per token"


def comparison(report: Report) -> Markup | None:
    """None for tasks whose models are not made from one that answers by itself."""
    its = ((report["run"]["scores"]["candidate"] or {}).get("extras") or {}).get("comparison")
    if not its:
        return None
    pictures = [_picture(each) for each in its["figures"] if each["metric"] in DRAWN and each["interval"]]
    rows = [_row(words(each["metric"]), each) for each in its["figures"]] + [_row(GENERAL, its["general"])]
    columns = ("On the settled holdout", "Base", "Fine-tuned", "Difference", "95 % interval", "Proven")
    return section(
        "Fine-tuned against its base",
        element("p", element("b", _sentence(its))),
        _origin(its),
        element("div", *pictures, class_="two") if pictures else None,
        table(columns, rows, numbers=(1, 2, 3, 4)),
        element("p", _general(its), class_="soft"),
        note="Both answered the same prompts, by the same code; intervals are paired, over groups. None of it sees what is true.",
        kind="long",
    )


def side(its: Mapping[str, Any]) -> str:
    """Of which kind the difference is: `better`, `worse`, `open`; empty where there are too few groups for an interval."""
    bounds = its["interval"]
    if not bounds:
        return ""
    low, high = (bounds["low"], bounds["high"]) if its["metric"] in MORE_IS_BETTER else (-bounds["high"], -bounds["low"])
    return "better" if low > 0 else "worse" if high < 0 else "open"


def _sentence(its: Mapping[str, Any]) -> str:
    """`Proven better than its base by perplexity (36.0 before, 32.5 after) and ROUGE-L (0.061 before, 0.167 after).`"""
    chosen = [each for each in its["figures"] if each["metric"] in DRAWN]
    told = {
        kind: " and ".join(
            f"{words(each['metric'])} ({shown(each['base'])} before, {shown(each['candidate'])} after)"
            for each in chosen
            if side(each) in kinds
        )
        for kind, kinds in (("better", ("better",)), ("worse", ("worse",)), ("not proven better", ("open", "")))
    }
    said = "; ".join(f"{kind} than its base by {figures}" for kind, figures in told.items() if figures)
    return said[:1].upper() + said[1:] + "."


def _origin(its: Mapping[str, Any]) -> Markup:
    made = its["made_here"]
    if not made:
        return facts({"Base model": its["base"]})
    learned = {name.replace("_", " "): _hash(value) for name, value in made.items()}
    warned = "This base was made on the spot from the texts that it was given. It is no published model, and knows nothing else."
    told = "; ".join(f"{name} {value}" for name, value in learned.items())
    return element("div", facts({"Base model": its["base"], "Made from": told}), element("p", warned, class_="open"))


def _hash(value: Any) -> str:
    return value[:16] if isinstance(value, str) else shown(value)


def _picture(its: Mapping[str, Any]) -> Markup:
    rows = [Row("fine-tuned", its["candidate"], tone="ours"), Row("base", its["base"], tone="theirs")]
    name = words(its["metric"])
    higher = its["metric"] in MORE_IS_BETTER
    said = f"{name}: " + ", ".join(f"{row.name} {row.value:.3f}" for row in rows)
    beneath = difference({**its["interval"], "metric": its["metric"]}, higher=higher, whose=WHOSE)
    caption = f"{'More' if higher else 'Less'} is better."
    title = element("h3", name[0].upper() + name[1:])
    return element("div", title, figure(drawing.intervals(rows, said=said), caption), beneath)


def _row(name: str, its: Mapping[str, Any]) -> tuple[object, ...]:
    kind, said = PROVEN[side(its)]
    both = its["base"] is not None and its["candidate"] is not None
    by = its["candidate"] - its["base"] if both else None
    bounds = its["interval"]
    interval = drawing.bounded(bounds["low"], bounds["high"], signed=True) if bounds else DASH
    return name, shown(its["base"]), shown(its["candidate"]), shown(by, signed=True), interval, element("b", said, class_=kind)


def _general(its: Mapping[str, Any]) -> str:
    """What fine-tuning did to what the model could before."""
    told = {
        "better": "On them nothing was lost.",
        "worse": "On them the fine-tuned model is worse: it has forgotten some of what it could.",
        "open": "On them no loss is proven.",
        "": "",
    }[side(its["general"])]
    passages = plural(its["passages"], "short passage")
    return f"General ability: {passages} about anything but health, written for this. {told}".rstrip()
