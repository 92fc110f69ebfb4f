"""The tables of a report: labels, a cheaper model, the data that a run worked on, and what the two models are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from chartloop import drawing
from chartloop.markup import Markup, element
from chartloop.report_parts import DASH, facts, plural, section, shown, size, table, words

Report = Mapping[str, Any]

ROLES = ("candidate", "champion")
EVIDENCE = {"held": ("yes", "✓ held"), "fell": ("no", "✗ fell"), "insufficient evidence": ("open", "insufficient evidence")}


def labels(report: Report) -> Markup | None:
    verdict = report["run"]["verdict"]
    if not verdict or not verdict["labels"]:
        return None
    rows = [
        (
            row["label"],
            _bars(row),
            shown(row["candidate"]),
            shown(row["champion"]),
            shown(row["difference"], signed=True),
            shown(row["support"]),
            _evidence(row.get("evidence")),
        )
        for row in sorted(verdict["labels"], key=lambda row: (-row["support"], row["label"]))
    ]
    columns = ("Label", "F1", "Candidate", "Champion", "Difference", "Annotated", "Evidence")
    note = "Upper bar: candidate; lower bar: champion. With few annotated ones a label's figure proves nothing, and says so."
    return section("Label by label", table(columns, rows, numbers=(2, 3, 4, 5)), note=note, kind="long")


def _bars(row: Mapping[str, Any]) -> Markup:
    said = f"{row['label']}: candidate {shown(row['candidate'])}, champion {shown(row['champion'])}"
    return drawing.pair_of_bars(row["candidate"], row["champion"], said=said)


def _evidence(found: str | None) -> Markup | str:
    if found is None:
        return DASH
    kind, said = EVIDENCE[found]
    return element("span", said, class_=kind)


def cheaper(report: Report) -> Markup | None:
    """Models that were trained beside the candidate and cost less to serve."""
    baselines = (_score(report, "candidate").get("extras") or {}).get("baselines") or ()
    if not baselines:
        return None
    ours = report["run"]["scores"]["candidate"]["settled"]["metrics"]
    return section("Would something cheaper do?", *(_baseline(its, ours) for its in baselines))


def _baseline(its: Mapping[str, Any], ours: Mapping[str, Any]) -> Markup:
    rows = [(words(name), shown(ours.get(name)), shown(value)) for name, value in its["metrics"].items()]
    proposed = element("b", "Proposed: serve this one instead. ", class_="open") if its.get("proposed") else None
    said = element("p", proposed, its.get("message", ""))
    return element("div", element("h3", its["name"]), said, table(("Metric", "Candidate", its["name"]), rows, numbers=(1, 2)))


def data(report: Report) -> Markup | None:
    its = report["data"]
    if its is None:
        return None
    parts = _score(report, "candidate")
    settled, fresh = parts.get("settled"), parts.get("fresh")
    return section(
        "What it learned from and was judged on",
        facts({
            "Training side": plural(its["train"], "record"),
            "Holdout": plural(its["holdout"], "record"),
            "New since the run before": plural(its["new"], "record"),
            "Judged on (settled)": f"{settled['records']:,} records of {plural(settled['groups'], 'group')}" if settled else None,
            "Only shown (not settled)": _fresh(fresh) if fresh else None,
            "Batches": plural(its["batches"], "batch", "batches"),
            "Posters": plural(its["posters"], "poster"),
            "Snapshot": element("code", its["snapshot"][:16]) if its["snapshot"] else None,
        }),
    )  # fmt: skip


def _fresh(part: Mapping[str, Any]) -> str:
    found = next(((name, value) for name, value in part["metrics"].items() if value is not None), None)
    return plural(part["records"], "record") + (f"; {words(found[0])} {found[1]:.3f}" if found else "")


def models(report: Report) -> Markup | None:
    """What serves, or would: size, engine and what its precision cost, latency where it was measured."""
    found = {role: its for role in ROLES if (its := _score(report, role))}
    if not found:
        return None
    rows = [
        ("Version", *(its["version"] for its in found.values())),
        ("Artifact", *(size(its["bytes"]) for its in found.values())),
        ("sha256", *(element("code", its["sha256"][:16]) for its in found.values())),
        ("Engine", *(_engine(its.get("engine")) for its in found.values())),
        ("What the precision cost", *(_cost(its.get("engine")) for its in found.values())),
        *(
            [("Asked as served", *(_service(its) or DASH for its in found.values()))]
            if any(map(_service, found.values()))
            else []
        ),
    ]
    chosen = (report["settings"] or {}).get("hyperparameters") or {}
    told = element("p", "Trained with ", ", ".join(f"{name} {value}" for name, value in chosen.items()), ".", class_="soft")
    return section("The models", table(("", *(role.capitalize() for role in found)), rows), told if chosen else None)


def _engine(its: Mapping[str, Any] | None) -> str:
    return f"{its['name']} in {its['precision']}" if its else DASH


def _cost(its: Mapping[str, Any] | None) -> str:
    """Of each precision that was tried, on notes of the training side."""
    quality = dict(its.get("quality") or {}) if its else {}
    notes = quality.pop("notes", None)
    tried = ", ".join(f"{name.replace('_', ' ')} {value:.4f}" for name, value in quality.items())
    return f"{tried} on {notes:,.0f} training records" if tried and notes is not None else tried or DASH


def _service(its: Mapping[str, Any]) -> str:
    """Asked as it is served, one input a request; empty where that was not measured."""
    asked = its.get("service")
    if not asked or asked["p95_ms"] is None:
        return ""
    times = (
        f"median {asked['p50_ms']:,.0f} ms, 95 % within {asked['p95_ms']:,.0f} ms, over {plural(asked['requests'], 'request')}"
    )
    return f"{times}; {asked['golden'] - asked['wrong']} of {asked['golden']} golden requests answered as recorded"


def _score(report: Report, role: str) -> Mapping[str, Any]:
    return report["run"]["scores"][role] or {}
