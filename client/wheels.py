"""Staging the wheels that the notebook instance installs: downloaded for its Python, hashed, and the manifest written last."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from email import message_from_bytes
from email.message import Message
from pathlib import Path
from typing import TYPE_CHECKING

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from chartloop import keys
from chartloop.errors import InvalidRequest
from client.stage import Advance, staged

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

REQUIREMENTS = Path(__file__).parents[1] / "training" / "notebook-requirements.txt"
PYTHON = "3.12"
"""Of training/lifecycle.sh."""
PLATFORMS = ("manylinux_2_34_x86_64", "manylinux_2_28_x86_64", "manylinux_2_17_x86_64", "manylinux2014_x86_64")
"""What Amazon Linux 2023 can load; pip takes each name by itself, not as what it includes."""

WHERE = {
    "extra": "", "implementation_name": "cpython", "os_name": "posix", "platform_machine": "x86_64",
    "platform_python_implementation": "CPython", "platform_system": "Linux", "python_full_version": f"{PYTHON}.0",
    "python_version": PYTHON, "sys_platform": "linux",
}  # fmt: skip
"""The notebook's side of a requirement's marker."""

Run = Callable[[Sequence[str]], int]


def quietly(command: Sequence[str]) -> int:
    """Runs a command; what it says is no answer of ours."""
    return subprocess.call(command, stdout=sys.stderr)  # noqa: S603 (our own arguments)


def download(folder: Path, extra_index_url: str = "", run: Run = quietly) -> dict[str, Path]:
    """The wheels that the project pins for the notebook, by name, from pip's own index and the one named. They alone, as all
    that they need is pinned too. Raises InvalidRequest where one is not to be had.
    """
    command = [
        sys.executable, "-m", "pip", "download", "--disable-pip-version-check", "--no-deps", "--only-binary=:all:",
        *("--implementation", "cp", "--python-version", PYTHON), *(f"--platform={platform}" for platform in PLATFORMS),
        *(("--extra-index-url", extra_index_url) if extra_index_url else ()),
        *("--requirement", str(REQUIREMENTS), "--dest", str(folder)),
    ]  # fmt: skip
    if run(command):
        raise InvalidRequest("not every wheel of the notebook could be downloaded", code="wheels_missing")
    found = {path.name: path for path in sorted(folder.glob("*.whl"))}
    if lacking := unmet(found.values()):
        rule = f"the wheels need what is not among them: {', '.join(lacking)}; of torch take the CPU build (--extra-index-url)"
        raise InvalidRequest(rule, code="wheels_missing")
    return found


def unmet(wheels: Iterable[Path]) -> list[str]:
    """Names of distributions that these wheels need where the notebook runs, and that are not among them.

    The build of torch for GPUs needs a dozen that the pinned list does not have: it would install, and fail at its import.
    """
    told = [_metadata(path) for path in wheels]
    there = {canonicalize_name(str(about["Name"])) for about in told}
    needed = {each.name for about in told for each in map(Requirement, about.get_all("Requires-Dist") or ()) if _applies(each)}
    return sorted(name for name in needed if canonicalize_name(name) not in there)


def _metadata(wheel: Path) -> Message:
    with zipfile.ZipFile(wheel) as archive:
        (name,) = [name for name in archive.namelist() if name.endswith(".dist-info/METADATA") and name.count("/") == 1]
        return message_from_bytes(archive.read(name))


def _applies(requirement: Requirement) -> bool:
    return requirement.marker is None or requirement.marker.evaluate(WHERE)


def stage(s3: S3Client, bucket: str, wheels: Mapping[str, Path], advance: Advance) -> str:
    """Uploads the wheels, as models are staged; the prefix."""
    return staged(s3, bucket, keys.notebook_wheels(), wheels, advance, python=PYTHON)
