"""The rules of the house, checked on the source: imports point one way, edges stay thin, nothing happens at import."""

from __future__ import annotations

import ast
import json
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from tests.tree import DECISIONS, INDEX_HEAD, decisions

ROOT = Path(__file__).parent.parent
PACKAGES = ("chartloop", "adapters", "lambdas", "training", "infra", "client", "local")
SOURCES = sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))
NAMES = [str(path.relative_to(ROOT)) for path in SOURCES]
WRITTEN = sorted((ROOT / "docs").rglob("*.md"))

MAY_IMPORT = {
    "chartloop": set(),
    "adapters": {"chartloop"},
    "lambdas": {"adapters", "chartloop"},
    "training": {"adapters", "chartloop"},
    "infra": {"adapters", "chartloop"},
    "client": {"adapters", "chartloop"},
    "local": {"adapters", "chartloop"},
}
DOMAIN_MAY_IMPORT = {"pydantic", "pydantic_core", "numpy", "rensa"}
SERVES_ITSELF = "adapters/folder_models.py"
"""The one file outside of training/ that imports from there: how an artifact is read, without torch, in the predict function."""
TRAINING_ONLY = {"torch", "transformers", "tokenizers", "safetensors", "onnx", "onnxruntime"}
CODE = re.compile(r'(?:\bcode=|"code": |default_code = )"([a-z_]+)"')
NEVER = {"pickle", "cPickle", "joblib", "dill", "cloudpickle", "marshal", "shelve"}


def imported(path: Path) -> Iterator[str]:
    """Top-level names of the modules that a file imports, wherever in it."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            yield node.module.split(".")[0]


@pytest.mark.parametrize("path", SOURCES, ids=NAMES)
def test_imports_point_one_way(path: Path) -> None:
    package = path.relative_to(ROOT).parts[0]
    ours = set(imported(path)) & set(PACKAGES) - ({"training"} if str(path.relative_to(ROOT)) == SERVES_ITSELF else set())
    assert ours <= MAY_IMPORT[package] | {package}


@pytest.mark.parametrize("path", SOURCES, ids=NAMES)
def test_torch_stays_in_training_and_pickle_nowhere(path: Path) -> None:
    found = set(imported(path))
    assert not found & NEVER
    if path.relative_to(ROOT).parts[0] != "training":
        assert not found & TRAINING_ONLY


def test_the_domain_imports_the_standard_library_and_four_packages() -> None:
    import sys

    for path in (ROOT / "chartloop").rglob("*.py"):
        assert set(imported(path)) <= DOMAIN_MAY_IMPORT | {"chartloop"} | set(sys.stdlib_module_names), path.name


@pytest.mark.parametrize("path", SOURCES, ids=NAMES)
def test_every_file_says_first_what_lives_in_it(path: Path) -> None:
    assert ast.get_docstring(ast.parse(path.read_text()))


@pytest.mark.parametrize("path", SOURCES, ids=NAMES)
def test_no_file_hides_two_things(path: Path) -> None:
    text = path.read_text()
    assert text.count("\n") <= 300
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert (node.end_lineno or 0) - node.lineno < 50, node.name


def test_the_contracts_are_good_schemas() -> None:
    files = sorted((ROOT / "docs" / "contracts").glob("*.schema.json"))
    assert {path.name.split(".")[0] for path in files} >= {
        "record", "batch_receipt", "run", "score_report", "verdict", "model", "prediction", "error",
    }  # fmt: skip
    for path in files:
        Draft202012Validator.check_schema(json.loads(path.read_text()))


def test_the_readme_names_every_file_of_the_tree() -> None:
    tree = (ROOT / "README.md").read_text().rpartition("## The tree")[2]
    package, named = "", set()
    for line in tree.splitlines():
        name = line.split(" ")[2] if line.startswith("  ") else line.split(" ")[0]
        if line.startswith("  "):
            named.add(f"{package}{name}")
        else:
            package = name
    assert {name for name in NAMES if not name.endswith("__init__.py")} - named == set()


def test_the_index_of_decisions_is_their_headings() -> None:
    assert (DECISIONS / "README.md").read_text().endswith(INDEX_HEAD + decisions())


def test_every_code_of_an_error_is_listed() -> None:
    listed = set(re.findall(r"`([a-z_]+)`", (ROOT / "docs" / "contracts" / "error-codes.md").read_text()))
    given = {code for path in SOURCES for code in CODE.findall(path.read_text())}
    assert given - listed == set()


@pytest.mark.parametrize("path", WRITTEN, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_page_says_a_paragraph_twice(path: Path) -> None:
    """Merging two branches can leave a paragraph twice without a conflict."""
    paragraphs = [text for text in path.read_text().split("\n\n") if len(text) > 80]
    assert [text for text, count in Counter(paragraphs).items() if count > 1] == []
