"""Tables and panels of the command line: runs, verdicts, models, a task's status."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal

from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from chartloop import tasks
from client.annotate import visible
from client.contracts import Model, Run, Step
from client.contracts_codes import NearWithText, SuggestedCode
from client.contracts_predict import TextResult
from client.contracts_verdict import Interval, RunReview, Verdict

COLOUR_OF = {
    "promote": "green", "promoted": "green", "succeeded": "green", "champion": "green",
    "keep": "yellow", "kept": "yellow", "needs-review": "magenta",
    "failed": "red", "done": "green", "rejected": "red", "running": "cyan", "starting": "cyan",
}  # fmt: skip


def word(value: str | None) -> Text:
    """A status in its colour; a dash for None."""
    return Text(value or "–", style=COLOUR_OF.get(value or "", ""))


def figure(value: float | None, digits: int = 3, *, signed: bool = False) -> str:
    """A number with its digits; a dash for None."""
    return "–" if value is None else f"{value:{'+' if signed else ''}.{digits}f}"


def seconds(value: float | None) -> str:
    return "–" if value is None else f"{value:.1f} s"


def difference(interval: Interval | None) -> str:
    """`+0.041 (+0.020 to +0.063)`: the paired difference with its interval."""
    if interval is None:
        return "–"
    low, high = (figure(interval[end], signed=True) for end in ("low", "high"))
    return f"{figure(interval['difference'], signed=True)} ({low} to {high})"


def primary(metrics: dict[str, float | None] | None) -> float | None:
    """Entity F1, or the first metric that there is."""
    if not metrics:
        return None
    return metrics.get("entity_f1", next(iter(metrics.values())))


def table(*columns: str, rows: Iterable[Iterable[RenderableType]]) -> Table:
    """Columns without lines; the first, which names the row, is never broken."""
    made = Table(box=None, pad_edge=False, header_style="bold")
    for number, column in enumerate(columns):
        made.add_column(column, overflow="fold", no_wrap=number == 0)
    for row in rows:
        made.add_row(*row)
    return made


def runs(found: Iterable[Run]) -> Table:
    return table(
        "run", "kind", "outcome", "step", "candidate", "champion", "difference", "started", "took",
        rows=(_run_row(run) for run in found),
    )  # fmt: skip


def _run_row(run: Run) -> list[RenderableType]:
    verdict = run["verdict"]
    metrics = verdict["metrics"] if verdict else None
    going = [step["name"] for step in run["steps"] if step["status"] == "running"]
    return [
        run["run_id"],
        run["kind"],
        word(run["outcome"] or run["status"]),
        ", ".join(going) or "–",
        figure(primary(metrics["candidate"]) if metrics else None),
        figure(primary(metrics["champion"]) if metrics else None),
        difference(verdict["interval"] if verdict else None),
        run["started_at"][:19].replace("T", " "),
        seconds(run["seconds"]),
    ]


def run(shown: Run) -> Group:
    """One run: its records, steps, verdict and error."""
    counts = ", ".join(f"{number:,} {name}" for name, number in shown["records"].items())
    head = Text.assemble(shown["run_id"], "  ", word(shown["outcome"] or shown["status"]), f"  ({counts})")
    parts: list[RenderableType] = [head, steps(shown["steps"])]
    if shown["orchestration_seconds"] is not None:
        parts.append(Text(f"{seconds(shown['seconds'])}, of these {seconds(shown['orchestration_seconds'])} outside the jobs"))
    if spent := shown.get("cost_usd"):
        parts.append(Text(f"{spent:.2f} USD so far, {shown.get('estimated_usd') or 0:.2f} USD foreseen"))
    if shown["verdict"]:
        parts.append(verdict(shown["verdict"]))
    if its := shown.get("review"):
        parts.append(Text(review(its), style=COLOUR_OF["needs-review"] if its["status"] == "waiting" else ""))
    reports = {role: report for role in ROLES if (report := shown["scores"].get(role))}
    parts += [Text(calibration(role, its)) for role, report in reports.items() if (its := report.get("calibration"))]
    candidate = shown["scores"].get("candidate") or {}
    parts += [Text(cheaper(its)) for its in (candidate.get("extras") or {}).get("baselines", ())]
    parts += [Text(engine(role, its)) for role, report in reports.items() if (its := report.get("engine"))]
    if shown["error"]:
        parts.append(Text(f"{shown['error']['code']}: {shown['error']['message']}", style="red"))
    return Group(*parts)


def review(its: RunReview) -> str:
    """Until when a person is asked, or what came of it."""
    if its["status"] == "waiting":
        return f"waits for a person until {minute(its['until'])} UTC: chartloop promote or chartloop reject, with a reason"
    return f"review {its['status']} by {its['by']} at {minute(its['at'] or '')} UTC: {its['reason']}"


def minute(stamp: str) -> str:
    return stamp[:16].replace("T", " ")


def cheaper(its: Mapping[str, Any]) -> str:
    """What a cheaper model gets beside the candidate, and whether it is proposed."""
    return f"{'proposed: ' if its.get('proposed') else ''}{its['name']}: {its.get('message', '')}"


def calibration(role: str, its: Mapping[str, Any]) -> str:
    """`candidate: ...`: how far its confidences are from the share that is right, on average, and would be as they come."""
    errors = f"{100 * its['ece']:.1f} points off, {100 * its['ece_uncalibrated']:.1f} without its temperature"
    return f"{role}: confidences of {its['entities']:,} entities are {errors} of {its['temperature']:.2f}"


def engine(role: str, its: Mapping[str, Any]) -> str:
    """`candidate: ...`: what computes its answers, and the F1 of the precisions that were tried on notes of the training side."""
    tried = {name.removeprefix("f1_"): f1 for name, f1 in its.get("quality", {}).items() if name != "notes"}
    figures = ", ".join(f"{precision} {f1:.4f}" for precision, f1 in tried.items())
    of = f" (F1 on {its['quality']['notes']:.0f} training notes: {figures})" if tried else ""
    return f"{role}: {its['name']} in {its['precision']}{of}"


def steps(shown: Iterable[Step]) -> Table:
    return table("step", "status", "took", "progress", rows=(_step_row(step) for step in shown))


def _step_row(step: Step) -> list[RenderableType]:
    return [step["name"], word(step["status"]), seconds(step.get("seconds")), progress(step) or step.get("message") or ""]


def progress(step: Step) -> str:
    """`epoch 2, 40 %, loss 0.312`, of what the step tells."""
    told = step.get("progress") or {}
    parts = []
    if "epoch" in told:
        parts.append(f"epoch {told['epoch']:g}")
    if "progress" in told:
        parts.append(f"{told['progress']:.0f} %")
    if "train_loss" in told:
        parts.append(f"loss {told['train_loss']:.3f}")
    return ", ".join(parts)


ROLES: tuple[Literal["candidate"], Literal["champion"]] = ("candidate", "champion")
MARK_OF = {True: Text("✓", style="green"), False: Text("✗", style="red"), None: Text("–", style="dim")}


def verdict(shown: Verdict) -> Panel:
    """The gate's decision: its sentence, every clause, and the labels side by side."""
    clauses = table(
        "", "clause", "", rows=([MARK_OF[clause["passed"]], clause["name"], clause["message"]] for clause in shown["clauses"])
    )
    labels = table(
        "label", "support", "candidate", "champion", "difference", "evidence",
        rows=(
            [
                row["label"], str(row["support"]), *(figure(row[role]) for role in ROLES),
                figure(row["difference"], signed=True), row.get("evidence") or "–",
            ]
            for row in shown["labels"]
        ),
    )  # fmt: skip
    body = Group(Text(shown["message"]), Text(), clauses, Text(), *_figures(shown), *([labels] if shown["labels"] else []))
    return Panel(body, title=f"{shown['verdict']} ({shown['policy']})", border_style=COLOUR_OF[shown["verdict"]], expand=False)


