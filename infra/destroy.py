"""Before `cdk destroy`: takes down what promotion made and CloudFormation does not know, and says what that stops costing.

Run with the same credentials and region: `python -m infra.destroy [--name chartloop]`.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence

import boto3

from adapters.teardown import clients, take_down
from chartloop.tasks import TASKS


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m infra.destroy", description=__doc__)
    parser.add_argument("--name", default="chartloop", help="the deployment's name (context `name`)")
    name = parser.parse_args(arguments).name
    stops = take_down(name, list(TASKS), clients(boto3.Session()), print)
    print("endpoints stop costing " + ("an unknown sum" if stops is None else f"{stops:,.2f} USD") + " a month")  # noqa: T201
    kept = ("the keys", "the buckets of the data and of the page", "the ledger", "the model folder", "users", "model versions")
    print(f"kept, and costing a little: {', '.join(kept)}")  # noqa: T201


if __name__ == "__main__":
    main()
