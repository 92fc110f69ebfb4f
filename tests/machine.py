"""Drives the state machine's own definition (infra/definition.py) over functions and jobs of a test, without waiting."""

from __future__ import annotations

import json
from typing import Any

from chartloop.steps import score_name, try_name
from infra.definition import definition
from tests.infra.asl import holds, resolve

FUNCTIONS = ("begin", "champion", "judge", "promote", "publish", "finish", "notebook", "tune")
MOST_STEPS = 400


class Failed(Exception):
    """A state ended with an error that has this name and this cause."""

    def __init__(self, name: str, cause: str) -> None:
        super().__init__(name)
        self.name, self.cause = name, cause


class Requests:
    """In the place of the SageMaker requests: which job it is."""

    code_uri = "s3://assets/0123.gz"
    engine = "torch"

    def prepare(self) -> dict[str, Any]:
        return {"job": "prepare"}

    def embed(self, *, previous: bool) -> dict[str, Any]:
        return {"job": "embed", "previous": previous}

    falls_back, gpu_instance = False, ""

    def train(self) -> dict[str, Any]:
        return {"job": "train", "ResourceConfig": {}, "StoppingCondition": {}, "Tags": []}

    def toolkit(self) -> dict[str, Any]:
        return {}

    def score(self, *, champion: bool) -> dict[str, Any]:
        return {"job": "score", "with_champion": champion}


def drive(world: Any, name: str, payload: Any) -> str:
    """`SUCCEEDED` or `FAILED`."""
    states = definition(
        functions={name: name for name in FUNCTIONS},
        jobs=Requests(),  # type: ignore[arg-type]
        pause_seconds=1,
        notebook_hours=1 if world.settings.notebook else None,
    )
    try:
        _Execution(world, name).walk(states, dict(payload))
    except Failed:
        return "FAILED"
    return "SUCCEEDED"


class _Execution:
    def __init__(self, world: Any, name: str) -> None:
        self.world, self.name, self.steps, self.tokens = world, name, 0, 0

    def walk(self, machine: dict[str, Any], state: Any) -> Any:
        at = machine["StartAt"]
        while True:
            self.steps += 1
            assert self.steps < MOST_STEPS, f"going round at {at}"
            here = machine["States"][at]
            if here["Type"] == "Succeed":
                return state
            if here["Type"] == "Fail":
                raise Failed(
                    *(_at(here[f"{name}Path"], state) if f"{name}Path" in here else here[name] for name in ("Error", "Cause"))
                )
            state, following = self._enter(here, state)
            if here.get("End"):
                return state
            at = following

    def _enter(self, here: dict[str, Any], state: Any) -> tuple[Any, str]:
        if here["Type"] == "Choice":
            return state, next((c["Next"] for c in here["Choices"] if holds(c, state)), here["Default"])
        if here["Type"] == "Wait":
            return state, here["Next"]
        try:
            answer = self._answer(here, state)
        except Failed as failed:
            catch = next((c for c in here.get("Catch", ()) if _matches(c["ErrorEquals"], failed.name)), None)
            if catch is None:
                raise
            return _placed(state, catch["ResultPath"], {"Error": failed.name, "Cause": failed.cause}), catch["Next"]
        return _placed(state, here.get("ResultPath", "$"), answer), here.get("Next", "")

    def _answer(self, here: dict[str, Any], state: Any) -> Any:
        if here["Type"] == "Pass":
            return resolve(here["Parameters"], state, {}) if "Parameters" in here else here["Result"]
        if here["Type"] == "Parallel":
            answer: Any = [self.walk(branch, state) for branch in here["Branches"]]
        else:
            answer = self._tried(here, state)
        if "ResultSelector" in here:
            return resolve(here["ResultSelector"], answer, {})
        return answer

    def _tried(self, here: dict[str, Any], state: Any) -> Any:
        left = {id(retry): retry["MaxAttempts"] for retry in here["Retry"]}
        while True:
            try:
                return self._task(here, state)
            except Failed as failed:
                retry = next((r for r in here["Retry"] if _matches(r["ErrorEquals"], failed.name)), None)
                if retry is None or not left[id(retry)]:
                    raise
                left[id(retry)] -= 1

    def _task(self, here: dict[str, Any], state: Any) -> Any:
        parameters = here["Parameters"]
        if "sagemaker" in here["Resource"]:
            if "TrainingJobDefinition" in parameters:
                return self.world.job("tune", f"{state['tuning']['name']}-{self.name.rpartition('-')[2]}", state)
            look = state.get("standing", {}).get("look", 1)
            part = score_name(look) if parameters["job"] == "score" else parameters["job"]
            name = try_name(part, 1 + state.get("tries", {"made": 0})["made"])
            return self.world.job(parameters["job"], f"{self.name}-{name}", state)
        self.tokens += 1
        event = {key.removesuffix(".$"): self._value(key, value, state) for key, value in parameters["Payload"].items()}
        try:
            answer = self.world.functions()[parameters["FunctionName"]](event)
        except Exception as error:
            name = type(error).__name__
            raise Failed(name, json.dumps({"errorType": name, "errorMessage": str(error)})) from error
        if here["Resource"].endswith(".waitForTaskToken"):
            return self.world.answer(event["token"])
        return {"Payload": answer}

    def _value(self, key: str, value: str, state: Any) -> Any:
        if not key.endswith(".$"):
            return value
        context = {"$$.Execution.Name": self.name, "$$.Task.Token": f"{self.name}-token{self.tokens}"}
        return context[value] if value in context else _at(value, state)


def _at(path: str, state: Any) -> Any:
    for part in path.replace("[", ".").replace("]", "").split(".")[1:]:
        state = state[int(part)] if part.isdigit() else state[part]
    return state


def _placed(state: Any, path: str | None, answer: Any) -> Any:
    if path is None:
        return state
    return answer if path == "$" else {**state, path.removeprefix("$."): answer}


def _matches(names: list[str], name: str) -> bool:
    failed = "States.TaskFailed" in names and name != "States.Timeout"
    return failed or "States.ALL" in names or name in names
