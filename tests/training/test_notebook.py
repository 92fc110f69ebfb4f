"""The training notebook: the job's request in the SDK's words, its end, errors without words, a story that shows no record."""

from __future__ import annotations

import ast
import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from chartloop.errors import JobFailed
from tests.training.tiny import ROOT
from training import notebook

STORY = json.loads((ROOT / "training" / "model_training.ipynb").read_text())
REQUEST = {
    "TrainingJobName": "ner-1-1-train",
    "HyperParameters": {"sagemaker_program": "training/train.py", "NumEpochs": "8"},
    "Environment": {"HF_HUB_OFFLINE": "1"},
    "ResourceConfig": {"VolumeSizeInGB": 50, "VolumeKmsKeyId": "k"},
    "InputDataConfig": [{"ChannelName": "code", "DataSource": {"S3DataSource": {"S3Uri": "s3://b/k", "S3DataType": "S3Prefix"}}}],
    "EnableNetworkIsolation": True,
}


def refused(code: str, message: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": message}}, "DescribeTrainingJob")


class Jobs:
    """The SDK's TrainingJob class: `known` jobs by name, and what is created."""

    def __init__(self, *known: str, refuses: ClientError | None = None) -> None:
        self.known = known
        self.refuses = refuses
        self.created: list[dict[str, Any]] = []

    def get(self, training_job_name: str) -> str:
        if training_job_name in self.known:
            return training_job_name
        raise refused("ValidationException", "Requested resource not found.")

    def create(self, **arguments: Any) -> str:
        if self.refuses:
            raise self.refuses
        self.created.append(arguments)
        return str(arguments["training_job_name"])


class Job:
    """A job that shows its statuses one after the other."""

    def __init__(self, *statuses: str, reason: str = "") -> None:
        self._statuses = list(statuses)
        self.failure_reason = reason
        self.model_artifacts = SimpleNamespace(s3_model_artifacts="s3://b/model.tar.gz")

    @property
    def training_job_status(self) -> str:
        return self._statuses[0]

    def refresh(self) -> None:
        self._statuses.pop(0)


def test_a_request_is_told_to_the_sdk_in_its_words() -> None:
    assert notebook.sdk_arguments(REQUEST) == {
        "training_job_name": "ner-1-1-train",
        "hyper_parameters": {"sagemaker_program": "training/train.py", "NumEpochs": "8"},
        "environment": {"HF_HUB_OFFLINE": "1"},
        "resource_config": {"volume_size_in_gb": 50, "volume_kms_key_id": "k"},
        "input_data_config": [
            {"channel_name": "code", "data_source": {"s3_data_source": {"s3_uri": "s3://b/k", "s3_data_type": "S3Prefix"}}}
        ],
        "enable_network_isolation": True,
    }


def test_the_job_is_created_under_the_orders_name() -> None:
    jobs = Jobs()
    assert notebook.start(jobs, REQUEST) == "ner-1-1-train"
    assert jobs.created == [notebook.sdk_arguments(REQUEST)]


def test_a_job_that_is_there_already_is_not_started_again() -> None:
    jobs = Jobs("ner-1-1-train")
    assert notebook.start(jobs, REQUEST) == "ner-1-1-train"
    assert jobs.created == []


@pytest.mark.parametrize(
    ("kind", "code"), [("ResourceLimitExceeded", "quota_exceeded"), ("AccessDeniedException", "training_refused")]
)
def test_a_refusal_is_coded_by_its_kind(kind: str, code: str) -> None:
    jobs = Jobs(refuses=refused(kind, "the account-level service limit ..."))
    with pytest.raises(JobFailed) as raised:
        notebook.start(jobs, REQUEST)
    assert raised.value.code == code and "account-level" not in raised.value.message


def test_another_error_than_not_found_is_no_reason_to_create(monkeypatch: pytest.MonkeyPatch) -> None:
    jobs = Jobs()
    monkeypatch.setattr(jobs, "get", lambda **_: (_ for _ in ()).throw(refused("AccessDeniedException", "no")))
    with pytest.raises(ClientError):
        notebook.start(jobs, REQUEST)
    assert jobs.created == []


def test_a_completed_job_gives_its_model() -> None:
    waits: list[float] = []
    assert notebook.wait(Job("InProgress", "InProgress", "Completed"), waits.append) == "s3://b/model.tar.gz"
    assert len(waits) == 2


@pytest.mark.parametrize(
    ("job", "code", "message"),
    [
        (Job("Failed", reason="AlgorithmError: no_training_data: nothing, exit code: 1"), "no_training_data", "nothing"),
        (Job("Failed", reason="CapacityError: Unable to provision"), "no_capacity", "machine"),
        (Job("Failed", reason="InternalServerError: the patient takes ..."), "job_failed", "InternalServerError$"),
        (Job("Stopping", "Stopped"), "training_stopped", "stopped"),
    ],
)
def test_a_job_that_ends_otherwise_fails_with_its_coded_reason(job: Job, code: str, message: str) -> None:
    with pytest.raises(JobFailed, match=message) as raised:
        notebook.wait(job, lambda _: None)
    assert raised.value.code == code


class Shell:
    """What IPython offers to who wants to show errors in its own way."""

    def __init__(self) -> None:
        self.shown: list[Any] = []

    def set_custom_exc(self, kinds: tuple[type, ...], handler: Any) -> None:
        self.kinds, self.handler = kinds, handler

    def _showtraceback(self, *shown: Any) -> None:
        self.shown.append(shown)


def test_an_error_is_shown_without_its_words(tmp_path: Path) -> None:
    shell = Shell()
    notebook.discreet(shell, {"CHARTLOOP_FAILURE": str(tmp_path / "failure")})
    error = KeyError("the patient takes aspirin")
    shell.handler(shell, KeyError, error, None)
    assert shell.kinds == (Exception,)
    assert "aspirin" not in str(shell.shown) and shell.shown[0][1].startswith("internal_error: KeyError")
    assert (tmp_path / "failure").read_text() == shell.shown[0][1] + "\n"


def test_the_answer_is_a_reference(tmp_path: Path) -> None:
    notebook.answer({"CHARTLOOP_ANSWER": str(tmp_path / "answer.json")}, "s3://b/model.tar.gz")
    assert json.loads((tmp_path / "answer.json").read_text()) == {"candidate": {"model_uri": "s3://b/model.tar.gz"}}


def sources(kind: str) -> list[str]:
    return ["".join(cell["source"]) for cell in STORY["cells"] if cell["cell_type"] == kind]


def test_the_story_is_kept_without_outputs_and_every_cell_is_python() -> None:
    assert all(
        cell["outputs"] == [] and cell["execution_count"] is None for cell in STORY["cells"] if cell["cell_type"] == "code"
    )
    for source in sources("code"):
        ast.parse(source)


def test_papermill_finds_the_parameter() -> None:
    (tagged,) = [cell for cell in STORY["cells"] if cell["metadata"].get("tags") == ["parameters"]]
    assert "".join(tagged["source"]).startswith("order = ")


def test_errors_are_silenced_before_anything_is_read() -> None:
    first = sources("code")[1]
    assert "notebook.discreet(" in first and "workplace(" not in first


def test_the_story_calls_the_functions_of_the_jobs() -> None:
    calls = {
        ast.unparse(node.func) for source in sources("code") for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)
    }
    assert {"prepare", "embed", "notebook.start", "notebook.wait", "notebook.score_candidate", "notebook.answer"} <= calls


