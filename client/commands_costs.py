"""The commands about money: `cost` before a run, and `teardown` of what a task serves from."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from rich.console import Group
from rich.text import Text

from adapters import teardown as adapter
from client import arguments, config, display, exits, stage
from client.contracts import Cost
from client.session import Session


def add(commands: arguments.Commands) -> None:
    parser = arguments.add(commands, "cost", cost, "show what a run would cost, before it starts")
    arguments.task(parser)
    parser.add_argument(
        "--all", action="store_true", help="every task in use: a run of each, and what all cost a month in service"
    )
    parser.add_argument("--tune", type=arguments.positive, metavar="N", help="with a search of so many trials")
    arguments.as_json(parser)
    parser = arguments.add(commands, "teardown", teardown, "delete what a task serves from; its data, models and runs are kept")
    arguments.task(parser)
    parser.add_argument("--name", default="chartloop", help="the deployment's name (%(default)s)")


def cost(session: Session, given: argparse.Namespace) -> int:
    if given.all:
        return _every(session, given)
    with session.api() as api:
        found = api.cost(given.task, trials=given.tune)
    session.answer(found, shown(found), as_json=given.json)
    return exits.OK


def _every(session: Session, given: argparse.Namespace) -> int:
    """Of each task that has records or serves; one that serves nothing costs nothing while nobody asks."""
    with session.api() as api:
        standing = [api.task(known["task"]) for known in api.tasks()]
        found = [
            (api.cost(task["task"]), task["champion"] is not None) for task in standing if task["records"] or task["champion"]
        ]
    session.answer([each for each, _ in found], _together(found), as_json=given.json)
    return exits.OK


def _together(found: Sequence[tuple[Cost, bool]]) -> Group:
    rows = [
        [
            each["task"], f"{sum(each['records'][side] for side in ('train', 'holdout')):,}", duration(each["seconds"]),
            dollars(each["usd"]), dollars(each["endpoint_usd_per_month"]) if serves else "nothing serves",
        ]
        for each, serves in found
    ]  # fmt: skip
    months = [each["endpoint_usd_per_month"] for each, serves in found if serves]
    priced = [month for month in months if month is not None]
    unknown = "; the price of another is not known" if len(priced) < len(months) else ""
    return Group(
        display.table("task", "records", "a run takes", "and costs about", "in service, a month", rows=rows),
        Text(f"in service, while nobody asks: {dollars(sum(priced))} a month{unknown}", style="bold"),
    )


def shown(found: Cost) -> Group:
    """The steps with their machines, the whole, and what the estimate stands on."""
    rows = (
        [step["name"], f"{step['instances']} x {step['instance']}", duration(step["seconds"]), dollars(step["usd"])]
        for step in found["steps"]
    )
    counts = found["records"]
    head = f"{counts['train']:,} records to learn from, {counts['holdout']:,} held out, {found['tokens']:,} tokens"
    cap = "no cap" if found["cap_usd"] is None else f"the cap is {dollars(found['cap_usd'])}"
    whole = f"about {dollars(found['usd'])} in {duration(found['seconds'])}; {cap}" + ("" if found["allowed"] else ": refused")
    idle = f"in service, while nobody asks: {dollars(found['endpoint_usd_per_month'])} a month"
    stands = f"list prices of {found['prices']['date']}, {found['prices']['region'] or 'nothing is billed here'}; assumed: "
    return Group(
        Text(head), display.table("step", "machines", "takes", "costs", rows=rows),
        Text(whole, style="bold" if found["allowed"] else "red"), Text(idle),
        Text(stands + "; ".join(found["assumptions"]), style="dim"),
    )  # fmt: skip


def dollars(value: float | None) -> str:
    """A dash where no price is known."""
    return "–" if value is None else f"{value:,.2f} USD"


def duration(seconds: float) -> str:
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def teardown(session: Session, given: argparse.Namespace) -> int:
    """With the caller's own AWS credentials, as `stage-model`: the API has no route that deletes an endpoint."""
    session_of_aws, endpoint = stage.session_for(config.address(session.environ, session.state))
    clients = adapter.clients(session_of_aws, endpoint)
    stops = adapter.take_down(given.name, [given.task], clients, lambda line: session.notices.print(line, soft_wrap=True))
    session.out.print(f"stops costing {dollars(stops)} a month; data, models and runs are kept", soft_wrap=True)
    return exits.OK
