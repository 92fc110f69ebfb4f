"""Where a function finds its file system: bound at its path, or named by its environment where the host has no room for that."""

from __future__ import annotations

from pathlib import Path

import pytest

from local import workers
from local.workers import mountable, mounted, redirected


def test_a_path_under_a_folder_that_is_in_use_is_not_mountable(tmp_path: Path) -> None:
    (tmp_path / "something").touch()
    assert not mountable(str(tmp_path / "models"))


def test_what_is_not_mountable_is_reached_by_its_folder(tmp_path: Path) -> None:
    (tmp_path / "something").touch()
    mount = str(tmp_path / "models")
    variables = {"FOLDER": mount, "BELOW": f"{mount}/ner", "LIKE": f"{mount}-other", "OTHER": "x"}
    local = [(Path("/state/efs"), mount)]
    assert redirected(variables, local) == {**variables, "FOLDER": "/state/efs", "BELOW": "/state/efs/ner"}
    assert mounted(["run"], local) == ["run"]


@pytest.mark.skipif(not workers.mount_prefix(), reason="this kernel gives no mount namespace")
def test_what_is_mountable_is_bound_and_keeps_its_name(tmp_path: Path) -> None:
    mount = str(tmp_path / "models")
    assert redirected({"FOLDER": mount}, [(Path("/state/efs"), mount)]) == {"FOLDER": mount}
    command = mounted(["run", "it"], [(Path("/state/efs"), mount)])
    assert command[-2:] == ["run", "it"] and f"mount --bind /state/efs {mount}" in command[-4]


def test_without_mounts_a_command_is_left_as_it_is() -> None:
    assert mounted(["run"], []) == ["run"]
