"""The report of a run as one page of HTML: the verdict's sentence first, then why, then pictures. No script, no link outside."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from chartloop import (
    report_comparison,
    report_flips,
    report_models,
    report_pictures,
    report_style,
    report_trust,
    report_tuning,
)
from chartloop.markup import Markup, element
from chartloop.report_parts import duration, facts, moment, plural, section, shown, table

Report = Mapping[str, Any]

CHIPS = {
    "promoted": "Promoted", "kept": "Kept the model in service", "needs-review": "Needs a person's review", "failed": "Failed",
    None: "Still running",
}  # fmt: skip
KINDS = {"retrain": "retraining", "promote": "promotion by hand", "rollback": "rollback by hand"}
MARKS = {True: ("yes", "✓ yes"), False: ("no", "✗ no"), None: ("soft", "– not asked")}


def page(report: Report) -> str:
    """The whole page. What there is nothing of has no section."""
    run = report["run"]
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", http_equiv="Content-Security-Policy", content=report_style.policy()),
        element("title", f"{run['run_id']}: {_outcome(run)}"),
        element("style", Markup(report_style.STYLE)),
    )
    sections = (
        _verdict(report),
        _failure(report),
        report_pictures.compared(report),
        _clauses(run["verdict"]),
        report_comparison.comparison(report),
        report_models.labels(report),
        report_flips.flips(report),
        report_flips.beside(report),
        report_models.cheaper(report),
        report_pictures.confusion(report),
        report_pictures.errors(report),
        _beside(report_pictures.learning(report), report_pictures.calibration(report), report_pictures.training(report)),
        report_tuning.tuning(report),
        report_models.data(report),
        report_trust.trust(report),
        report_models.models(report),
        _steps(run),
    )
    foot = element("footer", f"Chartloop, report of run {run['run_id']}, made {moment(report['created_at'])}.")
    main = element("main", *(part for part in sections if part is not None), foot)
    return "<!doctype html>\n" + element("html", head, element("body", main), lang="en") + "\n"


def _verdict(report: Report) -> Markup:
    run = report["run"]
    return element(
        "header",
        element("span", _outcome(run), class_="chip"),
        element("h1", sentence(report)),
        _policies(run["verdict"]),
        _reasons(run["verdict"]),
        facts({
            "Task": run["task"],
            "Run": run["run_id"],
            "Kind": KINDS[run["kind"]],
            "Decided by": run["by"],
            **_review(run.get("review")),
            "Candidate": run["version"],
            "Model in service before": run["verdict"]["champion"] or "none" if run["verdict"] else None,
            "Ended": moment(run["ended_at"]),
            "Took": duration(run["seconds"]),
            "Cost": f"{run['cost_usd']:.2f} USD" if run.get("cost_usd") is not None else None,
        }),
        class_=f"verdict {run['outcome'] or 'going'}",
    )  # fmt: skip


def _review(its: Mapping[str, Any] | None) -> dict[str, str]:
    """Until when a person is asked, or what came of it."""
    if not its:
        return {}
    if its["status"] == "waiting":
        return {"A person decides until": f"{moment(its['until'])}; then the model in service stays"}
    return {"Review": f"{its['status']} by {its['by']}, {moment(its['at'])}: {its['reason']}"}


def _outcome(run: Mapping[str, Any]) -> str:
    return "Cancelled" if run["error"] and run["error"]["code"] == "cancelled" else CHIPS[run["outcome"]]


def sentence(report: Report) -> str:
    """What was decided and why, in one sentence."""
    run = report["run"]
    if run["error"]:
        step = next((step["name"] for step in run["steps"] if step["status"] == "failed"), None)
        if run["error"]["code"] == "cancelled":
            return f"{run['error']['message'].capitalize()}: {run['reason']}"
        return f"Failed{f' in step {step}' if step else ''}: {run['error']['message']}"
    if run["kind"] != "retrain":
        return f"{run['by'] or 'A person'} decided: {run['reason'] or 'no reason given'}"
    if run["verdict"]:
        return str(run["verdict"]["message"])
    return "There is no verdict yet."


def _policies(verdict: Mapping[str, Any] | None) -> Markup | None:
    if verdict is None:
        return None
    said = {"promote": "would promote", "keep": "would keep the model in service"}
    told = [
        f"{name} {said[what]}{', and decides' if name == verdict['policy'] else ''}" for name, what in verdict["policies"].items()
    ]
    return element("p", "Policies: ", "; ".join(told), ".", class_="soft")


def _reasons(verdict: Mapping[str, Any] | None) -> Markup | None:
    """What held the candidate back; or that nothing did."""
    if verdict is None:
        return None
    binding = [clause for clause in verdict["clauses"] if verdict["policy"] in clause["policies"]]
    failed = [clause for clause in binding if clause["passed"] is False]
    asked = sum(clause["passed"] is not None for clause in binding)
    if not failed:
        told = [
            element(
                "li", element("b", "✓ ", class_="yes"), f"All {plural(asked, 'clause')} of the policy {verdict['policy']} hold."
            )
        ]
    else:
        told = [element("li", element("b", f"✗ {clause['name']}: ", class_="no"), clause["message"]) for clause in failed]
        told.append(element("li", f"{asked - len(failed)} of {plural(asked, 'clause')} hold.", class_="soft"))
    return element("ul", *told, class_="reasons")


def _failure(report: Report) -> Markup | None:
    error = report["run"]["error"]
    if not error:
        return None
    kept = "The model in service is untouched, and the records are kept."
    return section(
        "What to do", element("p", report["advice"]), element("p", kept), element("p", f"Code: {error['code']}", class_="soft")
    )


def _clauses(verdict: Mapping[str, Any] | None) -> Markup | None:
    if verdict is None:
        return None
    rows = [
        (
            clause["name"],
            _mark(clause["passed"]),
            _short(clause["measured"]),
            _short(clause["required"]),
            clause["message"],
            element("span", ", ".join(clause["policies"]), class_="whole"),
        )
        for clause in verdict["clauses"]
    ]
    columns = ("Clause", "Holds", "Measured", "Required", "In words", "Binds")
    return section("What had to hold", table(columns, rows), kind="long clauses")


def _mark(passed: bool | None) -> Markup:
    kind, said = MARKS[passed]
    return element("b", said, class_=f"{kind} whole")


def _short(value: Any) -> Markup:
    """A figure stays on its line."""
    return element("span", shown(value), class_=None if isinstance(value, str) else "whole")


def _beside(*some: Markup | None) -> Markup | None:
    drawn = [each for each in some if each is not None]
    return element("div", *drawn, class_="two") if drawn else None


def _steps(run: Mapping[str, Any]) -> Markup:
    reached = {"skipped": "not reached"} if run["status"] == "failed" else {"skipped": "not needed"}
    rows = [
        (
            step["name"],
            reached.get(step["status"], step["status"]),
            duration(step.get("seconds")),
            f"{step['cost_usd']:.2f} USD" if step.get("cost_usd") is not None else "",
            step.get("message", ""),
        )
        for step in run["steps"]
    ]
    spent = run["orchestration_seconds"]
    note = f"{duration(run['seconds'])} in all, {duration(spent)} of them outside the jobs." if spent is not None else ""
    return section("Steps", table(("Step", "Status", "Took", "Cost", "Said"), rows), note=note)
