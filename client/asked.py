"""What a task is asked: about a text, a row or a prompt, and with which options; and one input that is no text, asked."""

from __future__ import annotations

import argparse
import json
from typing import Any

from chartloop import tasks
from chartloop.errors import InvalidRequest
from chartloop.task import Asked, Task
from client import exits
from client.session import Session


def other(name: str) -> Task | None:
    """The task, where it is one that is not asked about texts."""
    task = tasks.TASKS.get(name)
    return task if task is not None and task.asked.one != "text" else None


def shape(name: str) -> Asked:
    """What the task is asked about: texts, where this client does not know the task and the service may."""
    task = tasks.TASKS.get(name)
    return Asked("text", "texts") if task is None else task.asked


def options(given: argparse.Namespace) -> dict[str, Any]:
    """Those that the command names; the service refuses by name what is none of the task's."""
    said = {name: getattr(given, name, None) for name in ("min_confidence", "keep", "codes")}
    told = {name: value for name, value in said.items() if value}
    sentences = getattr(given, "sentences", None)
    return {**told, **({} if sentences is None else {"sentences": sentences}), **dict(given.option)}


def one(session: Session, task: Task, said: str, given: argparse.Namespace) -> int:
    """Asks about one input, an object as JSON, and prints the answer's fields."""
    with session.api() as api:
        answer = api.ask(task.name, {task.asked.one: _input(task, said), **options(given)})
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


def _plain(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
