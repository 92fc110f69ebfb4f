"""Staging the wheels that the notebook instance installs: downloaded for its Python, hashed, and the manifest written last."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from chartloop import keys
from chartloop.errors import InvalidRequest
from client.stage import Advance, described, stored

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

REQUIREMENTS = Path(__file__).parents[1] / "training" / "notebook-requirements.txt"
PYTHON = "3.12"
"""Of training/lifecycle.sh."""
PLATFORMS = ("manylinux_2_34_x86_64", "manylinux_2_28_x86_64", "manylinux_2_17_x86_64", "manylinux2014_x86_64")
"""What Amazon Linux 2023 can load; pip takes each name by itself, not as what it includes."""

Run = Callable[[Sequence[str]], int]


def quietly(command: Sequence[str]) -> int:
    """Runs a command; what it says is no answer of ours."""
    return subprocess.call(command, stdout=sys.stderr)  # noqa: S603 (our own arguments)


def download(folder: Path, index_url: str = "", run: Run = quietly) -> dict[str, Path]:
    """The wheels that the project pins for the notebook, by name, from pip's own index or the one named. They alone, as all
    that they need is pinned too. Raises InvalidRequest where one is not to be had.
    """
    command = [
        sys.executable, "-m", "pip", "download", "--disable-pip-version-check", "--no-deps", "--only-binary=:all:",
        *("--implementation", "cp", "--python-version", PYTHON), *(f"--platform={platform}" for platform in PLATFORMS),
        *(("--index-url", index_url) if index_url else ()),
        *("--requirement", str(REQUIREMENTS), "--dest", str(folder)),
    ]  # fmt: skip
    if run(command):
        raise InvalidRequest("not every wheel of the notebook could be downloaded", code="wheels_missing")
    return {path.name: path for path in sorted(folder.glob("*.whl"))}


def stage(s3: S3Client, bucket: str, wheels: Mapping[str, Path], advance: Advance) -> str:
    """Uploads the wheels; the prefix. What is staged already, to the byte, is left as it is, and what is no longer wanted goes.

    An old manifest is removed first: while it is missing, the wheels count as not staged.
    """
    files = [described(name, path) for name, path in wheels.items()]
    manifest = {"python": PYTHON, "files": files}
    key = keys.notebook_wheels("manifest.json")
    before = stored(s3, bucket, key)
    if before == manifest:
        return keys.notebook_wheels()
    s3.delete_object(Bucket=bucket, Key=key)
    there = {entry["path"]: entry for entry in before["files"]} if before else {}
    for entry in files:
        if there.pop(entry["path"], None) != entry:
            s3.upload_file(str(wheels[entry["path"]]), bucket, keys.notebook_wheels(entry["path"]), Callback=advance)
    for name in there:
        s3.delete_object(Bucket=bucket, Key=keys.notebook_wheels(name))
    s3.put_object(Bucket=bucket, Key=key, Body=json.dumps(manifest, indent=1).encode(), ContentType="application/json")
    return keys.notebook_wheels()
