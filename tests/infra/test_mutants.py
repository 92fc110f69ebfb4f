"""Each broken wire breaks exactly what it says, and leaves an assembly that can still be deployed."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tests.infra.asl import machines, reachable
from tests.infra.mutants import WIRES, break_wire
from tests.infra.templates import Templates


@pytest.mark.parametrize("name", WIRES)
def test_one_wire_is_broken(name: str, local: Templates, tmp_path: Path) -> None:
    copied = tmp_path / "cdk.out"
    shutil.copytree(local.folder, copied)
    break_wire(copied, name)
    stacks = {stack: json.loads((copied / f"chartloop-{stack}.template.json").read_text()) for stack in local.stacks}
    changed = {
        f"{stack}/{logical}"
        for stack, template in stacks.items()
        for logical, resource in template["Resources"].items()
        if resource != local.stacks[stack]["Resources"][logical]
    }
    assert len(changed) == 1


@pytest.mark.parametrize("name", ["next-state", "job-input", "state-function"])
def test_a_broken_machine_is_still_a_machine(name: str, local: Templates, tmp_path: Path) -> None:
    shutil.copytree(local.folder, tmp_path / "cdk.out")
    break_wire(tmp_path / "cdk.out", name)
    stacks = {s: json.loads((tmp_path / "cdk.out" / f"chartloop-{s}.template.json").read_text()) for s in local.stacks}
    broken, whole = Templates(tmp_path, stacks).definition(), local.definition()
    differing = [state for state in whole["States"] if whole["States"][state] != broken["States"][state]]
    assert len(differing) == 1
    for machine in machines(broken):
        assert reachable(machine) <= set(machine["States"])


def test_an_unknown_wire_is_refused(tmp_path: Path) -> None:
    with pytest.raises(KeyError):
        break_wire(tmp_path, "no such wire")
