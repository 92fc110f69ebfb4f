"""What the training notebook does beside its story: the training job by SageMaker's SDK, errors without words, the answer."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from chartloop import failures
from chartloop.errors import JobFailed
from training import score
from training.jobs import reason
from training.workplace import Workplace

MAPS = ("HyperParameters", "Environment")
"""Fields whose keys are names of ours, and stay as they are."""
WORDS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
POLL_SECONDS = 5.0
NOT_FOUND = "ValidationException"
"""How DescribeTrainingJob calls a name that no job has."""
ENDED = ("Completed", "Failed", "Stopped")


def discreet(shell: Any, environ: Mapping[str, str]) -> None:
    """Makes every error of a cell one coded line, in the notebook and in the failure file: its own words may quote a record."""

    def told(shell: Any, kind: type[BaseException], error: Exception, _trace: object, tb_offset: int | None = None) -> None:
        del tb_offset
        line = reason(error)
        Path(environ["CHARTLOOP_FAILURE"]).write_text(line + "\n", encoding="utf-8")
        shell._showtraceback(kind, line, [line])

    shell.set_custom_exc((Exception,), told)


def sdk_arguments(request: Mapping[str, Any]) -> dict[str, Any]:
    """A CreateTrainingJob request as arguments of the SDK's `TrainingJob.create`; a field that it does not know, it refuses."""
    return {snake(name): value if name in MAPS else renamed(value) for name, value in request.items()}


def renamed(value: Any) -> Any:
    """The SDK's names for fields, all the way down."""
    if isinstance(value, Mapping):
        return {snake(name): renamed(inner) for name, inner in value.items()}
    return [renamed(inner) for inner in value] if isinstance(value, list) else value


def snake(name: str) -> str:
    """`VolumeSizeInGB` as `volume_size_in_gb`."""
    return WORDS.sub("_", name).lower()


def start(jobs: Any, request: Mapping[str, Any]) -> Any:
    """The training job of the request; one that is there already under its name is the same. `jobs` is the SDK's TrainingJob."""
    try:
        return jobs.get(training_job_name=request["TrainingJobName"])
    except ClientError as error:
        if error.response["Error"]["Code"] != NOT_FOUND:
            raise
    try:
        return jobs.create(**sdk_arguments(request))
    except ClientError as error:
        raise refusal(error.response["Error"]["Code"]) from None


def refusal(kind: str) -> JobFailed:
    """The coded error of a training job that SageMaker did not create."""
    if "ResourceLimitExceeded" in kind:
        return coded({"Error": kind})
    return JobFailed(f"SageMaker refused the training job: {kind}", code="training_refused")


def coded(error: Mapping[str, str]) -> JobFailed:
    found = failures.coded(error)
    return JobFailed(found["message"], code=found["code"])


def wait(job: Any, sleep: Callable[[float], None] = time.sleep) -> str:
    """Waits for the training job's end; where its model lies. Raises JobFailed with the job's own coded reason."""
    while job.training_job_status not in ENDED:
        sleep(POLL_SECONDS)
        job.refresh()
    if job.training_job_status == "Stopped":
        raise JobFailed("the training job was stopped", code="training_stopped")
    if job.training_job_status == "Failed":
        raise coded({"Cause": json.dumps({"FailureReason": str(job.failure_reason)})})
    return str(job.model_artifacts.s3_model_artifacts)


def score_candidate(work: Workplace, model_uri: str) -> dict[str, dict[str, Any]]:
    """Runs the score job's own function on what it would be given; the reports by role, delivered with the artifact."""
    champion = work.order["champion"]
    arguments = {
        "--request": work.fetch("request"),
        "--holdout": work.fetch("holdout"),
        "--candidate": work.fetch("candidate", model_uri),
        **({"--champion": work.fetch("champion", champion["model_uri"])} if champion else {}),
        "--model": work.fetch("base_model"),
        "--version": work.order["version"],
        "--engine": work.order["engine"],
        "--snapshot": work.fetch("snapshot"),
        "--output": work.here("score"),
        "--model-output": work.here("model"),
        "--flips": work.here("flips"),
    }
    score.score(score.parse([str(word) for pair in arguments.items() for word in pair]))
    for name in ("model", "flips", "score"):
        work.deliver(name)
    paths = {role: work.here("score") / f"{role}.json" for role in ("candidate", "champion")}
    return {role: json.loads(path.read_bytes()) for role, path in paths.items() if path.exists()}


def answer(environ: Mapping[str, str], model_uri: str) -> dict[str, Any]:
    """Leaves what the state machine waits for."""
    document = {"candidate": {"model_uri": model_uri}}
    Path(environ["CHARTLOOP_ANSWER"]).write_text(json.dumps(document) + "\n", encoding="utf-8")
    return document
