"""The retraining state machine in Amazon's States Language, as one dictionary. It carries references only.

    Begin -> Start? -> Prepare -> Learn (Embed | Train) -> Champion -> Serving? -> Score -> Judge -> Promote?
          -> Register -> Copy -> Deploy -> Pause -> Wait -> Ready? -> Verify -> Swap -> Point -> Approve -> Promoted -> Finish

A failure before the pointer is swapped leads through Undo and Remove to Failed; after it, steps are repeated until they
succeed, and an execution that gives up is started again by the sweep. Where another promotion was first, the endpoint is put
back and the candidate is judged again.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from infra.requests import Jobs

State = dict[str, Any]

DAY = 24 * 3600
STEP_SECONDS = 900
RUN = {
    "run_id.$": "$.run_id",
    "task.$": "$.task",
    "version.$": "$.version",
    "kind.$": "$.kind",
    "execution.$": "$$.Execution.Name",
}

CRASHES = [
    "Lambda.ServiceException",
    "Lambda.AWSLambdaException",
    "Lambda.SdkClientException",
    "Lambda.TooManyRequestsException",
    "Lambda.Unknown",
    "Runtime.ExitError",
    "Sandbox.Timedout",
    "ClientError",
    "Stale",
]
"""Failures of the machinery under a step. Steps may be repeated, so they are."""
NOT_NOW = [
    "SageMaker.ResourceLimitExceededException",
    "SageMaker.ResourceLimitExceeded",
    "SageMaker.ThrottlingException",
    "SageMaker.AmazonSageMakerException",
    "SageMaker.SageMakerException",
]
"""SageMaker refuses to create the job: quota, capacity or throttling. Nothing was created, so the name is still free."""
NO_ENDPOINT_NOW = ["ResourceLimitExceeded", "ThrottlingException"]
"""The same for an endpoint, as a function's error has it."""


def definition(*, functions: Mapping[str, str], jobs: Jobs, pause_seconds: int) -> dict[str, Any]:
    """The whole machine. `functions`: ARN by name, of `begin champion judge promote publish finish`.

    `pause_seconds` lie between two looks at an endpoint that is being deployed.
    """
    return {
        "Comment": "Chartloop: from a snapshot's references to a better model in service",
        "StartAt": "Begin",
        "TimeoutSeconds": 5 * DAY,
        "States": {
            **_learning(functions, jobs, pause_seconds),
            **_judging(functions, jobs, pause_seconds),
            **_deploying(functions, pause_seconds),
            **_swapping(functions),
            **_undoing(functions, pause_seconds),
            **_ending(functions),
        },
    }


def _learning(functions: Mapping[str, str], jobs: Jobs, pause_seconds: int) -> dict[str, State]:
    return {
        "Begin": _call(functions["begin"], RUN, "Start?", keep={"start_at": "start_at"}, at="$.begin", catch=_to("Failed")),
        "Start?": _choice("$.begin.start_at", {"prepare": "Prepare", "promote": "Register"}, default="Promoted"),
        "Prepare": _job("createProcessingJob", jobs.prepare(), pause_seconds, Next="Learn", Catch=_to("Failed")),
        "Learn": {
            "Type": "Parallel",
            "Branches": [_embedding(jobs, pause_seconds), _training(jobs, pause_seconds)],
            "ResultSelector": {"model_uri.$": "$[1].model_uri"},
            "ResultPath": "$.candidate",
            "Next": "Champion",
            "Catch": _to("Failed"),
        },
    }


def _embedding(jobs: Jobs, pause_seconds: int) -> dict[str, Any]:
    return {
        "StartAt": "Embedded before?",
        "States": {
            "Embedded before?": {
                "Type": "Choice",
                "Choices": [{"Variable": "$.has_embeddings", "BooleanEquals": True, "Next": "Embed"}],
                "Default": "EmbedAll",
            },
            "Embed": _job("createProcessingJob", jobs.embed(previous=True), pause_seconds, End=True),
            "EmbedAll": _job("createProcessingJob", jobs.embed(previous=False), pause_seconds, End=True),
        },
    }


