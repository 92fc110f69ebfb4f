"""The commands for models: `models`, `promote`, `reject` and `rollback`."""

from __future__ import annotations

import argparse

from client import arguments, display, exits, following
from client.api import Api
from client.contracts import Run
from client.session import Session
from client.watching import Watch


def add(commands: arguments.Commands) -> None:
    parser = arguments.add(commands, "models", models, "list a task's models")
    arguments.of_task(parser)
    for name, act, explained in (
        ("promote", promote, "put a model into service by hand"),
        ("reject", reject, "refuse a model by hand"),
    ):
        parser = arguments.add(commands, name, act, explained)
        parser.add_argument("version", metavar="VERSION")
        _decision(parser)
    parser = arguments.add(commands, "rollback", rollback, "go back to the champion before, or to a version")
    parser.add_argument("version", metavar="VERSION", nargs="?")
    _decision(parser)


def _decision(parser: argparse.ArgumentParser) -> None:
    arguments.task(parser)
    arguments.reason(parser)
    arguments.wait(parser)
    arguments.as_json(parser)


def models(session: Session, given: argparse.Namespace) -> int:
    with session.api() as api:
        found = api.models(given.task)
    session.answer(found, display.models(found), as_json=given.json)
    return exits.OK


def promote(session: Session, given: argparse.Namespace) -> int:
    with session.api() as api:
        return _started(session, api, api.promote(given.task, given.version, given.reason), given)


def rollback(session: Session, given: argparse.Namespace) -> int:
    with session.api() as api:
        return _started(session, api, api.rollback(given.task, given.reason, given.version), given)


def reject(session: Session, given: argparse.Namespace) -> int:
    with session.api() as api:
        found = api.reject(given.task, given.version, given.reason)
    session.answer(found, display.models([found]), as_json=given.json)
    return exits.OK


def _started(session: Session, api: Api, run: Run, given: argparse.Namespace) -> int:
    if given.wait:
        with Watch(session.notices) as watch:
            run = following.to_the_end(api, run["run_id"], session.sleep, watch)
    session.answer(run, display.run(run), as_json=given.json)
    return exits.of_run(run) if given.wait else exits.OK
