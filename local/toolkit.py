"""The contract that SageMaker's training toolkit keeps with a script: configuration files, SM_* variables, and its command line.

Source: "How Amazon SageMaker provides training information" and the environment variables of the SageMaker training toolkit.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from chartloop.errors import JobFailed
from local.container import host_name
from local.transfer import unpack

ROOT = "/opt/ml"
RESERVED = "sagemaker_"
"""Hyper-parameters with this prefix are for the toolkit, not for the script."""

FOLDERS = ("input/config", "input/data", "model", "output/data", "code", "checkpoints")


def configure(ml: Path, request: Mapping[str, Any]) -> None:
    """Makes the folders and the three configuration files below `ml`, which is /opt/ml to the script."""
    for name in FOLDERS:
        (ml / name).mkdir(parents=True, exist_ok=True)
    for name, value in {
        "hyperparameters": request.get("HyperParameters") or {},
        "inputdataconfig": channel_config(request),
        "resourceconfig": resource_config(request),
    }.items():
        (ml / "input" / "config" / f"{name}.json").write_text(json.dumps(value))


def channel_config(request: Mapping[str, Any]) -> dict[str, Any]:
    return {
        channel["ChannelName"]: {
            "TrainingInputMode": channel.get("InputMode", "File"),
            "S3DistributionType": channel["DataSource"]["S3DataSource"].get("S3DataDistributionType", "FullyReplicated"),
            "RecordWrapperType": "None",
        }
        for channel in request.get("InputDataConfig") or []
    }


def resource_config(request: Mapping[str, Any]) -> dict[str, Any]:
    host = host_name()
    cluster = request["ResourceConfig"]
    instance = cluster.get("InstanceType") or cluster["InstancePreferences"][0]["InstanceType"]
    group = {"instance_group_name": "homogeneousCluster", "instance_type": instance, "hosts": [host]}
    return {
        "current_host": host,
        "current_instance_type": instance,
        "current_group_name": "homogeneousCluster",
        "hosts": [host],
        "instance_groups": [group],
        "network_interface_name": "lo",
    }


def decode(hyperparameters: Mapping[str, str]) -> dict[str, Any]:
    """Each value as the JSON that it holds, or as itself where it holds none."""
    decoded: dict[str, Any] = {}
    for name, value in hyperparameters.items():
        try:
            decoded[name] = json.loads(value)
        except ValueError:
            decoded[name] = value
    return decoded


def unpack_code(ml: Path, hyperparameters: Mapping[str, Any]) -> None:
    """Unpacks `sagemaker_submit_directory`, a `.tar.gz` in a channel, to /opt/ml/code."""
    archive = ml / Path(hyperparameters["sagemaker_submit_directory"]).relative_to(ROOT)
    unpack(archive, ml / "code")


def environment(request: Mapping[str, Any], hyperparameters: Mapping[str, Any]) -> dict[str, str]:
    """The SM_* variables, with paths as the script sees them."""
    own = {name: value for name, value in hyperparameters.items() if not name.startswith(RESERVED)}
    channels = sorted(channel["ChannelName"] for channel in request.get("InputDataConfig") or [])
    values: dict[str, Any] = {
        "MODEL_DIR": f"{ROOT}/model",
        "INPUT_DIR": f"{ROOT}/input",
        "INPUT_CONFIG_DIR": f"{ROOT}/input/config",
        "OUTPUT_DIR": f"{ROOT}/output",
        "OUTPUT_DATA_DIR": f"{ROOT}/output/data",
        "MODULE_DIR": hyperparameters["sagemaker_submit_directory"],
        "MODULE_NAME": Path(hyperparameters["sagemaker_program"]).stem,
        "USER_ENTRY_POINT": hyperparameters["sagemaker_program"],
        "CURRENT_HOST": host_name(),
        "HOSTS": [host_name()],
        "NETWORK_INTERFACE_NAME": "lo",
        "NUM_CPUS": os.cpu_count() or 1,
        "NUM_GPUS": gpus(),
        "RESOURCE_CONFIG": resource_config(request),
        "INPUT_DATA_CONFIG": channel_config(request),
        "CHANNELS": channels,
        "HPS": own,
        "USER_ARGS": arguments(own),
        **{f"CHANNEL_{name.upper()}": f"{ROOT}/input/data/{name}" for name in channels},
        **{f"HP_{name.upper()}": value for name, value in own.items()},
    }
    return {f"SM_{name}": value if isinstance(value, str) else json.dumps(value) for name, value in values.items()}


def gpus() -> int:
    return len(list(Path("/dev").glob("nvidia[0-9]*"))) if shutil.which("nvidia-smi") else 0


def command(hyperparameters: Mapping[str, Any], processes: int = 1) -> list[str]:
    """How the script is run, in /opt/ml/code. Raises JobFailed where the request names none."""
    if "sagemaker_program" not in hyperparameters or "sagemaker_submit_directory" not in hyperparameters:
        raise JobFailed("AlgorithmError: neither an entry point nor sagemaker_program and sagemaker_submit_directory are given")
    own = {name: value for name, value in hyperparameters.items() if not name.startswith(RESERVED)}
    torchrun = ["-m", "torch.distributed.run", "--standalone", "--nproc_per_node", str(processes)] if processes > 1 else []
    return ["python3", *torchrun, hyperparameters["sagemaker_program"], *arguments(own)]


def processes(request: Mapping[str, Any], hyperparameters: Mapping[str, Any]) -> int:
    """How many torchrun starts: one a GPU and machine, all of them in one container here; 1 where it is not asked for."""
    if not hyperparameters.get("sagemaker_torch_distributed_enabled"):
        return 1
    return int(request["ResourceConfig"].get("InstanceCount", 1)) * max(1, gpus())


def arguments(hyperparameters: Mapping[str, Any]) -> list[str]:
    """`--name value` by name; booleans as Python writes them, maps as `a=1,b=2`."""
    words: list[str] = []
    for name, value in sorted(hyperparameters.items()):
        text = ",".join(f"{key}={item}" for key, item in sorted(value.items())) if isinstance(value, dict) else str(value)
        words += [f"--{name}" if len(name) > 1 else f"-{name}", text]
    return words
