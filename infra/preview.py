"""Says what a deployment will do before it does it: stacks and changes, the way it works, what it costs standing and by the run.

Reads the synthesized templates: `python -m infra.preview [--out cdk.out] [-c name=value ...]`. It changes nothing.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from chartloop import costs, prices
from chartloop.costs import BYTES_PER_RECORD, Work
from chartloop.settings import Settings
from chartloop.task import Task
from chartloop.tasks import TASKS
from infra.context import Context, read
from infra.settings import machines

Template = dict[str, Any]
Deployed = Callable[[str], Template | None]
"""The template that a stack has now; None for one that is not there."""


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m infra.preview", description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("cdk.out"), help="the assembly (%(default)s)")
    parser.add_argument("-c", "--context", action="append", default=[], metavar="NAME=VALUE", help="as the synth was told")
    given = parser.parse_args(arguments)
    told = dict(pair.split("=", 1) for pair in given.context)
    context = read({**json.loads(Path("cdk.json").read_text())["context"], **told}, where(given.out))
    for line in report(context, templates(given.out, context), deployed):
        print(line)  # noqa: T201


def where(out: Path) -> dict[str, str]:
    """Account and region that the command line found when it synthesized, under the names of its variables."""
    artifacts = json.loads((out / "manifest.json").read_text())["artifacts"].values()
    place = next(each["environment"] for each in artifacts if each["type"] == "aws:cloudformation:stack")
    account, region = place.removeprefix("aws://").split("/")
    return {"CDK_DEFAULT_ACCOUNT": account, "CDK_DEFAULT_REGION": region}


def templates(out: Path, context: Context) -> dict[str, Template]:
    """By stack."""
    files = sorted(out.glob(f"{context.name}-*.template.json"))
    return {file.name.removesuffix(".template.json"): json.loads(file.read_text()) for file in files}


def deployed(stack: str) -> Template | None:
    """Raises BotoCoreError or ClientError where the account cannot be asked."""
    try:
        body = boto3.client("cloudformation").get_template(StackName=stack)["TemplateBody"]
    except ClientError as error:
        if "does not exist" in error.response["Error"].get("Message", ""):
            return None
        raise
    return json.loads(body) if isinstance(body, str) else dict(body)


def report(context: Context, stacks: Mapping[str, Template], now: Deployed) -> Iterator[str]:
    """The lines."""
    yield f"{context.name} in {context.account}, {context.region}"
    yield f"  compute {context.compute}, serving {context.serving}, environment {context.environment}"
    yield "what will be done:"
    for stack, template in stacks.items():
        yield f"  {stack:<28}{_changes(template, stack, now)}"
    yield "what it costs, at list prices without tax, traffic and storage (chartloop/prices.py, " + prices.DATE + "):"
    yield from (f"  {what:<52}{_dollars(usd)} a month" for what, usd in standing(context, stacks.values()))
    yield from (f"  {line}" for line in _runs(context))


def _changes(template: Template, stack: str, now: Deployed) -> str:
    wanted = template["Resources"]
    try:
        known = now(stack)
    except (BotoCoreError, ClientError):
        return f"{len(wanted)} resources; what is there now could not be read"
    if known is None:
        return f"{len(wanted)} resources, all new"
    there = known["Resources"]
    made, gone = wanted.keys() - there.keys(), there.keys() - wanted.keys()
    changed = [name for name in wanted.keys() & there.keys() if wanted[name] != there[name]]
    return f"{len(wanted)} resources: {len(made)} to make, {len(changed)} to change, {len(gone)} to take away"


def standing(context: Context, stacks: Any) -> list[tuple[str, float | None]]:
    """What costs though nothing happens: (what, US dollars a month)."""
    resources = [resource for template in stacks for resource in template["Resources"].values()]
    counts = Counter(resource["Type"] for resource in resources)
    more = prices.factor(context.region)
    found: list[tuple[str, float | None]] = [
        (f"{counts[kind]} x {kind}", round(price * counts[kind], 2)) for kind, price in prices.MONTHLY.items() if counts[kind]
    ]
    rules = sum(len(r["Properties"].get("Rules", [])) for r in resources if r["Type"] == "AWS::WAFv2::WebACL")
    if rules:
        found.append((f"{rules} x rules of the firewall", rules * prices.FIREWALL_RULE))
    endpoints = [r["Properties"] for r in resources if r["Type"] == "AWS::EC2::VPCEndpoint"]
    if zones := sum(len(each["SubnetIds"]) for each in endpoints if each.get("VpcEndpointType") == "Interface"):
        price = round(zones * prices.MONTH_HOURS * prices.INTERFACE_ENDPOINT_HOUR * more, 2)
        found.append((f"{zones} interface endpoints, counted by zone", price))
    if counts["AWS::EC2::NatGateway"]:
        hours = counts["AWS::EC2::NatGateway"] * prices.MONTH_HOURS
        found.append(("NAT gateways", round(hours * prices.NAT_HOUR * more, 2)))
    served = _settings(context)
    return [
        *found,
        ("once a model is in service, its endpoint", costs.standing(served)),
        *(
            (f"the same of {task.name}, on a GPU", costs.standing(placed))
            for task in TASKS.values()
            if (placed := task.placed(served)) != served
        ),
    ]


def _runs(context: Context) -> Iterator[str]:
    """What a run of each task takes: the first one that may start, and one with ten times its records."""
    for task in TASKS.values():
        least = task.settings().minimum_records
        yield from (_run(task, records, context) for records in (least, 10 * least))


def _run(task: Task, records: int, context: Context) -> str:
    holdout = records // 5
    work = Work(
        train=records - holdout, holdout=holdout, new=records, train_bytes=(records - holdout) * BYTES_PER_RECORD,
        holdout_bytes=holdout * BYTES_PER_RECORD, embedded=False, compared=True,
    )  # fmt: skip
    found = costs.estimate(task.name, work, task.settings(), _settings(context))
    refused = "" if found["allowed"] else f"; over the cap of {found['cap_usd']:.2f} USD: such a run is refused"
    hours = found["seconds"] / 3600
    return f"a run of {task.name} on {records:,} records: about {_dollars(found['usd'])} in {hours:.1f} hours, estimated{refused}"


def _settings(context: Context) -> Settings:
    served = {name: getattr(context, name) for name in ("serving", "serving_instances", "generation_instance")}
    return Settings(bucket="", ledger="", instance_type=context.serving_instance, **served, **machines(context))


def _dollars(usd: float | None) -> str:
    return "an unknown sum" if usd is None else f"{usd:,.2f} USD"


if __name__ == "__main__":
    main()
