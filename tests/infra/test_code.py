"""What is deployed as code: complete, the same bytes each time, and built for its runtime."""

from __future__ import annotations

import ast
import io
import os
import re
import subprocess
import sys
import tarfile
from importlib.metadata import distribution, packages_distributions
from pathlib import Path
from sys import stdlib_module_names

import pytest
from packaging.requirements import Requirement
from packaging.tags import compatible_tags, cpython_tags
from packaging.utils import canonicalize_name, parse_wheel_filename

from chartloop.errors import ChartloopError
from chartloop.tasks import TASKS
from infra import code, images
from training.artifact import SERVING_CODE

MADE = """
from pathlib import Path
from adapters.efs import EfsModelFolder
from tests.small_model import artifact_of
from training.artifact import sha256
root = Path("{}")
archive = artifact_of(root, "v1", "aspirin")
folder = EfsModelFolder(root / "efs")
folder.publish("ner", "v1", archive, sha256(archive))
folder.point("ner", "v1", sha256(archive))
"""
ASKED = """
from pathlib import Path
from adapters.folder_models import FolderModels
from training import inference
answer = FolderModels(Path("{}") / "efs", "chartloop").invoke("ner", {{"inputs": ["takes aspirin"], "min_confidence": 0.0}})
print(answer["model_version"], answer["predictions"][0]["entities"][0]["surface"], inference.__file__)
"""


def test_an_archive_depends_on_names_and_contents_alone(tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    for path in (first, second):
        path.write_text("x")
    os.utime(second, (1, 1))
    second.chmod(0o700)
    assert code.archive([("b", first), ("a", second)]) == code.archive([("a", first), ("b", second)])
    assert code.archive([("a", first)]) != code.archive([("c", first)])


def test_the_jobs_code_holds_what_they_import_and_nothing_else() -> None:
    with tarfile.open(fileobj=io.BytesIO(code.archive(code.sources(code.JOB_PACKAGES)))) as tar:
        names = tar.getnames()
    assert {name.split("/")[0] for name in names} == {"chartloop", "training"}
    assert {"chartloop/__init__.py", "training/train.py", "training/prepare.py"} <= set(names)
    assert not [name for name in names if "__pycache__" in name]
    # A setup file at the root would switch the training toolkit to another way of installing.
    assert not {"setup.py", "setup.cfg", "pyproject.toml"} & set(names)


def test_the_functions_code_holds_no_tests_and_no_torch() -> None:
    names = {name for name, _ in code.function_sources()}
    assert {name.split("/")[0] for name in names} == {"adapters", "chartloop", "lambdas", "training"}
    assert {name for name in names if name.startswith("training/")} == set(code.FUNCTION_MODULES)


def test_the_functions_read_an_artifact_as_its_own_code_does(tmp_path: Path) -> None:
    """With nothing but the functions' code, and no torch: the modules that the predict function imports are all there."""
    code.copy(code.function_sources(), tmp_path)
    own = {"training/encoder.py"}  # torch's
    held = [name for task in TASKS.values() if task.in_function for name in task.files]
    served = {name for name in (*SERVING_CODE, *held) if name.startswith("training/")}
    assert served - own | {"training/inference.py"} == set(code.FUNCTION_MODULES)
    asked = "import sys; sys.modules.update(torch=None, transformers=None, onnx=None)\n" + ASKED
    root = Path(__file__).parents[2]
    made = [sys.executable, "-c", MADE.format(tmp_path)]
    subprocess.run(made, cwd=root, check=True, capture_output=True)
    done = subprocess.run(
        [sys.executable, "-c", asked.format(tmp_path)],
        cwd=tmp_path,
        env={"PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
    )
    assert done.stdout.split() == ["v1", "aspirin", str(tmp_path / "training" / "inference.py")], done.stderr


def test_a_name_that_is_not_locked_is_refused(tmp_path: Path) -> None:
    lock = tmp_path / "requirements.lock"
    lock.write_text("# made\nPyDantic_Core==2.50.4\nnumpy==2.4.6\n")
    assert code.pins(["pydantic-core", "numpy"], lock) == ["numpy==2.4.6", "pydantic-core==2.50.4"]
    with pytest.raises(ChartloopError, match="pandas"):
        code.pins(["numpy", "pandas"], lock)


HUGGING_FACE = {"huggingface-hub", "packaging", "psutil", "pyyaml", "safetensors", "torch", "tqdm", "transformers"}
"""What AWS's image for training has, as far as peft and accelerate need it."""


@pytest.mark.parametrize(
    ("names", "given"),
    [
        (code.LAYER, {"boto3"}),
        (code.MODEL_LAYER, {"numpy", "huggingface-hub"}),  # the hub is asked for names of models, never for an artifact's files
        (code.VENDORED, {"numpy", *HUGGING_FACE}),
        (code.ONNX, {"numpy", "typing-extensions"}),
        # scipy is among the VENDORED; the last ones are never imported on the way to int8 (tests/training/test_quantizing.py)
        (code.OPENVINO, {"numpy", "scipy", "safetensors", "ninja", "openvino-telemetry", "pydot", "scikit-learn"}),
    ],
)
def test_what_is_bundled_brings_all_that_it_needs(names: tuple[str, ...], given: set[str]) -> None:
    """`given`: what the runtime has itself."""
    there = {canonicalize_name(name) for name in (*names, *given)}
    for name in names:
        for text in distribution(name).requires or []:
            requirement = Requirement(text)
            needed = requirement.marker is None or requirement.marker.evaluate(
                {"extra": "", "python_version": code.FUNCTION_PYTHON}
            )
            assert not needed or canonicalize_name(requirement.name) in there, f"{name} needs {requirement}"


@pytest.mark.parametrize(
    ("package", "bundled", "given"),
    [
        ("lambdas adapters chartloop", code.LAYER, {"boto3", "botocore"}),
        (
            "training chartloop",
            (*code.VENDORED, *code.ONNX, *code.OPENVINO),
            {"numpy", "torch", "transformers", "safetensors", "tokenizers", "boto3", "botocore"},
        ),
    ],
)
def test_what_the_code_imports_is_bundled_or_given(package: str, bundled: tuple[str, ...], given: set[str]) -> None:
    owners = packages_distributions()
    ours = {"adapters", "chartloop", "lambdas", "training"}
    have = {canonicalize_name(name) for name in (*bundled, *given)}
    for path in (path for _, path in code.sources(package.split()) if path.suffix == ".py"):
        found = imports(path) - stdlib_module_names
        assert found & ours <= set(package.split()) | ({"training"} if path.name == "folder_models.py" else set()), path.name
        for module in found - ours:
            assert {canonicalize_name(owner) for owner in owners[module]} & have, f"{path.name} imports {module}"


def imports(path: Path) -> set[str]:
    """Top-level modules that a file imports at run time."""
    tree = ast.parse(path.read_text())
    only_typing = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and getattr(node.test, "id", "") == "TYPE_CHECKING"
        for inner in ast.walk(node)
    }
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import) and id(node) not in only_typing:
            names |= {alias.name.split(".")[0] for alias in node.names}
        if isinstance(node, ast.ImportFrom) and id(node) not in only_typing and node.module:
            names.add(node.module.split(".")[0])
    return names


