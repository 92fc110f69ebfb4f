"""The pipeline stack: from an upload to a promoted model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from aws_cdk import Duration, Size, Stack
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from chartloop.keys import notebook_order, notebook_wheels
from infra import access, vectors
from infra.context import Context
from infra.data import DataStack
from infra.functions import Functions
from infra.grants import EVERY_ITEM, ITEM, items, objects
from infra.intake import Intake
from infra.jobs import Jobs
from infra.machine import Retraining
from infra.names import Names
from infra.network import MOUNT
from infra.notebook import TrainingNotebook
from infra.settings import settings
from infra.transforms import INPUTS, OUTPUTS, tell_of_ends

UPLOAD_SECONDS = 600
SWEEP_MINUTES = 15
"""How long a lost event or an interrupted run waits until it is repaired."""
REPORT_MB = 2048
"""For who reads both score reports: who judges a run, and who ends it and makes its report. Of 100,000 groups and 80 labels they
and the intervals took 751 MB and 35 seconds of one processor, which a function has from 1,769 MB on; the reports as they are
shown come on top (docs/gate.md).
"""

STARTS_RUNS = ["base-models/*", "codes/*", "embeddings/*", "runs/*"]
"""What the start of a run reads: what is staged of base model and codes, the last embeddings, and which batches are settled."""


class PipelineStack(Stack):
    """Intake, functions of a run, jobs, state machine and sweep."""

    def __init__(self, scope: Construct, *, context: Context, names: Names, data: DataStack, **options: Any) -> None:
        super().__init__(scope, names.stack("pipeline"), **options)
        by_notebook = context.compute == "notebook"
        self._context = context
        self._names = names
        self._data = data
        self.intake = Intake(self, names=names, bucket=data.bucket, key=data.key, read_seconds=UPLOAD_SECONDS)
        shared = settings(context, names, data, queue_url=self.intake.queue.queue_url)
        self._functions = Functions(self, names=names, key=data.key, settings=shared, bundle=context.bundle, prod=context.prod)
        self.jobs = Jobs(self, context=context, bucket=data.bucket, key=data.key)
        self.missed = sqs.Queue(
            self,
            "Missed",
            queue_name=names.missed,
            encryption_master_key=data.key,
            enforce_ssl=True,
            retention_period=Duration.days(14),
        )
        """Calls that never got through; the next sweep repairs what they would have. Operations sends what it could not tell."""
        self.missed.add_to_resource_policy(
            iam.PolicyStatement(
                actions=["sqs:SendMessage"],
                resources=[self.missed.queue_arn],
                principals=[iam.ServicePrincipal("events.amazonaws.com")],
                conditions={"ArnEquals": {"aws:SourceArn": names.arn("events", f"rule/{names.alarm('key-endangered')}")}},
            )
        )
        self.intake.feed(self._on_upload(), concurrency=context.upload_concurrency)
        self.retraining = Retraining(
            self,
            names=names,
            functions={**self._run_functions(), **({"notebook": self._notebook()} if by_notebook else {"tune": self._tune()})},
            jobs=self.jobs,
            key=data.key,
            pause_seconds=context.deploy_wait,
            notebook_hours=context.notebook_hours if by_notebook else None,
            prod=context.prod,
        )
        self._schedule(
            "sweep", self._sweep(), Duration.minutes(SWEEP_MINUTES), "Repairs what a lost event or an interruption left behind"
        )
        if context.serving != "lambda":
            self._tell_of_transforms()
        self._schedule("janitor", self._janitor(), Duration.days(1), "Takes away what nobody uses and what costs money")

    def _run_functions(self) -> dict[str, lambda_.Function]:
        return {
            "begin": self._begin(),
            "champion": self._champion(),
            "judge": self._judge(),
            "promote": self._promote(),
            "publish": self._publish(),
            "finish": self._finish(),
        }

    def _on_upload(self) -> lambda_.Function:
        function = self._functions.add("on_upload", seconds=UPLOAD_SECONDS, memory=2048)
        written = ["records/*", "holdout/*", "receipts/*", "quarantine/*", "runs/*"]
        self._let(function, read=["incoming/*", "receipts/*", *STARTS_RUNS], write=written, ledger=EVERY_ITEM)
        access.start_runs(function, self._names)
        return function

    def _begin(self) -> lambda_.Function:
        function = self._functions.add("begin", seconds=60)
        self._let(function, read=["runs/*"])
        return function

    def _champion(self) -> lambda_.Function:
        function = self._functions.add("champion", handler="judge.champion", seconds=60)
        items(function, self._data.ledger, self._data.key, *ITEM)
        return function

    def _judge(self) -> lambda_.Function:
        function = self._functions.add("judge", seconds=300, memory=REPORT_MB)
        self._let(function, read=["runs/*", "models/*"], write=["runs/*"])
        access.register_models(function, self._names)
        return function

    def _promote(self) -> lambda_.Function:
        function = self._functions.add("promote", seconds=300)
        self._let(function, read=["models/*", "runs/*"], write=["runs/*"])
        access.register_models(function, self._names)
        if self._context.serving == "lambda":
            access.ask_models(function, self._names)
        else:
            access.deploy_endpoints(function, self._names, self._data.key, self._context)
            access.invoke_endpoints(function, self._names)  # the golden requests
        access.start_runs(function, self._names)  # the rollback of a model that failed them in service
        return function

    def _publish(self) -> lambda_.Function:
        """The only function with the model folder, and so the only one in the network; it unpacks into its own /tmp first."""
        data, indexed = self._data, self._context.library == "s3vectors"
        function = self._functions.add(
            "publish",
            seconds=900,
            memory=3008 if indexed else 2048,  # of every vector the name, twice
            settings={"model_folder": MOUNT},
            ephemeral_storage_size=Size.gibibytes(8),
            filesystem=lambda_.FileSystem.from_efs_access_point(data.folder.access_point, MOUNT),
            vpc=data.network.vpc,
            vpc_subnets=data.network.subnets,
            security_groups=[data.network.functions],
        )
        self._let(function, read=["models/*", "embeddings/*"], ledger=["GetItem"])
        if indexed:
            vectors.publish(function, self._names, data.key)
        return function

    def _notebook(self) -> lambda_.Function:
        """The notebook instance, the function that starts it, and the one that hears of its end."""
        training = TrainingNotebook(self, context=self._context, names=self._names, data=self._data, jobs=self.jobs)
        orders = self._functions.add("notebook", seconds=60)
        self._let(orders, read=[notebook_wheels("manifest.json")], write=["runs/*/notebook/*", notebook_order()])
        access.run_notebook(orders, self._names)
        stopped = self._functions.add("notebook_stopped", handler="notebook.stopped", seconds=60, dead_letter_queue=self.missed)
        items(stopped, self._data.ledger, self._data.key, *ITEM)
        access.answer_for_notebook(stopped, self._names)
        training.tell_of_its_end(stopped, missed=self.missed)
        return orders

    def _finish(self) -> lambda_.Function:
        function = self._functions.add("finish", seconds=300, memory=REPORT_MB)
        self._let(function, read=STARTS_RUNS, write=["runs/*"], ledger=[*ITEM, "Query"])
        access.start_runs(function, self._names)
        access.describe_jobs(function, self._names, self._context.compute)
        return function

    def _tune(self) -> lambda_.Function:
        """It has no business with the ledger."""
        function = self._functions.add("tune", seconds=60)
        objects(function, self._data.bucket, self._data.key, read=["runs/*/request.json"], write=["runs/*/tuning.json"])
        access.choose_trial(function, self._names)
        return function

    def _sweep(self) -> lambda_.Function:
        function = self._functions.add("sweep", seconds=600, memory=REPORT_MB, dead_letter_queue=self.missed)
        self._let(function, read=["incoming/*", *STARTS_RUNS], write=["runs/*"], ledger=EVERY_ITEM)
        access.start_runs(function, self._names)
        access.describe_jobs(function, self._names, self._context.compute)  # a run that was interrupted too often ends here
        access.mark_models(function, self._names)  # a review that nobody decided ends here
        self.intake.queue.grant_send_messages(function)
        return function

    def _tell_of_transforms(self) -> None:
        """The function reads what a batch transform was given and what came of it, in its own /tmp, line by line."""
        function = self._functions.add(
            "transformed", seconds=900, memory=2048, ephemeral_storage_size=Size.gibibytes(6), dead_letter_queue=self.missed
        )
        self._let(function, read=[INPUTS, OUTPUTS], ledger=[*ITEM, "Query"])
        access.run_transforms(function, self._names, self._data.key)  # one that there was no room for is asked for again
        every = Duration.minutes(SWEEP_MINUTES)
        self._schedule("transformed", function, every, "Looks at batch transforms whose end nobody heard of")
        tell_of_ends(self, function, names=self._names, missed=self.missed)

    def _janitor(self) -> lambda_.Function:
        function = self._functions.add("janitor", seconds=600)
        items(function, self._data.ledger, self._data.key, *ITEM)
        access.tidy_up(function, self._names)
        return function

    def _let(
        self, function: lambda_.Function, *, read: list[str], write: list[str] | None = None, ledger: Sequence[str] = ITEM
    ) -> None:
        """Operations on the ledger, and the named prefixes of the data bucket."""
        items(function, self._data.ledger, self._data.key, *ledger)
        objects(function, self._data.bucket, self._data.key, read=read, write=write or [])

    def _schedule(self, name: str, function: lambda_.Function, every: Duration, description: str) -> None:
        events.Rule(
            self,
            f"{name.title()}Schedule",
            rule_name=f"{self._names.name}-{name}",
            description=description,
            schedule=events.Schedule.rate(every),
            targets=[targets.LambdaFunction(function, dead_letter_queue=self.missed)],
        )