def _training(jobs: Jobs, pause_seconds: int) -> dict[str, Any]:
    train = _job("createTrainingJob", jobs.train(), pause_seconds, End=True)
    del train["ResultPath"]
    return {
        "StartAt": "Toolkit",
        "States": {
            "Toolkit": {"Type": "Pass", "Result": jobs.toolkit(), "ResultPath": "$.toolkit", "Next": "Train"},
            "Train": {**train, "ResultSelector": {"model_uri.$": "$.ModelArtifacts.S3ModelArtifacts"}},
        },
    }


def _judging(functions: Mapping[str, str], jobs: Jobs, pause_seconds: int) -> dict[str, State]:
    champion = {"champion": "champion", "look": "look"}
    payload = {**RUN, "champion.$": "$.standing.champion"}
    return {
        "Champion": _call(functions["champion"], RUN, "Serving?", keep=champion, at="$.standing", catch=_to("Failed")),
        "Serving?": {
            "Type": "Choice",
            "Choices": [{"Variable": "$.standing.champion.present", "BooleanEquals": True, "Next": "Score"}],
            "Default": "ScoreFirst",
        },
        "Score": _job("createProcessingJob", jobs.score(champion=True), pause_seconds, Next="Judge", Catch=_to("Failed")),
        "ScoreFirst": _job("createProcessingJob", jobs.score(champion=False), pause_seconds, Next="Judge", Catch=_to("Failed")),
        "Judge": _call(functions["judge"], payload, "Better?", keep={"verdict": "verdict"}, at="$.judged", catch=_to("Failed")),
        "Better?": _choice("$.judged.verdict", {"promote": "Register", "needs-review": "ForReview"}, default="Kept"),
    }


def _deploying(functions: Mapping[str, str], pause_seconds: int) -> dict[str, State]:
    promote, publish = functions["promote"], functions["publish"]
    busy = _retry(["PromotionActive"], first=pause_seconds, attempts=60, longest=600)
    full = [_retry(NO_ENDPOINT_NOW, first=pause_seconds, attempts=10, longest=1800), _crashed()]
    return {
        "Register": _step(promote, "register", "Copy", catch=_to("Undo"), retry=[busy, _crashed()]),
        "Copy": _step(publish, "copy", "Deploy", catch=_to("Undo")),
        "Deploy": _step(promote, "deploy", "Pause", catch=_to("Undo"), retry=full),
        "Pause": {"Type": "Wait", "Seconds": pause_seconds, "Next": "Wait"},
        "Wait": _step(promote, "wait", "Ready?", catch=_to("Undo"), retry=full, keep={"status": "status"}),
        "Ready?": _choice("$.promotion.status", {"ready": "Verify"}, default="Pause"),
        "Verify": _step(promote, "verify", "Swap", catch=_to("Undo")),
        "Swap": _step(promote, "swap", "Point", catch=[*_to("PutBack", "ChampionChanged"), *_to("Undo")]),
    }


def _swapping(functions: Mapping[str, str]) -> dict[str, State]:
    """Past the swap there is only forward."""
    forward = [_retry(["States.ALL"], first=2, attempts=12, longest=300)]
    return {
        "Point": _step(functions["publish"], "point", "Approve", retry=forward),
        "Approve": _step(functions["promote"], "approve", "Promoted", retry=forward),
    }


def _undoing(functions: Mapping[str, str], pause_seconds: int) -> dict[str, State]:
    """The endpoint may still be busy with what is undone, so an undo is repeated for a long time."""
    patient = [_retry(["States.ALL"], first=pause_seconds, attempts=30, longest=300)]
    # At another path than the failure that led here: that one is what the run's record tells.
    give_up = _to("Failed", at="$.undo_error")
    return {
        "Undo": _step(functions["promote"], "undo", "Remove", retry=patient, catch=give_up),
        "PutBack": _step(functions["promote"], "undo", "Again?", retry=patient, catch=give_up),
        # A person's decision, or a run that was resumed after its verdict, has no trained candidate at hand to judge again.
        "Again?": {
            "Type": "Choice",
            "Choices": [{"Variable": "$.candidate", "IsPresent": True, "Next": "Champion"}],
            "Default": "Remove",
        },
        "Remove": _step(functions["publish"], "remove", "Failed", catch=give_up),
    }


