"""The commands for billing codes: `stage-codes`, which brings a system's descriptions in, and `similar`."""

from __future__ import annotations

import argparse
import re
import sys

from adapters import code_tables, icd10cm
from chartloop.errors import InvalidRequest
from client import arguments, config, display, exits
from client.session import Session

SYSTEM = re.compile(r"[a-z0-9][a-z0-9._-]{0,39}")


def add(commands: arguments.Commands) -> None:
    parser = arguments.add(commands, "stage-codes", stage_codes, "copy a code system's descriptions into the data bucket")
    parser.add_argument("file", type=arguments.file, metavar="FILE", help="an ICD-10-CM order file, or a table code,description")
    parser.add_argument("--system", default=icd10cm.SYSTEM, help="what records call the system (%(default)s)")
    arguments.bucket(parser)
    parser = arguments.add(commands, "similar", similar, "list the stored records that are like a note")
    parser.add_argument("text", metavar="TEXT", help="the note; - reads it from standard input")
    parser.add_argument("--most", type=int, default=10, metavar="N", help="how many (%(default)s)")
    parser.add_argument("--text", dest="with_text", action="store_true", help="with their texts, for who may write records")
    arguments.of_task(parser)


def stage_codes(session: Session, given: argparse.Namespace) -> int:
    from client import stage  # boto3 takes longer to import than all the rest

    if not SYSTEM.fullmatch(given.system):
        raise InvalidRequest("a system's name is at most 40 of a-z, 0-9, point, dash and underscore", field="system")
    codes = code_tables.read(given.file, given.system)
    place = stage.codes(config.address(session.environ, session.state), given.system, codes, given.bucket)
    session.out.print(f"{place}: {len(codes):,} codes; the next run publishes them", soft_wrap=True)
    return exits.OK


def similar(session: Session, given: argparse.Namespace) -> int:
    text = sys.stdin.read() if given.text == "-" else given.text
    with session.api() as api:
        found = api.similar(given.task, text, most=given.most, include=["text"] if given.with_text else [])
    session.answer(found, display.similar(found["records"]), as_json=given.json)
    return exits.OK
