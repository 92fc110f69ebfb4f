"""The retraining state machine in Amazon's States Language, as one dictionary. It carries references only.

    Begin -> Start? -> Prepare -> Learn (Embed | Train, Tune, Choose) -> Champion -> Serving? -> Score -> Vectors -> Judge
          -> Better? -> Register -> Copy -> Deploy -> Pause -> Wait -> Ready? -> Verify -> Swap -> Point -> Confirm -> Approve
          -> Promoted -> Finish

Where a notebook trains, Prepare to Score are one state (infra/ordering.py):

    Begin -> Start? -> Toolkit -> Champion -> Notebook -> Vectors -> Judge -> ...

A failure before the pointer is swapped leads through Undo and Remove to Failed; after it, steps are repeated until they
succeed, a model that fails Confirm is rolled back by a run of its own (Withdraw), and an execution that gives up is started
again by the sweep. Where another promotion was first, the endpoint is put back and the candidate is judged again.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from infra.learning import judging, learning, scoring
from infra.ordering import ordering
from infra.promoting import deploying, swapping, undoing
from infra.requests import Jobs
from infra.states import RUN, State, call, retry

DAY = 24 * 3600


def definition(
    *, functions: Mapping[str, str], jobs: Jobs, pause_seconds: int, notebook_hours: int | None = None
) -> dict[str, Any]:
    """The whole machine. `functions`: ARN by name, of `begin champion judge promote publish finish tune`.

    `pause_seconds` lie between two looks at an endpoint that is being deployed. With `notebook_hours` a notebook trains, for so
    long at most, and `functions` has `notebook` in the place of `tune`.
    """
    if notebook_hours is None:
        learned = {**learning(functions, jobs, pause_seconds), **scoring(functions, jobs, pause_seconds)}
    else:
        learned = ordering(functions, jobs, pause_seconds, notebook_hours)
    return {
        "Comment": "Chartloop: from a snapshot's references to a better model in service",
        "StartAt": "Begin",
        "TimeoutSeconds": 5 * DAY,
        "States": {
            **learned,
            **judging(functions),
            **deploying(functions, pause_seconds),
            **swapping(functions, pause_seconds),
            **undoing(functions, pause_seconds),
            **_ending(functions),
        },
    }


def _ending(functions: Mapping[str, str]) -> dict[str, State]:
    finish = functions["finish"]
    forward = [retry(["States.ALL"], first=2, attempts=12, longest=300)]
    outcomes = {"Promoted": "promoted", "Kept": "kept", "ForReview": "needs-review"}
    failed = {**RUN, "outcome": "failed", "error.$": "$.error"}
    return {
        **{
            name: {"Type": "Pass", "Result": value, "ResultPath": "$.outcome", "Next": "Finish"}
            for name, value in outcomes.items()
        },
        "Finish": call(finish, {**RUN, "outcome.$": "$.outcome"}, "Done", retry=forward),
        "Done": {"Type": "Succeed"},
        "Failed": call(finish, failed, "RunFailed", retry=forward),
        "RunFailed": {"Type": "Fail", "Error": "RunFailed", "Cause": "The run's own record says why"},
    }