@pytest.mark.slow
@pytest.mark.parametrize(
    ("names", "python", "most"),
    [
        ((*code.LAYER, *code.MODEL_LAYER), code.FUNCTION_PYTHON, 250_000_000),  # what a function may have
        ((*code.VENDORED, *code.ONNX), images.PYTHON, 400_000_000),  # what a job unpacks within seconds
        ((*code.VENDORED, *code.OPENVINO), images.PYTHON, 400_000_000),
    ],
)
def test_every_wheel_fits_its_runtime(names: tuple[str, ...], python: str, most: int, tmp_path: Path) -> None:
    code.install(code.pins(names), tmp_path, python)
    version = tuple(int(part) for part in python.split("."))
    platforms = [f"manylinux_2_{minor}_x86_64" for minor in range(28, 4, -1)] + ["manylinux2014_x86_64", "linux_x86_64"]
    fitting = {*cpython_tags(version, platforms=platforms), *compatible_tags(version, platforms=platforms)}
    wheels = list(tmp_path.glob("*.dist-info/WHEEL"))
    assert len(wheels) == len(names)
    for wheel in wheels:
        tags = re.findall(r"^Tag: (\S+)", wheel.read_text(), re.MULTILINE)
        found = {tag for text in tags for tag in parse_wheel_filename(f"x-1-{text}.whl")[3]}
        assert found & fitting, wheel.parent.name
    assert sum(path.stat().st_size for path in tmp_path.rglob("*") if path.is_file()) < most
