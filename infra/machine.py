"""The state machine: the definition deployed, with the permissions that running SageMaker jobs to their end takes."""

from __future__ import annotations

import json
from collections.abc import Mapping

from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from chartloop.tasks import TASKS
from infra.definition import definition
from infra.grants import allow
from infra.jobs import Jobs
from infra.logs import Log
from infra.names import Names

KINDS = {"Processing": "processing", "Training": "training", "HyperParameterTuning": "hyper-parameter-tuning"}
"""Of jobs, as the names of SageMaker's operations have it, and as its ARNs do."""
JOB_RULES = [f"StepFunctionsGetEventsForSageMaker{kind}JobsRule" for kind in ("Processing", "Training", "Tuning")]


class Retraining(Construct):
    """The Standard state machine `{name}-retrain`; `functions` by the names that the definition knows."""

    def __init__(
        self,
        scope: Construct,
        *,
        names: Names,
        functions: Mapping[str, lambda_.Function],
        jobs: Jobs,
        key: kms.IKey,
        pause_seconds: int,
        notebook_hours: int | None,
        prod: bool,
    ) -> None:
        super().__init__(scope, "Retraining")
        arns = {name: function.function_arn for name, function in functions.items()}
        states = definition(functions=arns, jobs=jobs.requests, pause_seconds=pause_seconds, notebook_hours=notebook_hours)
        log = Log(self, "Log", name=f"/aws/vendedlogs/states/{names.machine}", key=key, prod=prod)
        self.machine = sfn.StateMachine(
            self,
            "Machine",
            state_machine_name=names.machine,
            # Serialized here: the CDK's own writer leaves out the nulls that ResultPath needs.
            definition_body=sfn.DefinitionBody.from_string(json.dumps(states)),
            # Every step's name and time, and nothing of what it carried.
            logs=sfn.LogOptions(destination=log, level=sfn.LogLevel.ALL, include_execution_data=False),
            tracing_enabled=True,  # the machine carries references, never text
        )
        for function in functions.values():
            function.grant_invoke(self.machine)
        if notebook_hours is None:
            self._run_jobs(names, jobs)

    def _run_jobs(self, names: Names, jobs: Jobs) -> None:
        role = self.machine.role
        for kind, name in KINDS.items():
            # Executions, and so their jobs, are named by run, and runs by task.
            mine = [names.arn("sagemaker", f"{name}-job/{task}-*") for task in TASKS]
            operations = [f"sagemaker:{verb}{kind}Job" for verb in ("Create", "Describe", "Stop")]
            allow(role, *operations, "sagemaker:AddTags", "sagemaker:ListTags", on=mine)
        # `.sync` hears of a job's end by rules that Step Functions keeps in this account.
        rules = [names.arn("events", f"rule/{rule}") for rule in JOB_RULES]
        allow(role, "events:PutRule", "events:PutTargets", "events:DescribeRule", on=rules)
        passed = {"iam:PassedToService": "sagemaker.amazonaws.com"}
        allow(role, "iam:PassRole", on=jobs.role_arns, StringEquals=passed)
