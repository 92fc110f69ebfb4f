"""The commands for one machine, `up` and `demo`, and those that stage: `pretrain-base`, `stage-model` and `stage-wheels`."""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn

from client import arguments, cloud, config, demo, exits, note_codes
from client.session import Session


def add(commands: arguments.Commands) -> None:
    parser = arguments.add(commands, "up", up, "run the local cloud until it is stopped")
    _cloud(parser)
    parser = arguments.add(commands, "demo", show, "show the whole loop in a local cloud of its own")
    _cloud(parser)
    parser.set_defaults(state=None)
    parser.add_argument("--seed", type=int, default=7, help="of the notes (%(default)s)")
    parser.add_argument("--keep", action="store_true", help="leave the state folder behind")
    parser = arguments.add(commands, "stage-model", stage_model, "copy a pretrained model into the data bucket")
    parser.add_argument("name", metavar="NAME_OR_FOLDER", help="a folder, or a name on the Hugging Face hub")
    parser.add_argument("--revision", default="", metavar="COMMIT", help="the hub's commit, which a name on the hub needs")
    parser.add_argument("--as", dest="staged_as", metavar="NAME", help="what settings call it (NAME_OR_FOLDER)")
    arguments.bucket(parser)
    parser = arguments.add(
        commands, "pretrain-base", pretrain_base, "make a small Llama from texts, as a base for generation where there is no hub"
    )
    parser.add_argument("texts", nargs="+", type=arguments.file, metavar="FILE.jsonl", help="a `text` a line")
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="DIR")
    parser.add_argument(
        "--set", type=arguments.setting, action="append", default=[], metavar="NAME=VALUE",
        help="vocabulary, width, layers, heads, length, epochs, batch_size, learning_rate, seed",
    )  # fmt: skip
    parser = arguments.add(
        commands, "stage-wheels", stage_wheels, "copy what the notebook instance installs into the data bucket"
    )
    parser.add_argument(
        "--extra-index-url", default="", metavar="URL", help="another index, such as one with CPU builds of torch"
    )
    arguments.bucket(parser)


def _cloud(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--port", type=int, help="where it listens on this machine")
    parser.add_argument("--base-model", metavar="NAME_OR_FOLDER", help="the encoder to start from (on the hub NAME@COMMIT)")
    parser.add_argument("--context", action="append", metavar="NAME=VALUE", default=[], help="a setting of the deployment")


def up(session: Session, given: argparse.Namespace) -> int:
    """Becomes the local cloud, so that signals reach it."""
    start = cloud.command(given.state, given.port, given.base_model, given.context)
    session.out.file.flush()
    os.execv(start[0], start)  # noqa: S606 - no shell is wanted


def show(session: Session, given: argparse.Namespace) -> int:
    """The demo in a fresh state folder, which is removed afterwards; in a given one, which stays."""
    from client import stage  # boto3 takes longer to import than all the rest

    signal.signal(signal.SIGTERM, signal.default_int_handler)  # so that the local cloud is stopped too
    state = given.state or Path(tempfile.mkdtemp(prefix="chartloop-demo-"))
    state.mkdir(parents=True, exist_ok=True)
    kept = given.keep or given.state is not None
    try:
        port = given.port or cloud.free_port()
        start = [*cloud.command(state, port, given.base_model, given.context), "--until-eof"]
        session.notices.print(f"starting the local cloud in {state}", soft_wrap=True)
        with cloud.running(start, state, state / "up.log", session.sleep) as target:
            stage.codes(target.url, note_codes.SYSTEM, note_codes.table())
            told = demo.Demo(session, target, given.seed).tell()
    finally:
        if not kept:
            shutil.rmtree(state, ignore_errors=True)
    if kept:
        session.out.print(f"The state is kept: chartloop up --state {state}", soft_wrap=True)
    return exits.OK if told else exits.NOT_PROMOTED


def stage_model(session: Session, given: argparse.Namespace) -> int:
    from client import stage  # boto3 takes longer to import than all the rest

    aws, endpoint = stage.session_for(config.address(session.environ, session.state))
    bucket = given.bucket or stage.bucket_of(aws, endpoint)
    folder = stage.local_folder(given.name, given.revision)
    files = stage.files_of(folder)
    name = given.staged_as or (folder.resolve().name if Path(given.name).is_dir() else given.name)
    s3 = aws.client("s3", endpoint_url=endpoint)
    with progress(session, files) as advance:
        prefix = stage.stage(s3, bucket, name, files, advance, given.revision)
    session.out.print(f"s3://{bucket}/{prefix}: set it with --set model_name_or_path={name}", soft_wrap=True)
    return exits.OK


def pretrain_base(session: Session, given: argparse.Namespace) -> int:
    """In a process of its own, because it needs torch; its metric lines are the notices."""
    chosen = [part for name, value in given.set for part in (f"--{name.replace('_', '-')}", str(value))]
    files = [str(path) for path in given.texts]
    session.notices.file.flush()
    done = subprocess.run(  # noqa: S603
        [sys.executable, "-m", "training.pretrain", *files, "--output", str(given.output), *chosen],
        check=False,
        env={"OMP_WAIT_POLICY": "PASSIVE", **os.environ},  # threads that spin while they wait take the cores from those that work
        stdout=sys.stderr,
    )
    if done.returncode:
        return exits.USAGE if done.returncode == exits.USAGE else exits.REFUSED
    session.out.print(f"{given.output}: stage it with chartloop stage-model {given.output}", soft_wrap=True)
    return exits.OK


def stage_wheels(session: Session, given: argparse.Namespace) -> int:
    from client import stage, wheels

    aws, endpoint = stage.session_for(config.address(session.environ, session.state))
    bucket = given.bucket or stage.bucket_of(aws, endpoint)
    with tempfile.TemporaryDirectory() as folder:
        files = wheels.download(Path(folder), given.extra_index_url)
        s3 = aws.client("s3", endpoint_url=endpoint)
        with progress(session, files) as advance:
            prefix = wheels.stage(s3, bucket, files, advance)
    session.out.print(f"s3://{bucket}/{prefix}: {len(files)} wheels for Python {wheels.PYTHON}", soft_wrap=True)
    return exits.OK


@contextmanager
def progress(session: Session, files: Mapping[str, Path]) -> Iterator[Callable[[int], None]]:
    """Shows on a terminal how much of the files is sent; gives what is to be told of each piece's bytes."""
    columns = (TextColumn("staging"), BarColumn(), DownloadColumn())
    with Progress(*columns, console=session.notices, disable=not session.notices.is_terminal) as bars:
        bar = bars.add_task("", total=sum(path.stat().st_size for path in files.values()))
        yield lambda size: bars.advance(bar, size)
