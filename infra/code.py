"""The code that is deployed, built without Docker and the same each time: functions, their layer, the jobs' source archive."""

from __future__ import annotations

import gzip
import hashlib
import io
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import jsii
from aws_cdk import AssetHashType, BundlingOptions, BundlingOutput, DockerImage, ILocalBundling
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_s3_assets as assets
from constructs import Construct

from chartloop.errors import ChartloopError
from chartloop.tasks import TASKS
from infra import images

ROOT = Path(__file__).resolve().parent.parent
LOCK = ROOT / "requirements.lock"
FUNCTION_PACKAGES = ("adapters", "chartloop", "lambdas")
_COMMON = ("__init__", "environment", "inference", "inputs", "lines")
_TORCHS_OWN = "training/encoder.py"
FUNCTION_MODULES = tuple(sorted(
    {f"training/{name}.py" for name in _COMMON}
    | {name for task in TASKS.values() if task.in_function for name in task.files if name.startswith("training/")} - {_TORCHS_OWN}
))  # fmt: skip
"""How an artifact is read, for the function that serves it itself: what inference.py imports where the engine is ONNX."""
JOB_PACKAGES = ("chartloop", "training")
FUNCTION_PYTHON = "3.14"
PLATFORMS = ("manylinux_2_28_x86_64", "manylinux_2_17_x86_64", "manylinux2014_x86_64")
"""What both runtimes can load; pip takes each name by itself, not as what it includes."""

PYDANTIC = ("annotated-types", "pydantic", "pydantic_core", "typing-inspection", "typing_extensions")
LAYER = (
    *PYDANTIC, "aws-lambda-powertools", "cffi", "cryptography", "et_xmlfile", "jmespath", "joserfc", "numpy", "openpyxl",
    "pycparser", "rensa", "snowballstemmer",
)  # fmt: skip
"""Distributions of the functions' layer: what they import and what that needs. boto3 comes with the runtime."""
MODEL_LAYER = ("flatbuffers", "onnxruntime", "packaging", "protobuf", "tokenizers")
"""Distributions of a second layer, for the function that serves models itself."""
SCIKIT_LEARN = ("cloudpickle", "joblib", "narwhals", "scikit-learn", "scipy", "threadpoolctl")
"""For the cheaper model that is trained beside an encoder where that is scored."""
VENDORED = (*PYDANTIC, *SCIKIT_LEARN, "accelerate", "peft", "rensa", "xgboost-cpu")
"""Distributions that the jobs need and their images lack; under network isolation nothing can be installed."""
ONNX = ("flatbuffers", "ml-dtypes", "onnx", "onnxruntime", "packaging", "protobuf")
"""Distributions that the score job also needs where it exports for that function."""
OPENVINO = (
    "markdown-it-py", "mdurl", "networkx", "nncf", "openvino", "packaging", "psutil", "pygments", "rich", "tabulate",
)  # fmt: skip
"""Distributions that it needs where it exports for an endpoint on processors. OpenVINO goes into the artifact, too."""
ENGINES = {"torch": ("openvino",), "onnx": ONNX, "openvino": OPENVINO}
UNUSED = (
    "openvino/include", "openvino/cmake", "openvino/libs/cache.json", "openvino/libs/*_gpu_*", "openvino/libs/*_npu_*",
    "openvino/libs/*_tensorflow*", "openvino/libs/*_pytorch_*", "openvino/libs/*_paddle_*", "openvino/libs/*_jax_*",
    "openvino/libs/*_gguf_*", "scipy/**/tests", "networkx/**/tests",
    "sklearn/**/tests", "sklearn/datasets/data", "sklearn/datasets/images",
)  # fmt: skip
"""What is left out of these: other processors' and formats' libraries, and tests."""


@jsii.implements(ILocalBundling)
class Bundle:
    """Lets the CDK fill an asset's folder by calling `write(folder)` in this process."""

    def __init__(self, write: Callable[[Path], None]) -> None:
        self._write = write

    def try_bundle(self, output_dir: str, *_args: Any, **_options: Any) -> bool:
        self._write(Path(output_dir))
        return True


def function_code() -> lambda_.Code:
    files = function_sources()
    return lambda_.Code.from_asset(
        str(ROOT / "lambdas"),
        asset_hash=digest(files),
        asset_hash_type=AssetHashType.CUSTOM,
        bundling=_bundling(lambda folder: copy(files, folder)),
    )


def function_sources() -> list[tuple[str, Path]]:
    """(path inside the asset, file) of every file of the functions."""
    return [*sources(FUNCTION_PACKAGES), *((name, ROOT / name) for name in FUNCTION_MODULES)]


def code_version() -> str:
    """Names the code that is deployed: the hash of the functions' and the jobs' sources."""
    return digest(sources(sorted({*FUNCTION_PACKAGES, *JOB_PACKAGES})))[:12]


