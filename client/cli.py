"""The command line `chartloop`: its commands, and what becomes of their errors (docs/cli.md)."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

from chartloop.errors import ChartloopError
from client import (
    commands_audit,
    commands_codes,
    commands_costs,
    commands_feedback,
    commands_import,
    commands_local,
    commands_models,
    commands_predict,
    commands_records,
    commands_runs,
    commands_transform,
    commands_trust,
    exits,
)
from client.session import Session, open_session


def main(argv: Sequence[str] | None = None) -> int:
    return run(sys.argv[1:] if argv is None else argv, open_session(os.environ))


def run(argv: Sequence[str], session: Session) -> int:
    """Runs one command; its exit code. An error is one line on the notices, `code: message`."""
    given = parser().parse_args(argv)
    if given.state is not None:
        session.state = given.state
    try:
        return int(given.act(session, given))
    except ChartloopError as error:
        where = f"{error.field}: " if error.field else ""
        return _failed(session, f"{error.code}: {where}{error.message}", exits.of_error(error))
    except BrokenPipeError:
        # The reader has gone, as `| head` does; nothing more can be written, not even at exit.
        sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115, PTH123
        return exits.OK
    except OSError as error:
        return _failed(session, f"file_error: {error.strerror}: {error.filename}", exits.USAGE)
    except KeyboardInterrupt:
        return exits.INTERRUPTED


def _failed(session: Session, message: str, code: int) -> int:
    session.notices.print(" ".join(message.split()), style="red", soft_wrap=True)
    return code


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(
        prog="chartloop",
        description="Labelled clinical records in, a better model in service.",
        epilog="Exit codes: 0 done; 1 refused; 2 wrong usage; 3 the run did not promote; 4 no service, or no right to it.",
    )
    commands = made.add_subparsers(title="commands", metavar="COMMAND", required=True)
    groups = (
        commands_local,
        commands_import,
        commands_records,
        commands_runs,
        commands_models,
        commands_predict,
        commands_codes,
        commands_feedback,
        commands_transform,
        commands_costs,
        commands_trust,
        commands_audit,
    )
    for group in groups:
        group.add(commands)
    return made


if __name__ == "__main__":
    sys.exit(main())
