"""The promotion's steps: a candidate's way into service, each step repeatable after a crash anywhere.

    register -> copy -> deploy -> wait ... wait -> verify -> swap | -> point -> confirm -> approve

Before the swap everything can be undone (`undo`, `remove`), after it there is only forward; a model that fails `confirm` is
followed by a rollback of its own (chartloop/confirming.py). One run at a time holds a task's promotion (TASK `promotion`), from
`register`, or from a person's decision, until `approve`, `withdraw` or `undo`. `copy`, `point` and `remove` are in
chartloop/publishing.py: they need the model folder.
"""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from chartloop import keys, models, registration, reviews, tasks, trail
from chartloop.errors import ChampionChanged, Conflict, EndpointBusy, JobFailed, PromotionActive
from chartloop.items import GATE, model_key, require, run_key, stamp, task_item, until_first
from chartloop.seams import BUSY, Endpoints, EndpointState, Item, Ledger, Objects, Registry
from chartloop.steps import mark


def swapped(owner: Item, run_id: str) -> bool:
    """Whether the champion is in service by this run."""
    champion = owner["champion"]
    return bool(champion and champion["run_id"] == run_id)


def stale(run: Item, owner: Item, objects: Objects) -> bool:
    """Whether a retraining's candidate was judged against another champion than the one in service."""
    return run["kind"] == "retrain" and bool(verdict_of(run, objects)["champion"] != _version(owner["champion"]))


def verdict_of(run: Item, objects: Objects) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(objects.get(keys.run(run["run_id"], "verdict.json")).body)
    return found


def register(task: str, run_id: str, *, ledger: Ledger, objects: Objects, registry: Registry, now: datetime) -> None:
    """Takes the promotion and makes the version known to the registry. Raises PromotionActive while another run holds it."""

    def take() -> Item:
        run, owner = read(task, run_id, ledger)
        if swapped(owner, run_id):
            return run
        if run["ended_at"]:
            raise Conflict("the run was cancelled", code="run_ended", details={"run_id": run_id})
        if owner["promotion"] not in (None, run_id):
            raise PromotionActive("another promotion of this task is under way", details={"run_id": owner["promotion"]})
        owner["promotion"] = run_id
        mark(run, "promote", now, "running")
        ledger.save(run, owner)
        return run

    run = until_first(take)
    model = _model(run, ledger)
    registration.enter(model, objects=objects, registry=registry)


def deploy(task: str, run_id: str, *, ledger: Ledger, objects: Objects, endpoints: Endpoints) -> None:
    """Asks for the candidate's endpoint configuration; where the endpoint is busy with another one, `wait` asks again."""
    run, owner = holding(task, run_id, ledger)
    if swapped(owner, run_id) or _rehearsed(run, ledger, objects, endpoints):
        _request(run, ledger, objects, endpoints)


def wait(task: str, run_id: str, *, ledger: Ledger, objects: Objects, endpoints: Endpoints) -> str:
    """`ready` when the candidate's own configuration is live, else `wait`.

    InService alone proves nothing: SageMaker says it too after it went back to the old configuration by itself. Raises JobFailed.
    """
    run, owner = holding(task, run_id, ledger)
    wanted = _config(run, ledger, endpoints)
    if run["requested"] is None and not swapped(owner, run_id) and not _rehearsed(run, ledger, objects, endpoints):
        return "wait"
    state = endpoints.state(task, wanted)
    if state.status == "InService" and state.config == wanted:
        return "ready"
    if state.status in BUSY:
        return "wait"
    if run["requested"] == wanted and not swapped(owner, run_id):
        raise JobFailed(f"the endpoint did not take the new model: {_how(state)}", code="deployment_failed")
    _request(run, ledger, objects, endpoints)
    return "wait"


