"""The states from a snapshot's references to a verdict: prepare, embed, train and tune, champion, score, vectors, judge."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from chartloop.tasks import TASKS
from infra import tuning
from infra.patience import patient, raised
from infra.requests import Jobs
from infra.states import INDEX_NOT_NOW, RUN, State, call, choice, crashed, job, retry, step, to

PROCESSING, TRAINING, TUNING = "createProcessingJob", "createTrainingJob", "createHyperParameterTuningJob"


def beginning(functions: Mapping[str, str], first: str) -> dict[str, State]:
    """`first` is the state that a run without a candidate goes to."""
    return {
        "Begin": call(functions["begin"], RUN, "Start?", keep={"start_at": "start_at"}, at="$.begin", catch=to("Failed")),
        "Start?": choice("$.begin.start_at", {"prepare": first, "promote": "Register"}, default="Promoted"),
    }


def learning(functions: Mapping[str, str], jobs: Jobs, pause_seconds: int) -> dict[str, State]:
    return {
        **beginning(functions, "Prepare"),
        **patient("Prepare", PROCESSING, jobs.prepare(), pause_seconds, failed="Failed", Next="Learn"),
        "Learn": {
            "Type": "Parallel",
            "Branches": [_embedding(jobs, pause_seconds), _training(functions, jobs, pause_seconds)],
            "ResultSelector": {"model_uri.$": "$[1].trained.model_uri"},
            "ResultPath": "$.candidate",
            "Next": "Champion",
            "Catch": to("Failed"),
        },
    }


def _embedding(jobs: Jobs, pause_seconds: int) -> dict[str, Any]:
    failed = "Not embedded"
    return {
        "StartAt": "Embedded before?",
        "States": {
            "Embedded before?": {
                "Type": "Choice",
                "Choices": [
                    {"Variable": "$.embeds", "BooleanEquals": False, "Next": "Nothing to embed"},
                    {"Variable": "$.has_embeddings", "BooleanEquals": True, "Next": "Embed"},
                ],
                "Default": "EmbedAll",
            },
            "Nothing to embed": {"Type": "Succeed"},
            **patient("Embed", PROCESSING, jobs.embed(previous=True), pause_seconds, failed=failed, End=True),
            **patient("EmbedAll", PROCESSING, jobs.embed(previous=False), pause_seconds, failed=failed, End=True),
            **raised(failed),
        },
    }


def _training(functions: Mapping[str, str], jobs: Jobs, pause_seconds: int) -> dict[str, Any]:
    """Where spot machines are not to be had and fallbacks are named, the next try is on demand, from the same checkpoints.

    A tuning comes after: what cannot be trained as it is set costs one job, and the search has something to be better than.
    """
    failed, then = "Not trained", "TrainOnDemand" if jobs.falls_back else "Train"
    keep = {"job.$": "$.TrainingJobName", "model_uri.$": "$.ModelArtifacts.S3ModelArtifacts"}
    kept: dict[str, Any] = {"selector": keep, "at": "$.trained", "Next": "Tuning asked for?"}

    def train(name: str, request: dict[str, Any]) -> dict[str, State]:
        return patient(name, TRAINING, request, pause_seconds, failed=failed, elsewhere=then, **kept)

    return {
        "StartAt": "Toolkit",
        "States": {
            "Toolkit": {"Type": "Pass", "Result": jobs.toolkit(), "ResultPath": "$.toolkit", "Next": "Train"},
            **train("Train", jobs.train()),
            **(train("TrainOnDemand", jobs.train(on_demand=True)) if jobs.falls_back else {}),
            **_searching(functions, jobs, pause_seconds, failed),
            **raised(failed),
        },
    }


def _searching(functions: Mapping[str, str], jobs: Jobs, pause_seconds: int, failed: str) -> dict[str, State]:
    """From `$.trained`, which is one trial of all, to that of the best."""
    tune = job(TUNING, tuning.request(jobs), pause_seconds)
    kept = {"ResultSelector": {"job.$": "$.HyperParameterTuningJobName"}, "ResultPath": "$.tuned"}
    payload = {**RUN, "trained.$": "$.trained", "tuned.$": "$.tuned.job"}
    asked = [{"Variable": "$.tuning", "IsPresent": True, "Next": "Tune"}]
    return {
        "Tuning asked for?": {"Type": "Choice", "Choices": asked, "Default": "Trained"},
        "Tune": {**tune, **kept, "Next": "Choose", "Catch": to(failed)},
        "Choose": call(functions["tune"], payload, "Trained", keep={"model_uri": "model_uri"}, at="$.trained", catch=to(failed)),
        "Trained": {"Type": "Succeed"},
    }


def standing(functions: Mapping[str, str], following: str) -> dict[str, State]:
    keep = {"champion": "champion", "look": "look"}
    return {"Champion": call(functions["champion"], RUN, following, keep=keep, at="$.standing", catch=to("Failed"))}


def scoring(functions: Mapping[str, str], jobs: Jobs, pause_seconds: int) -> dict[str, State]:
    """With the champion where there is one; on a GPU for the tasks that answer on one."""

    def score(name: str, request: dict[str, Any]) -> dict[str, State]:
        return patient(name, PROCESSING, request, pause_seconds, failed="Failed", Next="Vectors")

    serving = {"Variable": "$.standing.champion.present", "BooleanEquals": True}
    choices: list[dict[str, Any]] = [{**serving, "Next": "Score"}]
    states = {**score("Score", jobs.score(champion=True)), **score("ScoreFirst", jobs.score(champion=False))}
    if jobs.gpu_instance:
        wanted = {"Or": [{"Variable": "$.task", "StringEquals": task.name} for task in TASKS.values() if task.gpu]}
        choices = [{"And": [wanted, serving], "Next": "ScoreOnGpu"}, {**wanted, "Next": "ScoreFirstOnGpu"}, *choices]
        states |= score("ScoreOnGpu", jobs.score(champion=True, gpu=True))
        states |= score("ScoreFirstOnGpu", jobs.score(champion=False, gpu=True))
    return {
        **standing(functions, "Serving?"),
        "Serving?": {"Type": "Choice", "Choices": choices, "Default": "ScoreFirst"},
        **states,
    }


def judging(functions: Mapping[str, str]) -> dict[str, State]:
    """Before the verdict the embeddings are published: a run that is resumed after it need not think of them."""
    again = retry(INDEX_NOT_NOW, first=2, attempts=20, longest=60)
    payload = {**RUN, "champion.$": "$.standing.champion"}
    return {
        "Vectors": step(functions["publish"], "vectors", "Judge", retry=[again, crashed()], catch=to("Failed")),
        "Judge": call(functions["judge"], payload, "Better?", keep={"verdict": "verdict"}, at="$.judged", catch=to("Failed")),
        "Better?": choice("$.judged.verdict", {"promote": "Register", "needs-review": "ForReview"}, default="Kept"),
    }
