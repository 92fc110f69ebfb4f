"""Staging wheels for the notebook: which are asked for, that they fit its Python, and what a second time does."""

from __future__ import annotations

import json
import re
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from packaging.tags import compatible_tags, cpython_tags
from packaging.utils import parse_wheel_filename

from chartloop.errors import InvalidRequest
from client import wheels
from tests.client.conftest import BUCKET

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

ROOT = Path(__file__).parents[2]


@pytest.fixture
def files(tmp_path: Path) -> dict[str, Path]:
    made = {}
    for name in ("a-1.0-py3-none-any.whl", "b-2.0-cp312-cp312-manylinux_2_28_x86_64.whl"):
        (tmp_path / name).write_text(f"the {name}")
        made[name] = tmp_path / name
    return made


def keys_of(s3: S3Client) -> set[str]:
    return {entry["Key"].removeprefix("wheels/notebook/") for entry in s3.list_objects_v2(Bucket=BUCKET).get("Contents", [])}


def put(s3: S3Client, files: dict[str, Path], advance: Any = lambda size: None) -> str:
    return wheels.stage(s3, BUCKET, files, advance)


def test_the_wheels_and_a_manifest_with_their_hashes(s3: S3Client, files: dict[str, Path]) -> None:
    assert put(s3, files) == "wheels/notebook/"
    assert keys_of(s3) == {*files, "manifest.json"}
    manifest = json.loads(s3.get_object(Bucket=BUCKET, Key="wheels/notebook/manifest.json")["Body"].read())
    assert [entry["path"] for entry in manifest["files"]] == sorted(files)
    assert all(len(entry["sha256"]) == 64 for entry in manifest["files"])


def test_only_what_is_new_is_sent_and_what_is_not_wanted_goes(s3: S3Client, files: dict[str, Path]) -> None:
    put(s3, files)
    sent: list[int] = []
    put(s3, files, sent.append)
    assert sent == []
    gone = files.pop("a-1.0-py3-none-any.whl")
    files["c-1.0-py3-none-any.whl"] = gone.rename(gone.with_name("c-1.0-py3-none-any.whl"))
    put(s3, files, sent.append)
    assert sum(sent) == files["c-1.0-py3-none-any.whl"].stat().st_size
    assert keys_of(s3) == {*files, "manifest.json"}


@pytest.mark.parametrize("index", ["", "https://packages.example/simple"])
def test_pip_is_asked_for_wheels_of_the_instances_python_alone(tmp_path: Path, index: str) -> None:
    asked: list[Sequence[str]] = []

    def run(command: Sequence[str]) -> int:
        asked.append(command)
        a_wheel(tmp_path / "a-1.0-py3-none-any.whl")
        return 0

    assert list(wheels.download(tmp_path, index, run)) == ["a-1.0-py3-none-any.whl"]
    (command,) = asked
    assert {"--no-deps", "--only-binary=:all:", "--platform=manylinux_2_28_x86_64"} <= set(command)
    assert command[command.index("--python-version") + 1] == "3.12"
    assert ("--extra-index-url" in command) is bool(index)


def a_wheel(path: Path, *needs: str) -> Path:
    name, version, *_ = path.name.split("-")
    told = "".join(f"Requires-Dist: {need}\n" for need in needs)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(
            f"{name}-{version}.dist-info/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{told}\n"
        )
    return path


def test_what_the_wheels_need_is_among_them_where_the_notebook_runs(tmp_path: Path) -> None:
    needs = ("A.b>=1", "gone; python_version < '3'", "win-only; sys_platform == 'win32'", "plots; extra == 'all'", "driver==13")
    made = [a_wheel(tmp_path / "torch-2.0-py3-none-any.whl", *needs), a_wheel(tmp_path / "a_b-1.0-py3-none-any.whl")]
    assert wheels.unmet(made) == ["driver"]


def test_wheels_that_need_more_are_refused(tmp_path: Path) -> None:
    def run(command: Sequence[str]) -> int:
        a_wheel(tmp_path / "torch-2.0-py3-none-any.whl", "nvidia-runtime")
        return 0

    with pytest.raises(InvalidRequest, match="nvidia-runtime") as refused:
        wheels.download(tmp_path, run=run)
    assert refused.value.code == "wheels_missing"


def test_a_wheel_that_is_not_to_be_had_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(InvalidRequest):
        wheels.download(tmp_path, run=lambda command: 1)


def test_python_is_that_of_the_instances_script() -> None:
    script = (ROOT / "training" / "lifecycle.sh").read_text()
    assert re.findall(r"^PYTHON=python(\S+)", script, re.MULTILINE) == [wheels.PYTHON]


@pytest.mark.parametrize(
    ("name", "fits"),
    [
        ("a-1.0-py3-none-any.whl", True),
        ("numpy-2.4.6-cp312-cp312-manylinux_2_27_x86_64.manylinux_2_28_x86_64.whl", True),
        ("tokenizers-0.23-cp39-abi3-manylinux_2_17_x86_64.manylinux2014_x86_64.whl", True),
        ("numpy-2.4.6-cp313-cp313-manylinux_2_28_x86_64.whl", False),
        ("numpy-2.4.6-cp312-cp312-musllinux_1_2_x86_64.whl", False),
    ],
)
def test_what_pip_may_give_is_what_the_instance_can_load(name: str, fits: bool) -> None:
    version = tuple(int(part) for part in wheels.PYTHON.split("."))
    loads = {*cpython_tags(version, platforms=wheels.PLATFORMS), *compatible_tags(version, platforms=wheels.PLATFORMS)}
    assert bool(parse_wheel_filename(name)[3] & loads) is fits


def test_every_distribution_of_the_notebook_is_pinned() -> None:
    lines = [line.partition("#")[0].strip() for line in wheels.REQUIREMENTS.read_text().splitlines()]
    assert all(re.fullmatch(r"[A-Za-z0-9._-]+(\[[a-z,]+\])?==[^\s;]+", line) for line in lines if line)