def _rehearsed(run: Item, ledger: Ledger, objects: Objects, endpoints: Endpoints) -> bool:
    """Whether the candidate answers as recorded in the second place, where its mode has one. Raises JobFailed."""
    task, model = run["task"], _model(run, ledger)
    uri = models.artifact_uri(objects, task, run["model"])
    state = endpoints.rehearse(task, run["model"], model_uri=uri, sha256=model["sha256"])
    if state is None:
        return True
    wanted = endpoints.config_name(run["model"], model["sha256"])
    if state.status == "InService" and state.config == wanted:
        ask_golden(run, objects, endpoints, config=wanted)
        return True
    if state.status not in BUSY and state.status != "Missing" and state.config in (wanted, None):
        raise JobFailed(f"the rehearsal did not take the new model: {_how(state)}", code="deployment_failed")
    return False


def _request(run: Item, ledger: Ledger, objects: Objects, endpoints: Endpoints) -> None:
    """Deploys and notes it on the run, where the endpoint can take it; one that failed is removed first, and asked again."""
    state, task = endpoints.state(run["task"]), run["task"]
    model = _model(run, ledger)
    uri, guarded = models.artifact_uri(objects, task, run["model"]), run["kind"] != "rollback"
    endpoints.deploy(task, run["model"], model_uri=uri, sha256=model["sha256"], guarded=guarded)
    if state.status not in BUSY and state.status != "Failed":
        run["requested"] = endpoints.config_name(run["model"], model["sha256"])
        ledger.save(run)


def _how(state: EndpointState) -> str:
    reason = f" ({state.failure[:200]})" if state.failure else ""
    return f"it went back to the old one{reason}" if state.status == "InService" else f"it is {state.status}{reason}"


def verify(task: str, run_id: str, *, ledger: Ledger, objects: Objects, endpoints: Endpoints) -> None:
    """Asks the candidate, now that it is deployed, its golden requests. Raises JobFailed unless it answers as recorded."""
    run, _ = holding(task, run_id, ledger)
    ask_golden(run, objects, endpoints, config=_config(run, ledger, endpoints))


def ask_golden(run: Item, objects: Objects, endpoints: Endpoints, *, config: str | None) -> None:
    """Asks the artifact's golden requests of what callers get, or of `config`. Raises JobFailed for another version or answer."""
    golden = models.manifest(objects, run["task"], run["model"])["golden"]
    if not golden:
        raise JobFailed("the artifact has no golden requests", code="verification_failed")
    answer = endpoints.invoke(run["task"], {"inputs": [request["input"] for request in golden]}, config=config)
    if answer.get("model_version") != run["model"]:
        raise JobFailed("the endpoint answers as another version", code="verification_failed")
    given, same = answer.get("predictions", ()), tasks.find(run["task"]).same
    wrong = sum("error" in one or not same(one, request["answer"]) for one, request in zip(given, golden, strict=False))
    if wrong or len(given) != len(golden):
        raise JobFailed(f"{wrong} of {len(golden)} golden requests are answered otherwise", code="verification_failed")


def swap(task: str, run_id: str, *, ledger: Ledger, objects: Objects, now: datetime) -> None:
    """Makes the candidate the champion, in one transaction with the models' statuses and the audit. Raises ChampionChanged."""

    def attempt() -> None:
        run, owner = holding(task, run_id, ledger)
        if swapped(owner, run_id):
            return
        if stale(run, owner, objects):
            raise ChampionChanged("another model came into service after the candidate was judged")
        model = _model(run, ledger)
        by, reason = run["by"] or GATE, run["reason"] or verdict_of(run, objects)["message"]
        old, new = owner["champion"], {"version": run["model"], "sha256": model["sha256"], "since": stamp(now)}
        owner |= {"champion": {**new, "by": by, "reason": reason, "run_id": run_id}, "previous_champion": old}
        owner["settled_run"] = _settled(owner, model, ledger)
        model |= {"status": "champion", "promoted_at": stamp(now), "promoted_by": by, "reason": reason}
        told = trail.enter(
            owner, now, action="champion", by=by, model=run["model"], artifact=model["sha256"], before=_version(old),
            reason=reason, run_id=run_id,
        )  # fmt: skip
        ended = reviews.closed(owner, run["model"], reviews.PROMOTED, by=by, reason=reason, ledger=ledger, now=now)
        ledger.save(owner, model, told, *ended, *_retired(task, old, ledger))

    until_first(attempt)