def _figures(shown: Verdict) -> Iterable[RenderableType]:
    """The paired differences, and the records that one model alone has exactly right."""
    for interval in (shown["interval"], *shown.get("further_intervals", ())):
        if interval:
            yield Text(f"{interval['metric'].replace('_', ' ')}, candidate minus champion: {difference(interval)}")
    if its := shown.get("mcnemar"):
        told = f"{its['fixed']:,} only the candidate has exactly right, {its['broken']:,} only the champion"
        yield Text(f"whole records: {told} (McNemar's exact p {its['p']:.3f})")


def models(found: Iterable[Model]) -> Table:
    """With the figures that the gate reads of the models' task."""
    listed = list(found)
    shown = tasks.find(listed[0]["task"]).measures.names if listed else ()
    return table(
        "version", "status", *(name.replace("_", " ") for name in shown), "size", "base model", "promoted", "reason",
        rows=(_model_row(model, shown) for model in listed),
    )  # fmt: skip


def _model_row(model: Model, shown: Sequence[str]) -> list[RenderableType]:
    size = "–" if model["bytes"] is None else f"{model['bytes'] / 1e6:.1f} MB"
    return [
        model["version"],
        word(model["status"]),
        *(figure(model["metrics"].get(name)) for name in shown),
        size,
        model["base_model"] or "–",
        (model["promoted_at"] or "–")[:19].replace("T", " "),
        model["reason"] or "",
    ]


def fields(value: Mapping[str, Any]) -> Table:
    """Names and values, nested names with dots: settings and a task's status."""
    return table("name", "value", rows=([name, _shown(found)] for name, found in _flat(value)))


def _flat(value: Mapping[str, Any], prefix: str = "") -> Iterable[tuple[str, Any]]:
    for name, found in value.items():
        if isinstance(found, dict) and found:
            yield from _flat(found, f"{prefix}{name}.")
        else:
            yield prefix + name, found


def _shown(value: Any) -> str:
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value)) or "–"
    if value is None or value in ("", {}):
        return "–"
    return str(value).lower() if isinstance(value, bool) else str(value)


def codes(text: str, result: TextResult) -> Table:
    """Suggested codes, each with what speaks for it: words of the note and records by id."""
    return table(
        "code", "score", "description", "words of the note", "records that carry it",
        rows=(_code_row(text, each) for each in result.get("codes", [])),
    )  # fmt: skip


def _code_row(text: str, each: SuggestedCode) -> list[RenderableType]:
    words = [text[place["start"] : place["end"]] for place in each["evidence"]["words"]]
    near = [f"{record['record_id']} ({record['similarity']:.2f})" for record in each["evidence"]["records"]]
    shown = (each["description"], ", ".join(words), ", ".join(near))
    return [Text(each["code"]), figure(each["score"], 2), *(Text(visible(part) or "–") for part in shown)]


def similar(found: Iterable[NearWithText]) -> Table:
    """Records by how like a text they are; their own texts where they came along."""
    return table(
        "record", "similarity", "text",
        rows=([Text(each["record_id"]), figure(each["similarity"]), Text(visible(each.get("text") or "–"))] for each in found),
    )  # fmt: skip
