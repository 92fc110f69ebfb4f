"""The commands about money: `cost` before a run, and `teardown` of what a task serves from."""

from __future__ import annotations

import argparse

from rich.console import Group
from rich.text import Text

from adapters import teardown as adapter
from client import arguments, config, display, exits, stage
from client.contracts import Cost
from client.session import Session


def add(commands: arguments.Commands) -> None:
    parser = arguments.add(commands, "cost", cost, "show what a run would cost, before it starts")
    arguments.task(parser)
    arguments.as_json(parser)
    parser = arguments.add(commands, "teardown", teardown, "delete what a task serves from; its data, models and runs are kept")
    arguments.task(parser)
    parser.add_argument("--name", default="chartloop", help="the deployment's name (%(default)s)")


def cost(session: Session, given: argparse.Namespace) -> int:
    with session.api() as api:
        found = api.cost(given.task)
    session.answer(found, shown(found), as_json=given.json)
    return exits.OK


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
