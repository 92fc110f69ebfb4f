"""What the commands' arguments share: their groups, their types and the shape of a command."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from client import config
from client.session import Session

if TYPE_CHECKING:
    Commands = argparse._SubParsersAction[argparse.ArgumentParser]

Act = Callable[[Session, argparse.Namespace], int]
"""A command; answers its exit code."""


def add(commands: Commands, name: str, act: Act, explained: str) -> argparse.ArgumentParser:
    """A subcommand that knows its act, where the state folder is, and how to refuse wrong usage (`refuse`, which exits)."""
    parser = commands.add_parser(name, help=explained, description=explained[0].upper() + explained[1:] + ".")
    parser.add_argument("--state", type=Path, default=config.STATE, metavar="DIR", help="the local cloud's folder (%(default)s)")
    parser.set_defaults(act=act, refuse=parser.error)
    return parser


def task(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--task", default="ner", help="the kind of model (%(default)s)")


def options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--option", action="append", default=[], type=setting, metavar="NAME=VALUE", help="an option of the task's own"
    )


def as_json(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print the service's answer as JSON")


def of_task(parser: argparse.ArgumentParser) -> None:
    """Of a command that asks about a task, and shows what was answered."""
    task(parser)
    as_json(parser)


def bucket(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--bucket", help="the data bucket (that of the account's default deployment)")


def least_confidence(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--min-confidence", type=float, default=0.0, metavar="0..1", help="leave out what is less certain")


def reason(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--reason", required=True, help="why; it is kept in the audit trail")


def wait(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--wait", action="store_true", help="follow the run to its end")


def file(value: str) -> Path:
    path = Path(value)
    if not path.is_file():
        raise argparse.ArgumentTypeError(f"no such file: {value}")
    return path


def existing(value: str) -> Path:
    path = Path(value)
    if not path.exists():
        raise argparse.ArgumentTypeError(f"no such file or folder: {value}")
    return path


def names(value: str) -> list[str]:
    """Separated by commas."""
    return [name.strip() for name in value.split(",") if name.strip()]


def positive(value: str) -> int:
    if not value.isdecimal() or int(value) < 1:
        raise argparse.ArgumentTypeError(f"not a number from 1 on: {value}")
    return int(value)


def setting(value: str) -> tuple[str, Any]:
    """`name=value`; the value is JSON where it reads as such, else a string."""
    name, equals, text = value.partition("=")
    if not equals or not name:
        raise argparse.ArgumentTypeError(f"not name=value: {value}")
    try:
        return name, json.loads(text)
    except ValueError:
        return name, text
