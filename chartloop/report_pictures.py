"""The pictures of a report: models compared, confusion, errors, curves, calibration; None where there is nothing to draw."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from chartloop import drawing
from chartloop.drawing import Point, Row
from chartloop.markup import Markup, element
from chartloop.report_parts import figure, keyed, plural, section, shown, words

Report = Mapping[str, Any]

ROLES = (("candidate", "ours"), ("champion", "theirs"))
SIDES = {
    "better": "the candidate is better",
    "worse": "the candidate is worse",
    "open": "zero lies in it, so neither is proven better",
}
MOST_LOSSES = 3


def compared(report: Report) -> Markup | None:
    """Both models with their intervals, and the difference against zero, metric by metric."""
    verdict = report["run"]["verdict"]
    if verdict is None or not verdict["metrics"]["candidate"]:
        return None
    differences = [each for each in (verdict["interval"], *verdict.get("further_intervals", ())) if each]
    by_metric = {each["metric"]: each for each in differences}
    better = {metric["name"]: metric["higher_is_better"] for metric in report["metrics"]}
    drawn = [_metric(report, name, by_metric.pop(name, None), up) for name, up in better.items()]
    drawn += [difference(each, higher=each.get("higher_is_better", False)) for each in by_metric.values()]
    title = "Candidate against the model in service" if verdict["champion"] else "The candidate"
    note = "On the settled holdout, which no model was trained on; both were scored in this run, as they would be served."
    return section(title, element("div", *(each for each in drawn if each is not None), class_="two"), _whole(verdict), note=note)


def _whole(verdict: Mapping[str, Any]) -> Markup | None:
    """Records that one model alone answers exactly right."""
    its = verdict.get("mcnemar")
    if not its:
        return None
    told = f"Whole records: {its['fixed']:,} only the candidate has exactly right, {its['broken']:,} only the model in service"
    return element("p", f"{told} (McNemar's exact p: {its['p']:.3f}).", class_="soft")


def _metric(report: Report, name: str, between: Mapping[str, Any] | None, higher: bool) -> Markup | None:
    metrics = report["run"]["verdict"]["metrics"]
    rows = []
    for role, tone in ROLES:
        value = (metrics[role] or {}).get(name)
        bounds = report["intervals"][role].get(name, {})
        if value is not None:
            rows.append(Row(role, value, bounds.get("low"), bounds.get("high"), tone))
    if not rows:
        return None
    told = ", ".join(f"{row.name} {row.value:.3f}" for row in rows)
    picture = figure(drawing.intervals(rows, said=f"{words(name)}: {told}"), *_beside(report, name, higher))
    beneath = difference(between, higher=higher) if between else None
    return element("div", element("h3", _title(name)), picture, beneath)


def _beside(report: Report, name: str, higher: bool) -> Iterator[str]:
    """What the figure is to be held against."""
    yield f"{'More' if higher else 'Less'} is better."
    candidate = report["run"]["scores"]["candidate"]
    trivial = candidate["settled"]["baseline"].get(name) if candidate else None
    if trivial is not None:
        yield f" {report['trivial'].capitalize()}: {trivial:.3f}."
    if any(report["intervals"].values()):
        yield " Lines: 95 % intervals."


def difference(its: Mapping[str, Any], *, higher: bool, whose: str = "candidate minus champion") -> Markup:
    """An interval against zero, and what it says."""
    low, high = (its["low"], its["high"]) if higher else (-its["high"], -its["low"])
    side = "better" if low > 0 else "worse" if high < 0 else "open"
    row = Row("difference", its["difference"], its["low"], its["high"], side)
    bounds = f"{its['level']:.0%} interval {drawing.bounded(its['low'], its['high'], signed=True)}"
    said = f"{_title(its['metric'])}, {whose}: {its['difference']:+.3f}, {bounds}: {SIDES[side]}."
    return figure(drawing.intervals([row], zero=True, said=said), said)


def _title(metric: str) -> str:
    told = words(metric)
    return told[0].upper() + told[1:]


def confusion(report: Report) -> Markup | None:
    found = {role: its for role, _ in ROLES if (its := _extras(report, role).get("confusion"))}
    if not found:
        return None
    drawn = [element("div", element("h3", role.capitalize()), _matrix(its)) for role, its in found.items()]
    note = next(iter(found.values())).get("note", "")
    return section("What is taken for what", element("div", *drawn, class_="two"), note=note)


def _matrix(its: Mapping[str, Any]) -> Markup:
    """As a table; a cell is as dark as its share of the row."""
    head = [element("th", element("span", name, class_="tall"), scope="col") for name in its["found"]]
    rows = []
    for name, counts in zip(its["annotated"], its["counts"], strict=True):
        most = sum(counts) or 1
        cells = [
            element("td", shown(count) if count else "", class_=_heat(count / most, same=name == found))
            for found, count in zip(its["found"], counts, strict=True)
        ]
        rows.append(element("tr", element("th", name, scope="row"), *cells))
    whole = element("table", element("thead", element("tr", element("th"), *head)), element("tbody", *rows), class_="matrix")
    return element("div", whole, class_="scroll")


def _heat(share: float, *, same: bool) -> str | None:
    kinds = [f"h{min(5, int(share * 5) + 1)}"] if share else []
    return " ".join([*kinds, *(["same"] if same else [])]) or None


def errors(report: Report) -> Markup | None:
    """Of a task that answers with numbers."""
    its = _extras(report, "candidate")
    drawn = []
    if grid := its.get("predicted_true"):
        unit = f" ({grid['unit']})" if grid.get("unit") else ""
        picture = drawing.grid(
            grid["edges"], grid["counts"], across=f"predicted{unit}", up=f"true{unit}", said="True values against predicted ones"
        )
        drawn.append(
            element(
                "div",
                element("h3", "True against predicted"),
                figure(picture, "The fuller, the more often. On the line both agree."),
            )
        )
    if bins := its.get("errors"):
        unit = f" ({bins['unit']})" if bins.get("unit") else ""
        picture = drawing.histogram(bins["edges"], bins["counts"], across=f"predicted minus true{unit}", said="Errors, how often")
        drawn.append(element("div", element("h3", "Errors"), figure(picture, f"{plural(sum(bins['counts']), 'record')}.")))
    return section("How far off", element("div", *drawn, class_="two")) if drawn else None


def learning(report: Report) -> Markup | None:
    """The task's models by how many records they learned from."""
    its = report["learning"]
    points = [(float(run["records"]), run["value"]) for run in its["runs"]]
    if len(points) < 2 or its["runs"][-1]["run_id"] != report["run"]["run_id"]:  # a failed run adds no point
        return None
    here = points[-1]
    picture = drawing.curve(
        {"runs": sorted(points)}, across="records on the training side", up=words(its["metric"]), said="Learning curve", last=here
    )
    note = "Each run's candidate on the settled holdout of its day, so points that are far apart compare different holdouts."
    return section("More records, better models?", figure(picture, f"{plural(len(points), 'run')}; ringed: this one."), note=note)