def test_of_what_the_score_leaves_the_reports_of_the_models_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "score"
    folder.mkdir()
    for name in ("candidate", "champion", "quality"):
        (folder / f"{name}.json").write_text(json.dumps({"is": name}))
    order = {"champion": {"model_uri": "s3://b/m"}, "version": "v", "engine": "openvino"}
    delivered: list[str] = []
    work: Any = SimpleNamespace(
        order=order, here=lambda name: tmp_path / name, fetch=lambda name, uri="": tmp_path / name, deliver=delivered.append
    )
    monkeypatch.setattr(notebook.score, "score", lambda arguments: None)
    assert notebook.score_candidate(work, "s3://b/c") == {name: {"is": name} for name in ("candidate", "champion")}
    assert delivered == ["model", "flips", "score"]


def test_what_the_instance_installs_is_pinned_and_agrees_with_what_is_tested() -> None:
    lines = (ROOT / "training" / "notebook-requirements.txt").read_text().splitlines()
    pinned = dict(line.split("==") for line in lines if line and not line.startswith("#"))
    locked = dict(line.split("==") for line in (ROOT / "requirements.lock").read_text().splitlines() if "==" in line)
    assert {"boto3", "numpy", "pydantic", "sagemaker-core", "torch", "transformers"} <= set(pinned)
    shared = {"boto3", "numpy", "onnx", "onnxruntime", "onnxscript", "pydantic", "rensa", "safetensors", "torch", "transformers"}
    assert {name: pinned[name] for name in shared} == {name: locked[name] for name in shared}
