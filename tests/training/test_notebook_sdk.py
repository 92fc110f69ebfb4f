"""The real SDK carries the whole request of a training job, with spot, fallbacks and all: nothing lost, nothing added."""

from __future__ import annotations

import json
import subprocess
from typing import Any

import pytest

from infra.requests import Jobs
from local.instance_tools import ENVIRONMENT
from tests.training.tiny import ROOT

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not ENVIRONMENT.exists(), reason="the notebook's environment could not be made: make build/notebook"),
]
PROGRAM = """
import json, sys
from types import SimpleNamespace
from sagemaker.core.resources import Base, TrainingJob
from training.notebook import sdk_arguments

sent = []
client = SimpleNamespace(create_training_job=lambda **request: sent.append(request) or {})
Base.get_sagemaker_client = classmethod(lambda *_, **__: client)
TrainingJob.get = classmethod(lambda *_, **__: None)
TrainingJob.create(**sdk_arguments(json.load(sys.stdin)))
json.dump(sent[0], sys.stdout)
"""


def carried(request: dict[str, Any]) -> Any:
    environment = {"PYTHONPATH": str(ROOT), "AWS_DEFAULT_REGION": "us-east-1", "PATH": "/usr/bin:/bin", "HOME": "/nonexistent"}
    done = subprocess.run(
        [str(ENVIRONMENT), "-c", PROGRAM], input=json.dumps(request), capture_output=True, text=True, env=environment, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout[done.stdout.index("{") :])


def asked(on_demand: bool, **options: Any) -> Any:
    """A request as the state machine would send it, its paths resolved to something."""
    jobs = Jobs(
        job_role="arn:aws:iam::123456789012:role/job", score_role="", processing_image="p", training_image="t",
        processing_instance="ml.m5.xlarge", training_instance="ml.p3.2xlarge", training_hours=12,
        code_uri="s3://code/c.gz", key="key", **options,
    )  # fmt: skip
    return resolved(jobs.train(on_demand=on_demand))


def resolved(value: Any) -> Any:
    if isinstance(value, dict):
        texts = {"HyperParameters.$": {"sagemaker_program": "training/train.py", "num_train_epochs": "8"}}
        plain = {name.removesuffix(".$"): texts.get(name, "s3://b/k") for name in value if name.endswith(".$")}
        return {**{name: resolved(inner) for name, inner in value.items() if not name.endswith(".$")}, **plain}
    return [resolved(inner) for inner in value] if isinstance(value, list) else value


@pytest.mark.parametrize(
    "request_",
    [
        asked(False),
        asked(False, spot=True, training_instances=2),
        asked(True, spot=True, training_fallbacks=("ml.g5.xlarge", "ml.g4dn.xlarge")),
        asked(False, warm_pool_seconds=1800),
    ],
    ids=["plain", "spot", "fallbacks", "warm"],
)
def test_the_request_goes_through_as_it_is(request_: dict[str, Any]) -> None:
    assert carried({**request_, "TrainingJobName": "ner-1-1-train"}) == {**request_, "TrainingJobName": "ner-1-1-train"}


def test_a_field_that_the_sdk_does_not_know_is_refused() -> None:
    with pytest.raises(AssertionError, match="validation error"):
        carried({**asked(False), "TrainingJobName": "n", "ResourceConfig": {"InstanceType": "ml.p3.2xlarge", "NewField": 1}})
