"""An artifact carries all of our code that it imports: on the machine that serves it there is no other."""

from __future__ import annotations

import ast
from collections.abc import Iterator

import pytest

from chartloop import tasks
from chartloop.task import Task
from tests.training.tiny import ROOT
from training import artifact

VECTORS = "training/pooling.py"
"""What only a task needs whose records are embedded."""
OURS = ("chartloop", "training")


def imported(name: str) -> set[str]:
    """The files of ours that a file imports, wherever in it, but for its types alone."""
    return {path for node in _code(ast.parse((ROOT / name).read_text())) for path in _files(node)}


def _code(tree: ast.AST) -> Iterator[ast.AST]:
    for node in ast.iter_child_nodes(tree):
        if not (isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"):
            yield node
            yield from _code(node)


def _files(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] in OURS:
        names = [node.module, *(f"{node.module}.{each.name}" for each in node.names)]
    elif isinstance(node, ast.Import):
        names = [each.name for each in node.names if each.name.split(".")[0] in OURS]
    else:
        names = []
    paths = (f"{name.replace('.', '/')}.py" for name in names)
    yield from (path for path in paths if (ROOT / path).is_file())


@pytest.mark.parametrize("task", list(tasks.TASKS.values()), ids=lambda task: task.name)
def test_an_artifact_carries_what_it_imports_and_nothing_more(task: Task) -> None:
    carried = {*artifact.SERVING_CODE, *task.files}
    reached: set[str] = set()
    ahead = {"training/inference.py", f"training/{task.served}.py"}
    while ahead:
        name = ahead.pop()
        reached.add(name)
        ahead |= imported(name) - reached - ({VECTORS} - carried)
    assert reached - carried == {"training/inference.py"}
    assert set(task.files) <= reached
