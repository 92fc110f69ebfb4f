"""Notebook instances in the local cloud: their start script really runs, with programs that stand in for the instance's own."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.local.conftest import ROLE, BareCloud, until

NAMES = iter(f"notebook-{number}" for number in range(100))
SETTINGS = {
    "InstanceType": "ml.m5.xlarge", "RoleArn": ROLE, "RootAccess": "Disabled", "DirectInternetAccess": "Disabled",
    "SubnetId": "subnet-1",
    "SecurityGroupIds": ["sg-1"], "KmsKeyId": "key", "PlatformIdentifier": "notebook-al2023-v1", "VolumeSizeInGB": 50,
    "InstanceMetadataServiceConfiguration": {"MinimumInstanceMetadataServiceVersion": "2"},
}  # fmt: skip


class Notebook:
    """One instance whose script is given, made and awaited."""

    def __init__(self, bare: BareCloud, script: str) -> None:
        self.sagemaker = bare.client("sagemaker")
        self.name = next(NAMES)
        self.home = bare.state / "notebooks" / self.name / "home"
        content = base64.b64encode(script.encode()).decode()
        self.sagemaker.create_notebook_instance_lifecycle_config(
            NotebookInstanceLifecycleConfigName=self.name, OnStart=[{"Content": content}]
        )
        self.sagemaker.create_notebook_instance(
            NotebookInstanceName=self.name, LifecycleConfigName=self.name, Tags=[{"Key": "run", "Value": "1"}], **SETTINGS
        )

    def describe(self) -> Any:
        return self.sagemaker.describe_notebook_instance(NotebookInstanceName=self.name)

    def reaches(self, status: str) -> None:
        until(lambda: self.describe()["NotebookInstanceStatus"] == status)

    def stop(self) -> None:
        self.sagemaker.stop_notebook_instance(NotebookInstanceName=self.name)

    def start(self) -> None:
        self.sagemaker.start_notebook_instance(NotebookInstanceName=self.name)


def test_the_script_runs_and_its_settings_are_kept(bare: BareCloud) -> None:
    notebook = Notebook(bare, "echo $HOME > ~/SageMaker/ran")
    notebook.reaches("InService")
    described = notebook.describe()
    assert {name: described[name] for name in SETTINGS if name != "SecurityGroupIds"}.items() <= SETTINGS.items()
    assert described["NotebookInstanceLifecycleConfigName"] == notebook.name
    assert notebook.sagemaker.list_tags(ResourceArn=described["NotebookInstanceArn"])["Tags"] == [{"Key": "run", "Value": "1"}]
    assert (notebook.home / "SageMaker" / "ran").read_text().strip() == str(notebook.home)


def test_what_the_script_leaves_running_is_asked_to_end_and_ended(bare: BareCloud) -> None:
    script = """
        polite() { trap 'echo end > ~/polite; exit' TERM; echo > ~/ready; while :; do sleep 1; done; }
        stubborn() { trap '' TERM; echo $BASHPID > ~/stubborn; exec sleep 60; }
        polite & stubborn &
    """
    notebook = Notebook(bare, script)
    until(lambda: (notebook.home / "ready").exists() and (notebook.home / "stubborn").exists())
    notebook.reaches("InService")
    notebook.stop()
    until(lambda: (notebook.home / "polite").exists())
    notebook.reaches("Stopped")
    with pytest.raises(ProcessLookupError):
        running(int((notebook.home / "stubborn").read_text()))


def running(process: int) -> None:
    """Raises ProcessLookupError for a process that is gone or only waits to be noticed."""
    stat = Path(f"/proc/{process}/stat")
    if not stat.exists() or stat.read_text().rpartition(")")[2].split()[0] == "Z":
        raise ProcessLookupError


def test_a_script_that_fails_fails_the_instance_which_may_be_started_again(bare: BareCloud) -> None:
    notebook = Notebook(bare, "[ -e ~/again ] || { touch ~/again; exit 3; }")
    notebook.reaches("Failed")
    assert "Lifecycle Config" in notebook.describe()["FailureReason"]
    notebook.start()
    notebook.reaches("InService")


def test_a_transition_that_the_status_forbids_is_refused_in_sagemakers_words(bare: BareCloud) -> None:
    notebook = Notebook(bare, "true")
    notebook.reaches("InService")
    with pytest.raises(ClientError, match=r"Status \(InService\) not in \(\[Stopped, Failed\]\)"):
        notebook.start()
    notebook.stop()
    notebook.reaches("Stopped")
    with pytest.raises(ClientError, match=r"Status \(Stopped\) not in \(\[InService\]\)"):
        notebook.stop()


def test_each_status_is_told_of(bare: BareCloud, recorder: Callable[..., Any]) -> None:
    arn, events = recorder("notebooks")
    rules = bare.client("events")
    pattern = {"source": ["aws.sagemaker"], "detail-type": ["SageMaker Notebook Instance State Change"]}
    rules.put_rule(Name="notebooks", EventPattern=json.dumps(pattern))
    rules.put_targets(Rule="notebooks", Targets=[{"Id": "1", "Arn": arn}])
    notebook = Notebook(bare, "true")
    notebook.reaches("InService")
    notebook.stop()
    told = {"Pending", "InService", "Stopping", "Stopped"}
    mine = lambda: [event["detail"] for event in events() if event["detail"]["NotebookInstanceName"] == notebook.name]  # noqa: E731
    until(lambda: {detail["NotebookInstanceStatus"] for detail in mine()} == told)


def test_a_deleted_instance_is_gone(bare: BareCloud) -> None:
    notebook = Notebook(bare, "true")
    notebook.reaches("InService")
    with pytest.raises(ClientError, match="not in"):
        notebook.sagemaker.delete_notebook_instance(NotebookInstanceName=notebook.name)
    notebook.stop()
    notebook.reaches("Stopped")
    notebook.sagemaker.delete_notebook_instance(NotebookInstanceName=notebook.name)
    with pytest.raises(ClientError, match="RecordNotFound"):
        notebook.describe()


def test_the_instances_own_programs_stand_in(bare: BareCloud) -> None:
    files = bare.client("efs")
    system = files.create_file_system(CreationToken="notebooks")["FileSystemId"]
    point = files.create_access_point(ClientToken="n", FileSystemId=system, RootDirectory={"Path": "/nb"})["AccessPointId"]
    bare.client("s3").create_bucket(Bucket="notebook-tools")
    (bare.state / "efs" / "nb").mkdir(parents=True, exist_ok=True)
    (bare.state / "efs" / "nb" / "model").write_text("the model")
    script = f"""
        set -euo pipefail
        cd "$(getent passwd ec2-user | cut -d: -f6)"
        command -v mount.efs; mkdir -p models; chown ec2-user: models
        timeout 60 mount -t efs -o ro,tls,iam,accesspoint={point},hard {system}:/ "$PWD/models"
        aws s3 cp --quiet models/model s3://notebook-tools/a/model
        aws s3 cp --quiet --recursive s3://notebook-tools/a/ copied
        umount -l "$PWD/models"
        ls models > left
        python3.12 -m venv env
        sudo -u ec2-user -- env/bin/python -m pip install nothing
        aws sagemaker stop-training-job --training-job-name none 2> refused || echo $? >> refused
        (aws sagemaker stop-notebook-instance --notebook-instance-name "$0" || true) 2> other
    """
    notebook = Notebook(bare, script)
    notebook.reaches("InService")
    assert (notebook.home / "copied" / "model").read_text() == "the model"
    assert (notebook.home / "left").read_text() == "" and (bare.state / "efs" / "nb" / "model").exists()
    refused = (notebook.home / "refused").read_text()
    assert "ValidationException" in refused and "StopTrainingJob" in refused and refused.endswith("254\n")
