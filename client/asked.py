"""The command `predict` for tasks that are asked about something else than a text: a row, a prompt."""

from __future__ import annotations

import argparse
import json
from typing import Any

from chartloop import tasks
from chartloop.errors import InvalidRequest
from chartloop.task import Task
from client import exits
from client.session import Session


def other(name: str) -> Task | None:
    """The task, where it is one that is not asked about texts."""
    task = tasks.TASKS.get(name)
    return task if task is not None and task.asked.one != "text" else None


def one(session: Session, task: Task, said: str, given: argparse.Namespace) -> int:
    """Asks about one input, an object as JSON, and prints the answer's fields."""
    options = dict(map(_option, given.option))
    with session.api() as api:
        answer = api.ask(task.name, {task.asked.one: _input(task, said), **options})
    result = answer["predictions"][0]
    if given.json:
        session.write_json(answer)
    elif "error" in result:
        session.notices.print(f"{result['error']['code']}: {result['error']['message']}", soft_wrap=True)
    else:
        for field, value in result.items():
            if field != "prediction_id":
                session.out.print(f"{field}: {_plain(value)}", soft_wrap=True, markup=False, highlight=False)
        session.notices.print(f"by {answer['model_version']}", soft_wrap=True)
    return exits.REFUSED if "error" in result else exits.OK


def _input(task: Task, said: str) -> Any:
    if task.asked.one in task.form.texts:
        return said
    try:
        return json.loads(said)
    except ValueError:
        raise InvalidRequest(f"{task.asked.one} must be a JSON object", field=task.asked.one) from None


def _option(said: str) -> tuple[str, Any]:
    """`name=value`, the value as JSON where it is some, else as it stands."""
    name, found, value = said.partition("=")
    if not found:
        raise InvalidRequest("an option is written name=value", field="option")
    try:
        return name, json.loads(value)
    except ValueError:
        return name, value


def _plain(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
