"""The tuning job's request, made of the training job's: the same image, channels, encryption and machines, values to search."""

from __future__ import annotations

from typing import Any

from infra.requests import ENVIRONMENT, Jobs

NAME = "States.Format('{}-{}', $.tuning.name, States.ArrayGetItem(States.StringSplit($$.Execution.Name, '-'), 4))"
"""With the attempt, in which the execution's name ends: a name is taken once (chartloop/tuning.py)."""
OWN = (
    "TrainingJobName.$",
    "HyperParameters.$",
    "Environment",
    "CheckpointConfig",
    "ResourceConfig",
    "StoppingCondition",
    "Tags",
)
"""What of a training job's request a definition of many says otherwise, or not at all."""


def request(jobs: Jobs) -> dict[str, Any]:
    """`$.tuning` is of chartloop/tuning.py.

    Trials keep no checkpoints, whose place in S3 they would share: one that loses its spot machine begins anew.
    """
    one = jobs.train()
    definition = {
        **{name: its for name, its in one.items() if name not in OWN},
        "StaticHyperParameters.$": "States.JsonMerge($.toolkit, $.tuning.static, false)",
        "Environment": ENVIRONMENT,
        **_machines(one["ResourceConfig"]),
        # How long a trial may wait for its machine is for the tuning job to say, and it says nothing.
        "StoppingCondition": {name: its for name, its in one["StoppingCondition"].items() if name != "MaxPendingTimeInSeconds"},
    }
    return {
        "HyperParameterTuningJobName.$": NAME,
        "HyperParameterTuningJobConfig.$": "$.tuning.config",
        "TrainingJobDefinition": definition,
        "Tags": one["Tags"],
    }


def _machines(cluster: dict[str, Any]) -> dict[str, Any]:
    """A definition has a field of its own for machines in an order of preference."""
    if "InstancePreferences" not in cluster:
        return {"ResourceConfig": cluster}
    size = {name: cluster[name] for name in ("InstanceCount", "VolumeSizeInGB")}
    encrypted = {name: its for name, its in cluster.items() if name == "VolumeKmsKeyId"}
    kinds = [{**kind, **size} for kind in cluster["InstancePreferences"]]
    return {"HyperParameterTuningResourceConfig": {"AllocationStrategy": "Prioritized", "InstanceConfigs": kinds, **encrypted}}