def _settled(owner: Item, model: Item, ledger: Ledger) -> str:
    """The promoted run with the latest records: going back to an older model unsettles nothing."""
    known, this = owner["settled_run"], str(model["run_id"])
    if known is None:
        return this
    places = {run: require(ledger, run_key(owner["task"], run), "run")["sequence"] for run in (known, this)}
    return this if places[this] > places[known] else str(known)


def _retired(task: str, old: dict[str, Any] | None, ledger: Ledger) -> list[Item]:
    if old is None:
        return []
    return [require(ledger, model_key(task, old["version"]), "version") | {"status": "retired"}]


def approve(task: str, run_id: str, *, ledger: Ledger, registry: Registry, now: datetime) -> None:
    """The last step: the registry's approval; then the promotion is free again."""

    def release() -> None:
        run, owner = read(task, run_id, ledger)
        if owner["promotion"] == run_id:
            owner["promotion"] = None
            mark(run, "promote", now, "succeeded", run["marks"]["promote"]["message"])
            ledger.save(run, owner)

    run, owner = holding(task, run_id, ledger)
    if not swapped(owner, run_id):
        raise Conflict("this run's model is not in service", details={"run_id": run_id})
    registry.set_status(task, run["model"], registration.APPROVED, owner["champion"]["reason"])
    replaced = owner["previous_champion"]
    if run["kind"] == "rollback" and run["by"] == GATE and replaced and registry.find(task, replaced["version"]):
        registry.set_status(task, replaced["version"], registration.REJECTED, run["reason"])
    until_first(release)


def undo(
    task: str, run_id: str, *, ledger: Ledger, objects: Objects, endpoints: Endpoints, registry: Registry, now: datetime
) -> None:
    """Puts the champion back into service and frees the promotion; does nothing after the swap, or where the run has it not.

    The package of a retraining's candidate is rejected, unless it only has to be judged again. Raises EndpointBusy until the
    endpoint takes the champion's configuration.
    """
    run, owner = read(task, run_id, ledger)
    if owner["promotion"] != run_id or swapped(owner, run_id):
        return
    _put_back(owner, endpoints)
    refused = run["kind"] == "retrain" and not stale(run, owner, objects)
    if refused and registry.find(task, run["model"]):
        registry.set_status(task, run["model"], registration.REJECTED, "its promotion failed")

    def release() -> None:
        run, owner = read(task, run_id, ledger)
        if owner["promotion"] != run_id:
            return
        owner["promotion"] = run["requested"] = None
        mark(run, "promote", now, "failed", "undone: the model in service is as before")
        model = _model(run, ledger)
        ledger.save(run, owner, *([model | {"status": "rejected"}] if refused else []))

    until_first(release)


def _put_back(owner: Item, endpoints: Endpoints) -> None:
    task, champion = owner["task"], owner["champion"]
    wanted = endpoints.config_name(champion["version"], champion["sha256"]) if champion else None
    endpoints.redeploy(task, wanted)
    state = endpoints.state(task, wanted)
    if state.config != wanted or state.status not in ("InService", "Missing"):
        raise EndpointBusy(f"the endpoint is {state.status}, not yet as before")
    endpoints.settle(task)


def read(task: str, run_id: str, ledger: Ledger) -> tuple[Item, Item]:
    return require(ledger, run_key(task, run_id), "run"), task_item(ledger, task)


def holding(task: str, run_id: str, ledger: Ledger) -> tuple[Item, Item]:
    """(run, task) of a run that holds the promotion, or that has come into service already. Raises Conflict otherwise."""
    run, owner = read(task, run_id, ledger)
    if owner["promotion"] != run_id and not swapped(owner, run_id):
        raise Conflict("this run does not hold the promotion", details={"run_id": run_id})
    return run, owner


def _config(run: Item, ledger: Ledger, endpoints: Endpoints) -> str:
    return endpoints.config_name(run["model"], _model(run, ledger)["sha256"])


def _model(run: Item, ledger: Ledger) -> Item:
    return require(ledger, model_key(run["task"], run["model"]), "version")


def _version(champion: dict[str, Any] | None) -> str | None:
    return champion["version"] if champion else None
