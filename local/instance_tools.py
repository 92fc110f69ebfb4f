"""What a notebook's start script finds on an instance and not on this machine: small programs, first on its PATH."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Mapping
from pathlib import Path

from local.deploy import ROOT

ENVIRONMENT = ROOT / "build" / "notebook-env" / "bin" / "python"
"""Where `make build/notebook` puts papermill and the SDK; without it the notebook cannot be run, and says so."""
NO_ENVIRONMENT = "the notebook's own environment is missing: make build/notebook"

SUDO = 'while [ "$1" != -- ]; do shift; done\nshift\nexec "$@"\n'
GETENT = "echo ec2-user:x:1000:1000::{home}:/bin/bash\n"
SLEEP = '[ "$1" -le 60 ] || set -- 5\nexec {sleep} "$1"\n'
"""A start without an order waits ten minutes for CloudFormation to see the instance; here it is seen at once."""
MOUNT = """for target; do :; done
case "$*" in
{cases}
    *) echo "mount: no such access point" >&2; exit 32 ;;
esac
rmdir "$target" && ln -s "$folder" "$target"
"""
UMOUNT = """for target; do :; done
[ -L "$target" ] || { echo "umount: not mounted" >&2; exit 32; }
rm "$target" && mkdir "$target"
"""
AWS = 'exec {python} -P {program} "$@"\n'
PYTHON = """[ "$2" = venv ] || { echo "only -m venv" >&2; exit 2; }
mkdir -p "$3/bin"
printf '#!/bin/sh\\n[ "$2" != pip ] || exit 0\\n%s\\n' {run} > "$3/bin/python"
chmod +x "$3/bin/python"
"""
"""The instance's Python makes an environment that has everything already, so nothing is installed into it."""


def write(folder: Path, home: Path, mounts: Mapping[str, Path]) -> None:
    """Fills `folder` with programs; `home` is the owner's, `mounts` the folder behind each access point by its id."""
    cases = "\n".join(
        f"    *accesspoint={point},*) folder={shlex.quote(str(behind))} ;;" for point, behind in sorted(mounts.items())
    )
    run = f'exec {shlex.quote(str(ENVIRONMENT))} "$@"' if ENVIRONMENT.exists() else f'echo "{NO_ENVIRONMENT}" >&2; exit 1'
    programs = {
        "aws": AWS.format(python=shlex.quote(sys.executable), program=shlex.quote(str(ROOT / "local" / "aws_cli.py"))),
        "chown": "exit 0\n",
        "dnf": "exit 0\n",
        "getent": GETENT.format(home=shlex.quote(str(home))),
        "mount": MOUNT.format(cases=cases),
        "mount.efs": "exit 0\n",
        "python3.12": PYTHON.replace("{run}", shlex.quote(run)),
        "sleep": SLEEP.format(sleep=own_sleep()),
        "sudo": SUDO,
        "umount": UMOUNT,
    }
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in programs.items():
        (folder / name).write_text("#!/bin/sh\n" + text)
        (folder / name).chmod(0o700)


def own_sleep() -> str:
    """This machine's, which is not looked for on the script's PATH."""
    return next(path for path in ("/bin/sleep", "/usr/bin/sleep") if Path(path).exists())
