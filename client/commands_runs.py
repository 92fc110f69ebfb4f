"""The commands about runs and how a task stands: `status`, `settings`, `start`, `runs`, `run`, `report` and `cancel`."""

from __future__ import annotations

import argparse
import webbrowser
from pathlib import Path

from rich.live import Live

from chartloop import report_page
from client import arguments, display, exits, files, following
from client.api import Api
from client.contracts_tuning import TuningSettings
from client.session import Session
from client.watching import Watch


def add(commands: arguments.Commands) -> None:
    parser = arguments.add(commands, "status", status, "show a task's counts, its active run and its champion")
    arguments.of_task(parser)
    parser = arguments.add(commands, "settings", settings, "show or change a task's minimums and hyper-parameters")
    arguments.of_task(parser)
    parser.add_argument(
        "--set", dest="changes", action="append", default=[], type=arguments.setting, metavar="NAME=VALUE", help="may be repeated"
    )
    parser = arguments.add(commands, "start", start, "start a run now, without waiting for new records")
    arguments.task(parser)
    parser.add_argument("--tune", type=arguments.positive, metavar="N", help="search the hyper-parameters in so many trials")
    parser.add_argument("--at-once", type=arguments.positive, metavar="N", help="trials at the same time (2)")
    parser.add_argument("--to-the-end", action="store_true", help="end no trial early, however bad it looks")
    arguments.wait(parser)
    arguments.as_json(parser)
    parser = arguments.add(commands, "runs", runs, "list the runs, newest first")
    parser.add_argument("--task", help="of this task only")
    parser.add_argument("--limit", type=int, default=20, help="how many (%(default)s)")
    parser.add_argument("--watch", action="store_true", help="keep showing them, until interrupted")
    arguments.as_json(parser)
    parser = arguments.add(commands, "run", run, "show one run: its steps, scores and verdict")
    parser.add_argument("run_id", metavar="ID")
    arguments.wait(parser)
    arguments.as_json(parser)
    parser = arguments.add(commands, "report", report, "write the report of a run as one page that opens anywhere")
    parser.add_argument("run_id", metavar="ID")
    parser.add_argument("-o", "--output", type=Path, metavar="FILE", help="where to (ID.html)")
    parser.add_argument("--open", action="store_true", help="show it in the browser")
    arguments.as_json(parser)
    parser = arguments.add(commands, "cancel", cancel, "end a run and stop its jobs; what was new waits for the next one")
    parser.add_argument("run_id", metavar="ID")
    arguments.reason(parser)
    arguments.as_json(parser)


def status(session: Session, given: argparse.Namespace) -> int:
    with session.api() as api:
        found = api.task(given.task)
    session.answer(found, display.fields(found), as_json=given.json)
    return exits.OK


def settings(session: Session, given: argparse.Namespace) -> int:
    with session.api() as api:
        found = api.change_settings(given.task, dict(given.changes)) if given.changes else api.settings(given.task)
    session.answer(found, display.fields(found), as_json=given.json)
    return exits.OK


def start(session: Session, given: argparse.Namespace) -> int:
    if not given.tune and (given.at_once or given.to_the_end):
        given.refuse("--at-once and --to-the-end are about the trials of --tune")
    with session.api() as api, Watch(session.notices) as watch:
        found = api.start_run(given.task, tuning=_tuning(given))
        if given.wait:
            found = following.to_the_end(api, found["run_id"], session.sleep, watch)
    session.answer(found, display.run(found), as_json=given.json)
    return exits.of_run(found) if given.wait else exits.OK


def _tuning(given: argparse.Namespace) -> TuningSettings | None:
    if not given.tune:
        return None
    asked = TuningSettings(max_jobs=given.tune, early_stopping=not given.to_the_end)
    if given.at_once:
        asked["max_parallel_jobs"] = given.at_once
    return asked


def runs(session: Session, given: argparse.Namespace) -> int:
    with session.api() as api:
        if given.watch:
            _watch(session, api, given)
        found = api.runs(given.task, limit=given.limit)
    session.answer(found, display.runs(found["runs"]), as_json=given.json)
    return exits.OK


def _watch(session: Session, api: Api, given: argparse.Namespace) -> None:
    """The table anew every second on a terminal; elsewhere a line for each change of the run that is active."""
    if session.out.is_terminal:
        with Live(console=session.out, auto_refresh=False) as live:
            while True:
                live.update(display.runs(api.runs(given.task, limit=given.limit)["runs"]), refresh=True)
                session.sleep(following.PAUSE)
    with Watch(session.out) as watch:
        while True:
            for found in reversed(api.runs(given.task, limit=given.limit)["runs"]):
                watch(found)
            session.sleep(following.PAUSE)


def run(session: Session, given: argparse.Namespace) -> int:
    with session.api() as api, Watch(session.notices) as watch:
        found = following.to_the_end(api, given.run_id, session.sleep, watch) if given.wait else api.run(given.run_id)
    session.answer(found, display.run(found), as_json=given.json)
    return exits.of_run(found) if given.wait else exits.OK


def report(session: Session, given: argparse.Namespace) -> int:
    """The page may show what a note says, so it is written for its owner alone."""
    with session.api() as api:
        found = api.report(given.run_id.partition("-")[0], given.run_id)
    if given.json:
        session.write_json(found)
        return exits.OK
    where = given.output or Path(f"{given.run_id}.html")
    with files.replaced(where) as file:
        file.write(report_page.page(found))
    session.notices.print(f"{where}: {report_page.sentence(found)}", soft_wrap=True)
    if given.open:
        webbrowser.open(where.absolute().as_uri())
    return exits.OK


def cancel(session: Session, given: argparse.Namespace) -> int:
    with session.api() as api:
        found = api.cancel_run(given.run_id, given.reason)
    session.answer(found, display.run(found), as_json=given.json)
    return exits.OK
