"""The flips of a report: how many answers the candidate fixed and broke, and some in their sentence, for who may read text."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from chartloop.markup import Markup, element, joined
from chartloop.report_parts import moment, section, shown, table

Report = Mapping[str, Any]

WAYS = {"broken": "✗ broken", "fixed": "✓ fixed"}
WHO = {"truth": "annotated", "candidate": "candidate", "champion": "champion", "base": "base model"}
BESIDE = "Answers side by side"
HIDDEN = "The sentences are for those who may also write records, and for thirty days."


def flips(report: Report) -> Markup | None:
    counts = (((report["run"]["scores"]["candidate"] or {}).get("extras")) or {}).get("flips")
    some = [flip for flip in _shown(report) if flip["way"] in WAYS]
    if not counts and not some:
        return None
    body = [_counts(counts)] if counts else []
    if some:
        body += [_until(report, f"{len(some)} of them, the most telling first"), *map(_flip, some)]
    elif report["flips"] is None and counts and counts["fixed"] + counts["broken"]:
        body.append(element("p", HIDDEN, class_="soft"))
    note = "On the settled holdout: what the candidate has right and the model in service had wrong, and the reverse."
    return section("What it fixed and what it broke", *body, note=note, kind="long")


def beside(report: Report) -> Markup | None:
    """Answers in words, which are more or less good."""
    some = [flip for flip in _shown(report) if flip["way"] not in WAYS]
    if not some:
        return section(BESIDE, element("p", HIDDEN, class_="soft")) if _hidden(report) else None
    return section(BESIDE, _until(report, f"{len(some)} of the settled holdout"), *map(_flip, some), kind="long")


def _hidden(report: Report) -> bool:
    """Whether there are such answers, for others."""
    extras = (report["run"]["scores"]["candidate"] or {}).get("extras") or {}
    return report["flips"] is None and extras.get("comparison") is not None


def _shown(report: Report) -> Sequence[Mapping[str, Any]]:
    found: Sequence[Mapping[str, Any]] = report["flips"]["shown"] if report["flips"] else ()
    return found


def _until(report: Report, what: str) -> Markup:
    return element("p", f"{what}; shown until {moment(report['flips']['expires_at'])}.", class_="soft")


def _counts(counts: Mapping[str, Any]) -> Markup:
    ordered = sorted(counts["labels"].items(), key=lambda each: (-each[1]["fixed"] - each[1]["broken"], each[0]))
    rows = [(label, *(shown(its[way]) for way in ("fixed", "broken")), _net(its)) for label, its in ordered]
    whole = element(
        "p",
        element("b", f"{counts['fixed']:,} fixed", class_="yes"),
        ", ",
        element("b", f"{counts['broken']:,} broken", class_="no"),
        ".",
    )
    return joined(whole, table(("Label", "Fixed", "Broken", "Net"), rows, numbers=(1, 2, 3)) if rows else None)


def _net(its: Mapping[str, int]) -> str:
    return shown(its["fixed"] - its["broken"], signed=True)


def _flip(flip: Mapping[str, Any]) -> Markup:
    answers = {who: its for who, its in flip["answers"].items() if who in WHO}
    said = [part for who, its in answers.items() for part in (element("dt", WHO[who]), element("dd", _answer(flip["text"], its)))]
    way = element("b", WAYS[flip["way"]], class_="yes" if flip["way"] == "fixed" else "no") if flip["way"] in WAYS else None
    head = element("p", way, f" {flip['label']} ", element("span", flip["record_id"], class_="soft"))
    sentence = element("blockquote", _marked(flip["text"], _place(answers)), dir="auto") if flip["text"] else None
    return element("div", head, sentence, element("dl", *said, class_="answers"), class_=f"flip {flip['way']}")


def _place(answers: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    """What is marked: the annotated entity, or what was invented where none is."""
    truth: Sequence[Mapping[str, Any]] = answers.get("truth", {}).get("spans") or ()
    return truth or [span for its in answers.values() for span in its.get("spans", ())]


def _marked(text: str, spans: Iterable[Mapping[str, Any]]) -> Markup:
    """The text with every place that a span covers highlighted, spans that overlap as one."""
    parts: list[object] = []
    position = 0
    for start, end in _merged(spans):
        parts += [text[position:start], element("mark", text[start:end])]
        position = end
    return joined(*parts, text[position:])


def _merged(spans: Iterable[Mapping[str, Any]]) -> list[tuple[int, int]]:
    merged: list[tuple[int, int]] = []
    for start, end in sorted((span["start"], span["end"]) for span in spans):
        if merged and start < merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


def _answer(text: str, its: Mapping[str, Any]) -> Markup:
    if "value" in its:
        return element("bdi", its["value"])
    told = [joined(element("bdi", text[span["start"] : span["end"]]), f" ({span['label']})") for span in its["spans"]]
    return joined(*told, by="; ") if told else element("span", "nothing", class_="none")
