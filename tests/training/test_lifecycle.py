"""The notebook instance's script, run by bash with stand-ins: on every way out it answers, leaves nothing behind and stops."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import botocore.session
import pytest
from botocore import xform_name
from botocore.validate import ParamValidator

from chartloop.failures import coded
from tests.training.instance import HELD, SCRIPT, WELL, Instance

Boot = Callable[..., Instance]


@pytest.fixture
def boot(tmp_path: Path) -> Iterator[Boot]:
    made: list[Instance] = []

    def build(notebook: str = WELL) -> Instance:
        made.append(Instance(tmp_path / "instance", notebook))
        return made[-1]

    yield build
    for instance in made:
        instance.end()


def test_shellcheck_finds_nothing() -> None:
    checked = subprocess.run([str(Path(sys.executable).parent / "shellcheck"), str(SCRIPT)], capture_output=True, text=True)
    assert checked.returncode == 0, checked.stdout


def test_a_notebook_that_ends_well_is_kept_and_answered_for_and_the_instance_stops(boot: Boot) -> None:
    instance = boot()
    instance.start()
    instance.until_stopped()
    ((operation, content),) = instance.answers()
    assert (operation, content["taskToken"]) == ("send-task-success", "the token")
    assert json.loads(content["output"]) == {"candidate": {"model_uri": "s3://data/c.tar.gz"}}
    assert "240 records" in instance.stored("data/runs/ner-1/notebook/model_training.ipynb")
    assert instance.left() == []
    assert not instance.calls("aws", "sagemaker", "stop-training-job")
    order = [call["arguments"][1] for call in instance.calls("aws") if call["arguments"][1] != "send-task-heartbeat"]
    assert order[-3:] == ["cp", "send-task-success", "stop-notebook-instance"]


@pytest.mark.parametrize("notebook", [WELL, "sys.exit(1)"])
def test_botocore_takes_what_the_script_sends(boot: Boot, notebook: str) -> None:
    instance = boot(notebook)
    instance.start()
    instance.until_stopped()
    session = botocore.session.get_session()
    sent = instance.calls("aws", "stepfunctions")
    assert len(sent) > 1
    for call in sent:
        operation = "".join(word.title() for word in call["arguments"][1].split("-"))
        shape = session.get_service_model("stepfunctions").operation_model(operation).input_shape
        report = ParamValidator().validate(call["input"], shape)
        assert not report.has_errors(), report.generate_report()
    for call in instance.calls("aws", "sagemaker"):
        operation, option = "".join(word.title() for word in call["arguments"][1].split("-")), call["arguments"][2]
        shape = session.get_service_model("sagemaker").operation_model(operation).input_shape
        assert [xform_name(name, "-") for name in shape.required_members] == [option.removeprefix("--")]


def test_the_script_returns_while_the_notebook_works(boot: Boot) -> None:
    instance = boot(HELD)
    instance.start()
    instance.until(lambda: instance.calls("python"))
    assert not instance.answers() and not instance.calls("aws", "sagemaker")
    instance.open("notebook")
    instance.until_stopped()


def test_the_model_folder_is_mounted_through_its_access_point_with_the_missions_options(boot: Boot) -> None:
    instance = boot()
    instance.start()
    instance.until_stopped()
    ((*start, options, source, target),) = [call["arguments"] for call in instance.calls("mount")]
    assert (start, source, Path(target).name) == (["-t", "efs", "-o"], "fs-1:/", "models")
    wanted = "tls iam accesspoint=fsap-1 rsize=1048576 wsize=1048576 hard timeo=600 retrans=2 noresvport ro"
    assert set(options.split(",")) == set(wanted.split())
    assert instance.calls("umount")


def test_nothing_is_installed_from_anywhere_but_the_bucket(boot: Boot) -> None:
    instance = boot()
    instance.start()
    instance.until_stopped()
    (pip,) = [call["arguments"] for call in instance.calls("python", "-m", "pip")]
    assert {"--no-index", "--no-deps", "--find-links"} <= set(pip)
    assert pip[-1].endswith("training/notebook-requirements.txt")
    assert not instance.calls("dnf")


def test_the_notebook_gets_its_environment_from_a_file_for_it_alone_and_never_the_token(boot: Boot) -> None:
    instance = boot()
    instance.start()
    instance.until_stopped()
    (run,) = [call for call in instance.calls("python") if "papermill" in call["arguments"]]
    assert run["mode"] == "0o600"
    environment = run["environment"]
    assert environment["AWS_DEFAULT_REGION"] == "us-east-1" and environment["HF_HUB_OFFLINE"] == "1"
    assert environment["TMPDIR"].startswith(str(instance.root / "home" / "SageMaker"))
    assert run["arguments"][-3:-1] == ["order", environment["CHARTLOOP_ORDER"]]
    assert json.loads(run["order"])["execution"] == "ner-1-1"
    assert "the token" not in json.dumps([run, [call["arguments"] for call in instance.calls()]])


def test_signs_of_life_come_while_it_works(boot: Boot) -> None:
    instance = boot(HELD)
    instance.start()
    instance.until(lambda: instance.calls("python", "-m", "papermill"))
    before = len(instance.calls("aws", "stepfunctions", "send-task-heartbeat"))
    instance.open("60")
    instance.until(lambda: len(instance.calls("aws", "stepfunctions", "send-task-heartbeat")) > before + 2)
    instance.open("notebook")
    instance.until_stopped()
    assert len(instance.answers()) == 1


SAYS = 'pathlib.Path(os.environ["CHARTLOOP_FAILURE"]).write_text("shard_missing: records/ner/b is not there\\n")\nsys.exit(1)'
RAISES = 'raise ValueError("Mr Secret, 61")'


@pytest.mark.parametrize(
    ("notebook", "reason"),
    [
        (SAYS, "shard_missing: records/ner/b is not there"),
        (RAISES, "notebook_failed: the notebook ended with 1 ValueError"),
        ("sys.exit(0)", "notebook_failed: the notebook ended with 0 "),
        ("os.kill(os.getpid(), 9)", "notebook_failed: the notebook ended with 137 "),
    ],
)
def test_a_notebook_that_fails_fails_the_run_with_its_reason(boot: Boot, notebook: str, reason: str) -> None:
    instance = boot(notebook)
    instance.start()
    instance.until_stopped()
    assert instance.reason() == reason
    assert instance.left() == []
    ((*_, job),) = [call["arguments"] for call in instance.calls("aws", "sagemaker", "stop-training-job")]
    assert job == "ner-1-1-train"
    told = coded({"Error": "NotebookFailed", "Cause": instance.answers()[0][1]["cause"]})
    assert f"{told['code']}: {told['message']}".strip() == reason.strip()


@pytest.mark.parametrize("broken", ["mount", "python3.12", "pip"])
def test_a_set_up_that_fails_fails_the_run(boot: Boot, broken: str) -> None:
    instance = boot()
    instance.break_(broken)
    instance.start()
    instance.until_stopped()
    assert instance.reason().startswith(("notebook_failed: ", "wheels_not_staged: "))
    assert instance.left() == []


@pytest.mark.parametrize(
    ("missing", "code"), [("assets/0123.gz", "notebook_failed"), ("data/wheels/notebook/manifest.json", "wheels_not_staged")]
)
def test_what_was_not_staged_is_named(boot: Boot, missing: str, code: str) -> None:
    instance = boot()
    instance.take(missing)
    instance.start()
    instance.until_stopped()
    assert instance.reason().startswith(f"{code}: ")
    assert not instance.calls("python", "-m", "papermill")


def test_an_instance_without_an_order_waits_to_be_seen_and_stops(boot: Boot) -> None:
    instance = boot()
    instance.take("data/notebook/order.json")
    instance.start()
    instance.until(lambda: instance.calls("sleep", "600"))
    assert not instance.calls("aws", "sagemaker")
    instance.open("600")
    instance.until_stopped()
    assert not instance.calls("aws", "stepfunctions") and not instance.calls("mount")


def test_an_order_that_nobody_waits_for_is_left_alone(boot: Boot) -> None:
    instance = boot()
    (instance.root / "gone").touch()
    instance.start()
    instance.until_stopped()
    assert not instance.calls("mount") and not instance.answers()
    assert not (instance.root / "s3" / "data" / "runs").exists()


def test_a_run_that_was_given_up_meanwhile_ends_the_notebook(boot: Boot) -> None:
    instance = boot(HELD)
    instance.start()
    instance.until(lambda: instance.calls("python", "-m", "papermill"))
    (instance.root / "gone").touch()
    instance.open("60")
    instance.until_stopped()
    assert instance.calls("aws", "sagemaker", "stop-training-job")
    assert instance.left() == []


def test_after_its_hours_the_watchdog_ends_it_with_a_reason(boot: Boot) -> None:
    instance = boot(HELD)
    instance.start(hours=1)
    instance.until(lambda: instance.calls("python", "-m", "papermill"))
    instance.open("60")
    instance.until_stopped()
    assert instance.reason() == "notebook_deadline: the notebook was told to stop"
    assert instance.left() == []


def test_a_worker_that_was_killed_is_noticed_and_the_instance_stops(boot: Boot) -> None:
    instance = boot(HELD)
    instance.start()
    instance.until(lambda: instance.calls("python", "-m", "papermill"))
    (run,) = instance.calls("python", "-m", "papermill")
    worker = run["parents"][1]
    assert b"lifecycle.sh" in Path(f"/proc/{worker}/cmdline").read_bytes()
    os.kill(worker, signal.SIGKILL)
    instance.open("60")
    instance.until_stopped()
    assert not instance.answers()  # EventBridge tells of the stop, and the order is answered then
    assert instance.left() == []


def test_stopping_is_tried_until_it_is_taken(boot: Boot) -> None:
    instance = boot()
    (instance.root / "pending").touch()
    instance.start()
    instance.until(lambda: instance.calls("sleep", "30"))
    (instance.root / "pending").unlink()
    instance.open("30")
    instance.until(lambda: len(instance.calls("aws", "sagemaker", "stop-notebook-instance")) == 2)


def test_nothing_that_an_error_quotes_leaves_the_instance(boot: Boot) -> None:
    instance = boot(WELL + RAISES)
    instance.start()
    instance.until_stopped()
    kept = [path.read_text() for path in (instance.root / "s3" / "data").rglob("*") if path.is_file()]
    assert any("ValueError" in text for text in kept)
    assert "Secret" not in json.dumps([kept, instance.calls()])


def test_what_a_lost_power_left_behind_goes_at_the_next_start(boot: Boot) -> None:
    instance = boot()
    left = instance.root / "home" / "SageMaker" / "chartloop" / "code"
    left.mkdir(parents=True)
    instance.start()
    instance.until_stopped()
    assert instance.answers()[0][0] == "send-task-success"