def layer(scope: Construct, id_: str = "Layer", names: Sequence[str] = LAYER, *, bundle: bool) -> lambda_.LayerVersion:
    """The functions' third-party code; without `bundle` only the list of it, for a runtime that brings its own."""
    pinned = pins(names)

    def write(folder: Path) -> None:
        target = folder / "python"
        target.mkdir()
        (target / "requirements.txt").write_text("\n".join(pinned) + "\n")
        if bundle:
            install(pinned, target, FUNCTION_PYTHON)

    code = lambda_.Code.from_asset(
        str(ROOT / "lambdas"),
        asset_hash=hashlib.sha256(repr((pinned, FUNCTION_PYTHON, PLATFORMS, bundle)).encode()).hexdigest(),
        asset_hash_type=AssetHashType.CUSTOM,
        bundling=_bundling(write),
    )
    return lambda_.LayerVersion(scope, id_, code=code, compatible_runtimes=[lambda_.Runtime.PYTHON_3_14])


def job_code(scope: Construct, *, bundle: bool, engine: str) -> assets.Asset:
    """The jobs' source archive (`.tar.gz`: what SageMaker's training toolkit unpacks): training/, chartloop/, vendor/."""
    files = list(sources(JOB_PACKAGES))
    pinned = pins([*VENDORED, *ENGINES[engine]]) if bundle else []

    def write(folder: Path) -> None:
        with tempfile.TemporaryDirectory() as vendor:
            if pinned:
                install(pinned, Path(vendor), images.PYTHON)
            vendored = [(f"vendor/{path.relative_to(vendor).as_posix()}", path) for path in walk(Path(vendor))]
            (folder / "code.tar.gz").write_bytes(archive([*files, *vendored]))

    return assets.Asset(
        scope,
        "JobCode",
        path=str(ROOT / "training"),
        asset_hash=hashlib.sha256(repr((digest(files), pinned)).encode()).hexdigest(),
        asset_hash_type=AssetHashType.CUSTOM,
        bundling=_bundling(write, output_type=BundlingOutput.ARCHIVED),
    )


def sources(packages: Iterable[str]) -> Iterator[tuple[str, Path]]:
    """(path inside the asset, file) of every source file of the packages, sorted."""
    for package in packages:
        for path in walk(ROOT / package):
            yield path.relative_to(ROOT).as_posix(), path


def walk(folder: Path) -> list[Path]:
    """The folder's files but for what running Python leaves behind, sorted by path."""
    return [path for path in sorted(folder.rglob("*")) if path.is_file() and "__pycache__" not in path.parts]


def digest(files: Iterable[tuple[str, Path]]) -> str:
    total = hashlib.sha256()
    for name, path in files:
        total.update(f"{name}\0{hashlib.sha256(path.read_bytes()).hexdigest()}\n".encode())
    return total.hexdigest()


def copy(files: Iterable[tuple[str, Path]], folder: Path) -> None:
    for name, path in files:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, folder / name)


def archive(files: Iterable[tuple[str, Path]]) -> bytes:
    """A `.tar.gz` whose bytes depend on names and contents alone."""
    plain = io.BytesIO()
    with tarfile.open(fileobj=plain, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for name, path in sorted(files):
            member = tarfile.TarInfo(name)
            member.size, member.mode = path.stat().st_size, 0o644
            with path.open("rb") as body:
                tar.addfile(member, body)
    return gzip.compress(plain.getvalue(), compresslevel=6, mtime=0)


def pins(names: Sequence[str], lock: Path = LOCK) -> list[str]:
    """`name==version` of each name, as the lock file has it. Raises ChartloopError for a name that is not locked."""
    locked = dict(re.findall(r"^([A-Za-z0-9._-]+)==(\S+)", lock.read_text(), re.MULTILINE))
    versions = {_normal(name): version for name, version in locked.items()}
    missing = [name for name in names if _normal(name) not in versions]
    if missing:
        raise ChartloopError(f"{lock.name} pins no {', '.join(missing)}", code="not_locked")
    return sorted(f"{_normal(name)}=={versions[_normal(name)]}" for name in names)


def install(pinned: Sequence[str], target: Path, python: str) -> None:
    """Installs wheels for the runtime's platform and Python, whatever this machine's are."""
    command = [
        sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps", "--no-compile",
        *("--target", str(target), "--implementation", "cp", "--python-version", python, "--only-binary=:all:"),
        *(f"--platform={platform}" for platform in PLATFORMS), *pinned,
    ]  # fmt: skip
    subprocess.run(command, check=True)  # noqa: S603 (our own arguments)
    for unused in [path for pattern in UNUSED for path in target.glob(pattern)]:
        shutil.rmtree(unused) if unused.is_dir() else unused.unlink()


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _bundling(write: Callable[[Path], None], **options: Any) -> BundlingOptions:
    # The image is required by the type and never pulled: the local bundle always succeeds or raises.
    return BundlingOptions(image=DockerImage.from_registry("scratch"), local=Bundle(write), **options)