def _ending(functions: Mapping[str, str]) -> dict[str, State]:
    finish = functions["finish"]
    forward = [_retry(["States.ALL"], first=2, attempts=12, longest=300)]
    outcomes = {"Promoted": "promoted", "Kept": "kept", "ForReview": "needs-review"}
    failed = {**RUN, "outcome": "failed", "error.$": "$.error"}
    return {
        **{
            name: {"Type": "Pass", "Result": value, "ResultPath": "$.outcome", "Next": "Finish"}
            for name, value in outcomes.items()
        },
        "Finish": _call(finish, {**RUN, "outcome.$": "$.outcome"}, "Done", retry=forward),
        "Done": {"Type": "Succeed"},
        "Failed": _call(finish, failed, "RunFailed", retry=forward),
        "RunFailed": {"Type": "Fail", "Error": "RunFailed", "Cause": "The run's own record says why"},
    }


def _step(function: str, step: str, following: str, **options: Any) -> State:
    """A step of the promotion: its answer, where one is kept, is `$.promotion`."""
    return _call(function, {**RUN, "step": step}, following, at="$.promotion", **options)


def _call(
    function: str,
    payload: dict[str, str],
    following: str,
    *,
    keep: dict[str, str] | None = None,
    at: str = "",
    retry: list[dict[str, Any]] | None = None,
    catch: list[dict[str, Any]] | None = None,
) -> State:
    """Invokes a function. `keep` names what of its answer goes on, at the path `at`; without it the state stays as it is."""
    state: State = {
        "Type": "Task",
        "Resource": "arn:aws:states:::lambda:invoke",
        "Parameters": {"FunctionName": function, "Payload": payload},
        "TimeoutSeconds": STEP_SECONDS,
        "ResultPath": at if keep else None,
        "Retry": retry or [_crashed()],
        "Next": following,
    }
    if keep:
        state["ResultSelector"] = {f"{name}.$": f"$.Payload.{field}" for name, field in keep.items()}
    if catch:
        state["Catch"] = catch
    return state


def _job(operation: str, request: dict[str, Any], pause_seconds: int, **transition: Any) -> State:
    """Runs a SageMaker job to its end; the state passes through unchanged."""
    return {
        "Type": "Task",
        "Resource": f"arn:aws:states:::sagemaker:{operation}.sync",
        "Parameters": request,
        "ResultPath": None,
        "Retry": [_retry(NOT_NOW, first=pause_seconds, attempts=10, longest=1800)],
        **transition,
    }


def _choice(variable: str, cases: dict[str, str], *, default: str) -> State:
    choices = [{"Variable": variable, "StringEquals": value, "Next": state} for value, state in cases.items()]
    return {"Type": "Choice", "Choices": choices, "Default": default}


def _crashed() -> dict[str, Any]:
    return _retry(CRASHES, first=2, attempts=6, longest=60)


def _retry(errors: list[str], *, first: int, attempts: int, longest: int) -> dict[str, Any]:
    """Waits `first` seconds, then twice as long each time, at most `longest`; jitter keeps runs from coming back together."""
    return {
        "ErrorEquals": errors,
        "IntervalSeconds": first,
        "BackoffRate": 2.0,
        "MaxAttempts": attempts,
        "MaxDelaySeconds": longest,
        "JitterStrategy": "FULL",
    }


def _to(state: str, *errors: str, at: str = "$.error") -> list[dict[str, Any]]:
    return [{"ErrorEquals": list(errors) or ["States.ALL"], "ResultPath": at, "Next": state}]