def calibration(report: Report) -> Markup | None:
    found = {role: its for role, _ in ROLES if (its := _score(report, role).get("calibration"))}
    if not found:
        return None
    series = {
        role: [(each["confidence"], each["accuracy"], each["count"]) for each in its["bins"]] for role, its in found.items()
    }
    told = [f"{role}: {100 * its['ece']:.1f} points off on average, over {its['entities']:,}" for role, its in found.items()]
    picture = drawing.reliability(series, said="; ".join(told))
    note = "On the dashed line a confidence of 80 % is right in 80 of 100 answers. Larger: more answers."
    return section("Can its confidence be believed?", figure(picture, keyed(told)), note=note)


def training(report: Report) -> Markup | None:
    """Losses as the training job told them, over its course."""
    losses = {name: _over_time(values) for name, values in report["training"].items() if name.endswith("loss") and values}
    chosen = dict(list(losses.items())[:MOST_LOSSES])
    if not any(len(points) > 1 for points in chosen.values()):
        return None
    picture = drawing.curve(chosen, across="% of the training", up="loss", said="Loss while it trained", dots=False)
    return section("Loss while it trained", figure(picture, keyed(_ends(chosen))))


def _over_time(values: Sequence[float]) -> list[Point]:
    return [(100 * number / len(values), value) for number, value in enumerate(values, start=1)]


def _ends(series: Mapping[str, Sequence[Point]]) -> list[str]:
    return [f"{name.replace('_', ' ')} {points[0][1]:.3f} to {points[-1][1]:.3f}" for name, points in series.items()]


def _score(report: Report, role: str) -> Mapping[str, Any]:
    return report["run"]["scores"][role] or {}


def _extras(report: Report, role: str) -> Mapping[str, Any]:
    found: Mapping[str, Any] = _score(report, role).get("extras") or {}
    return found
