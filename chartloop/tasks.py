"""The tasks: one entry each. A new kind of model starts here."""

from __future__ import annotations

import json
from typing import Any

from pydantic import BaseModel, ValidationError

from chartloop import classification, generation, ner, regression
from chartloop.errors import InvalidRequest, NotFound
from chartloop.settings import Settings
from chartloop.task import Form, Task, TaskSettings

TASKS = {task.name: task for task in (ner.TASK, classification.TASK, regression.TASK, generation.TASK)}


def find(name: str) -> Task:
    try:
        return TASKS[name]
    except KeyError:
        raise NotFound(f"unknown task; known are {', '.join(TASKS)}", code="unknown_task", field="task") from None


def with_entities(name: str) -> Task:
    """A task whose answers can be kept, reviewed and corrected. Raises NotFound, InvalidRequest (not_for_this_task)."""
    task = find(name)
    if not task.has_entities:
        rule = f"answers of the task {name} are not corrected: send what is right as a record"
        raise InvalidRequest(rule, code="not_for_this_task", field="task")
    return task


def form(name: str) -> Form:
    return find(name).form


def defaults(task: Task, settings: Settings) -> TaskSettings:
    """The task's settings in this installation, before anybody changed one."""
    base = {"model_name_or_path": getattr(settings, task.base)} if task.base else {}
    return change(task.settings(), base)


def shown(task: Task) -> dict[str, Any]:
    """What a client needs to know of a task: what it is asked about and with which options, its records, what it is judged by."""
    judged = (*task.measures.primary, task.measures.mission)
    metrics = {metric.name: {"name": metric.name, "higher_is_better": metric.higher_is_better} for metric in judged}
    options = task.asked.options.model_json_schema().get("properties", {})
    return {
        "task": task.name,
        "asked": {"one": task.asked.one, "many": task.asked.many, "most": task.asked.most, "options": options},
        "required": list(task.form.required),
        "optional": list(task.form.optional),
        "entities": task.has_entities,
        "similar": task.embeds,
        "metrics": list(metrics.values()),
    }


def names(task: Task) -> set[str]:
    """What can be set, hyper-parameters among it."""
    return (task.settings.model_fields.keys() | task.hyperparameters.model_fields.keys()) - {"hyperparameters"}


def change(settings: TaskSettings, changes: dict[str, Any]) -> TaskSettings:
    """`settings` with `changes` by name; a hyper-parameter is named without its group. Raises InvalidRequest by field."""
    top = settings.model_dump()
    for name, value in changes.items():
        if name in top["hyperparameters"]:
            top["hyperparameters"][name] = value
        elif name in top and name != "hyperparameters":
            top[name] = value
        else:
            raise InvalidRequest("no such setting", code="unknown_setting", field=name)
    try:
        return type(settings).model_validate(top)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        raise InvalidRequest(first["msg"], field=str(first["loc"][-1])) from None


def encode(hyperparameters: BaseModel) -> dict[str, str]:
    """Each value as a JSON-encoded string, as SageMaker's training toolkit wants them."""
    return {name: json.dumps(value) for name, value in hyperparameters.model_dump().items()}
