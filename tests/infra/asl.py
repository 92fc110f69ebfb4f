"""A small States Language for tests: checks a definition's wiring, resolves parameters, and runs it on fake tasks."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Callable, Iterator
from fnmatch import fnmatchcase
from typing import Any

Machine = dict[str, Any]
State = dict[str, Any]
Task = Callable[[State, dict[str, Any]], Any]
"""Given the state and its resolved parameters: the task's result; raises TaskError to fail."""

TOKEN = re.compile(r"\s*(?:'((?:[^'\\]|\\.)*)'|(\$[\w.$\[\]]*)|(States\.\w+)\(|(true|false|-?\d+)|(.))")


class TaskError(Exception):
    """A task's failure by its error name."""

    def __init__(self, name: str, cause: str = "") -> None:
        super().__init__(name)
        self.name, self.cause = name, cause


def machines(definition: Machine) -> Iterator[Machine]:
    """The machine and every branch inside it."""
    yield definition
    for state in definition["States"].values():
        for branch in state.get("Branches", []):
            yield from machines(branch)


def targets(state: State) -> list[str]:
    """Every state that may follow."""
    found = [rule["Next"] for rule in [*state.get("Choices", []), *state.get("Catch", [])]]
    return found + [state[name] for name in ("Next", "Default") if name in state]


def reachable(machine: Machine) -> set[str]:
    seen: set[str] = set()
    waiting = [machine["StartAt"]]
    while waiting:
        name = waiting.pop()
        if name not in seen:
            seen.add(name)
            waiting += targets(machine["States"][name])
    return seen


def look_up(path: str, document: Any, context: Any) -> Any:
    """The value at a reference path. Raises KeyError where there is none."""
    value = context if path.startswith("$$") else document
    for part in re.findall(r"\.(\w+)|\[(\d+)\]", path):
        value = value[part[0]] if part[0] else value[int(part[1])]
    return value


def evaluate(expression: str, document: Any, context: Any) -> Any:
    """A path, or an intrinsic function of the few that the definition uses."""
    value, rest = _expression(expression, document, context)
    if rest.strip():
        raise ValueError(f"not understood: {rest}")
    return value


def _expression(text: str, document: Any, context: Any) -> tuple[Any, str]:
    match = TOKEN.match(text)
    if match is None:
        raise ValueError("the expression ends too early")
    string, path, function, literal, other = match.groups()
    rest = text[match.end() :]
    if string is not None:
        return string, rest
    if path:
        return look_up(path, document, context), rest
    if literal:
        return json.loads(literal), rest
    if other or not function:
        raise ValueError(f"not understood: {text}")
    arguments = []
    while not rest.lstrip().startswith(")"):
        value, rest = _expression(rest, document, context)
        arguments.append(value)
        rest = rest.lstrip().removeprefix(",")
    return _call(function, arguments), rest.lstrip()[1:]


def _call(function: str, arguments: list[Any]) -> Any:
    if function == "States.Format":
        template, *values = arguments
        if template.count("{}") != len(values):
            raise ValueError("States.Format wants a value for each {}")
        return template.replace("{}", "%s") % tuple(values)
    if function == "States.Array":
        return arguments
    if function == "States.ArrayGetItem":
        return arguments[0][arguments[1]]
    if function == "States.JsonMerge":
        return {**arguments[0], **arguments[1]}
    if function == "States.StringSplit":
        return arguments[0].split(arguments[1])
    if function == "States.ArrayLength":
        return len(arguments[0])
    if function == "States.MathAdd":
        return sum(arguments)
    if function == "States.MathRandom":
        assert 0 < arguments[0] <= arguments[1]
        return arguments[1]
    raise ValueError(f"no such function: {function}")


def resolve(template: Any, document: Any, context: Any) -> Any:
    """`Parameters` or `ResultSelector`: keys that end in `.$` are expressions, all else is taken as it stands."""
    if isinstance(template, list):
        return [resolve(item, document, context) for item in template]
    if not isinstance(template, dict):
        return template
    result = {}
    for key, value in template.items():
        if key.endswith(".$"):
            result[key[:-2]] = evaluate(value, document, context)
        else:
            result[key] = resolve(value, document, context)
    return result


def run(machine: Machine, document: Any, task: Task, context: Any, trace: list[str]) -> Any:
    """The output at the end; raises TaskError where it fails. `trace` gets the states' names. Retries are not run."""
    name: str | None = machine["StartAt"]
    while name is not None:
        trace.append(name)
        state = machine["States"][name]
        try:
            document = _enter(state, document, task, context, trace)
        except TaskError as error:
            catcher = _catcher(state, error)
            document = _put(document, catcher["ResultPath"], {"Error": error.name, "Cause": error.cause})
            name = catcher["Next"]
            continue
        name = _following(state, document)
    return document


def _enter(state: State, document: Any, task: Task, context: Any, trace: list[str]) -> Any:
    kind = state["Type"]
    if kind in ("Choice", "Wait", "Succeed"):
        return document
    if kind == "Fail":
        paths = [evaluate(state[name], document, context) for name in ("ErrorPath", "CausePath") if name in state]
        raise TaskError(*(paths or (state["Error"], state["Cause"])))
    if kind == "Pass":
        made = resolve(state["Parameters"], document, context) if "Parameters" in state else state["Result"]
        return _put(document, state["ResultPath"], made)
    if kind == "Parallel":
        result: Any = [run(branch, copy.deepcopy(document), task, context, trace) for branch in state["Branches"]]
    else:
        result = task(state, resolve(state["Parameters"], document, context))
    if "ResultSelector" in state:
        result = resolve(state["ResultSelector"], result, context)
    return _put(document, state.get("ResultPath", "$"), result)


def _put(document: Any, path: str | None, value: Any) -> Any:
    if path is None:
        return document
    if path == "$":
        return value
    (name,) = re.fullmatch(r"\$\.(\w+)", path).groups()  # type: ignore[union-attr]
    return {**document, name: value}


def _catcher(state: State, error: TaskError) -> dict[str, Any]:
    for catcher in state.get("Catch", []):
        failed = "States.TaskFailed" in catcher["ErrorEquals"] and error.name != "States.Timeout"
        if failed or {error.name, "States.ALL"} & set(catcher["ErrorEquals"]):
            return catcher
    raise error


def _following(state: State, document: Any) -> str | None:
    if state["Type"] != "Choice":
        return state.get("Next")
    for rule in state["Choices"]:
        if holds(rule, document):
            return rule["Next"]
    return state["Default"]


def holds(rule: dict[str, Any], document: Any) -> bool:
    """Whether a rule of a Choice is true."""
    for several, decide in (("And", all), ("Or", any)):
        if several in rule:
            return decide(holds(one, document) for one in rule[several])
    try:
        value = look_up(rule["Variable"], document, {})
    except KeyError:
        if "IsPresent" in rule:
            return not rule["IsPresent"]
        raise
    ((operator, expected),) = ((name, rule[name]) for name in rule if name not in ("Variable", "Next"))
    compare: dict[str, Callable[[], bool]] = {
        "IsPresent": lambda: bool(expected),
        "BooleanEquals": lambda: bool(value is expected),
        "StringEquals": lambda: bool(value == expected),
        "StringMatches": lambda: fnmatchcase(value, expected),
        "NumericLessThan": lambda: bool(value < expected),
    }
    return compare[operator]()
