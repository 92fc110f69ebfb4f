"""The states from a snapshot's references to a verdict: prepare, embed and train, champion, score, judge."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from infra.requests import Jobs
from infra.states import RUN, State, call, choice, job, to


def beginning(functions: Mapping[str, str], first: str) -> dict[str, State]:
    """`first` is the state that a run without a candidate goes to."""
    return {
        "Begin": call(functions["begin"], RUN, "Start?", keep={"start_at": "start_at"}, at="$.begin", catch=to("Failed")),
        "Start?": choice("$.begin.start_at", {"prepare": first, "promote": "Register"}, default="Promoted"),
    }


def learning(functions: Mapping[str, str], jobs: Jobs, pause_seconds: int) -> dict[str, State]:
    return {
        **beginning(functions, "Prepare"),
        "Prepare": job("createProcessingJob", jobs.prepare(), pause_seconds, Next="Learn", Catch=to("Failed")),
        "Learn": {
            "Type": "Parallel",
            "Branches": [_embedding(jobs, pause_seconds), _training(jobs, pause_seconds)],
            "ResultSelector": {"model_uri.$": "$[1].model_uri"},
            "ResultPath": "$.candidate",
            "Next": "Champion",
            "Catch": to("Failed"),
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
            "Embed": job("createProcessingJob", jobs.embed(previous=True), pause_seconds, End=True),
            "EmbedAll": job("createProcessingJob", jobs.embed(previous=False), pause_seconds, End=True),
        },
    }


def _training(jobs: Jobs, pause_seconds: int) -> dict[str, Any]:
    train = job("createTrainingJob", jobs.train(), pause_seconds, End=True)
    del train["ResultPath"]
    return {
        "StartAt": "Toolkit",
        "States": {
            "Toolkit": {"Type": "Pass", "Result": jobs.toolkit(), "ResultPath": "$.toolkit", "Next": "Train"},
            "Train": {**train, "ResultSelector": {"model_uri.$": "$.ModelArtifacts.S3ModelArtifacts"}},
        },
    }


def standing(functions: Mapping[str, str], following: str) -> dict[str, State]:
    keep = {"champion": "champion", "look": "look"}
    return {"Champion": call(functions["champion"], RUN, following, keep=keep, at="$.standing", catch=to("Failed"))}


def scoring(functions: Mapping[str, str], jobs: Jobs, pause_seconds: int) -> dict[str, State]:
    return {
        **standing(functions, "Serving?"),
        "Serving?": {
            "Type": "Choice",
            "Choices": [{"Variable": "$.standing.champion.present", "BooleanEquals": True, "Next": "Score"}],
            "Default": "ScoreFirst",
        },
        "Score": job("createProcessingJob", jobs.score(champion=True), pause_seconds, Next="Judge", Catch=to("Failed")),
        "ScoreFirst": job("createProcessingJob", jobs.score(champion=False), pause_seconds, Next="Judge", Catch=to("Failed")),
    }


def judging(functions: Mapping[str, str]) -> dict[str, State]:
    payload = {**RUN, "champion.$": "$.standing.champion"}
    return {
        "Judge": call(functions["judge"], payload, "Better?", keep={"verdict": "verdict"}, at="$.judged", catch=to("Failed")),
        "Better?": choice("$.judged.verdict", {"promote": "Register", "needs-review": "ForReview"}, default="Kept"),
    }
