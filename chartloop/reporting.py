"""The report of a run as data (docs/contracts/report.schema.json): made when the run ends, kept with it, and found by who asks.

It holds no text of a record. The flips' sentences lie elsewhere, for a time, and are added for those who may read text.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from chartloop import advice, curves, findings, handover, keys, report_page, tasks
from chartloop.errors import NotFound
from chartloop.items import require, run_key, stamp, task_key
from chartloop.runs import ENDED, to_run
from chartloop.scores import ScoreReport
from chartloop.seams import Item, Jobs, Ledger, Objects

ROLES = ("candidate", "champion")
JSON, PAGE = "report.json", "report.html"
MOST_POSTERS = 200

Report = dict[str, Any]


def keep(task: str, run_id: str, *, ledger: Ledger, objects: Objects, jobs: Jobs, now: datetime) -> None:
    """Writes the report of an ended run beside its verdict, as JSON and as a page; what was written before stays."""
    if objects.exists(keys.run(run_id, JSON)):
        return
    made = build(require(ledger, run_key(task, run_id), "run"), ledger=ledger, objects=objects, jobs=jobs, now=now)
    page = report_page.page(made).encode()
    objects.put(keys.run(run_id, PAGE), page, content_type="text/html; charset=utf-8")
    body = json.dumps(made, indent=1, ensure_ascii=False, allow_nan=False).encode()
    objects.put(keys.run(run_id, JSON), body, content_type="application/json")


def find(
    task: str, run_id: str, *, text: bool, ledger: Ledger, objects: Objects, jobs: Jobs, now: datetime
) -> Report:  # fmt: skip
    """The kept report, or of a run that has none, or has not ended, one as of now. With `text` its flips have their sentences.

    Raises NotFound.
    """
    run = require(ledger, run_key(task, run_id), "run")
    kept = _read(objects, keys.run(run_id, JSON)) if run["status"] in ENDED else None
    as_it_ended = kept if kept and kept["run"]["outcome"] == run["outcome"] else None  # a person may have decided since
    made: Report = as_it_ended or build(run, ledger=ledger, objects=objects, jobs=jobs, now=now)
    return {**made, "flips": _flips(run, objects, now)} if text else made


def build(run: Item, *, ledger: Ledger, objects: Objects, jobs: Jobs, now: datetime) -> Report:
    """From what the ledger, the run's folder and the models before it say. A part that there is nothing of is null or empty."""
    shown = to_run(run, objects=objects, jobs=jobs)
    request = _read(objects, keys.run(run["run_id"], "request.json")) or {}
    scores = {role: _parsed(shown["scores"][role]) for role in ROLES}
    measures = tasks.find(run["task"]).measures
    primary = measures.primary[0]
    tuning = _read(objects, keys.run(run["run_id"], "tuning.json"))
    for report in shown["scores"].values():  # counts of each group are for the bootstrap: thousands of lines that nobody reads
        for part in ("settled", "fresh"):
            if report and report[part]:
                report[part]["per_group"] = []
    return {
        "run": shown,
        "metrics": [{"name": name, "higher_is_better": better} for name, better in _metrics(run["task"]).items()],
        "trivial": measures.trivial,
        "intervals": {role: _intervals(report, run["task"]) for role, report in scores.items()},
        **_provenance(run, request, ledger, objects),
        "settings": request.get("settings"),
        "learning": {
            "metric": primary.name,
            "runs": curves.of_learning(run, primary.name, ledger=ledger) if run["kind"] == "retrain" else [],
        },
        "training": curves.of_training(run["run_id"], objects, tuning["trials"][tuning["best"]]["job"] if tuning else ""),
        "tuning": tuning,
        "flips": None,
        "advice": advice.on(shown["error"]["code"]) if shown["error"] else None,
        "created_at": stamp(now),
    }


def _metrics(task: str) -> dict[str, bool]:
    """Every metric that the gate reads, the first primary one first, and whether more of it is better."""
    measures = tasks.find(task).measures
    named = [*measures.primary, measures.mission, *(floor.metric for floor in measures.floors)]
    return {metric.name: metric.higher_is_better for metric in named}


def _parsed(report: Mapping[str, Any] | None) -> ScoreReport | None:
    try:
        return ScoreReport.model_validate(report) if report else None
    except ValueError:  # the verdict says so
        return None


def _intervals(report: ScoreReport | None, task: str) -> dict[str, Any]:
    """By metric the bounds of the model's own figure."""
    from chartloop import bootstrap  # numpy is for these figures, and for no other call's cold start

    groups = report.settled.per_group if report else ()
    found = {name: bootstrap.alone(name, groups) for name in _metrics(task)} if groups else {}
    return {name: {"low": bounds[0], "high": bounds[1]} for name, bounds in found.items() if bounds}


def _provenance(run: Item, request: Mapping[str, Any], ledger: Ledger, objects: Objects) -> dict[str, Any]:
    """Of what the run learned and was judged on: batches and posters; and what of it may be planted."""
    if run["kind"] != "retrain":
        return {"data": None, "trust": None}
    shards = [*request.get("records", ()), *request.get("holdout", ())]
    named = {shard["batch_id"] for shard in shards}
    by = {b["batch_id"]: b["poster"] for b in ledger.query(task_key(run["task"])[0], "BATCH#") if b["batch_id"] in named}
    data = {**run["records"], "snapshot": run["snapshot"], "batches": len(named), "posters": len(set(by.values()))}
    found = findings.of_run(run["run_id"], objects) or {}
    trust = {"posters": _shares(shards, by), "alarms": found.get("alarms", []), "gold": handover.count(request.get("gold", ()))}
    return {"data": data, "trust": trust}


def _shares(shards: Sequence[Mapping[str, Any]], by: Mapping[str, str]) -> list[dict[str, Any]]:
    """What each poster brought, the most first; `new` of it since the run before."""
    fresh = {shard["batch_id"] for shard in shards if shard.get("new")}
    every, new = Counter[str](), Counter[str]()
    for shard in shards:
        poster = by.get(shard["batch_id"], "")
        every[poster] += shard["records"]
        new[poster] += shard["records"] if shard["batch_id"] in fresh else 0
    return [{"poster": poster, "records": count, "new": new[poster]} for poster, count in every.most_common(MOST_POSTERS)]


def _flips(run: Item, objects: Objects, now: datetime) -> dict[str, Any] | None:
    """What is shown of the flips with text; None where there are none, or no longer."""
    found = _read(objects, keys.flips(run["task"], run["run_id"], "flips.json"))
    return {name: found[name] for name in ("shown", "expires_at")} if found and found["expires_at"] > stamp(now) else None


def _read(objects: Objects, key: str) -> Any:
    try:
        return json.loads(objects.get(key).body)
    except NotFound:
        return None
