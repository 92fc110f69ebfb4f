"""The serving stack: the REST API, who may call it, and what promotion deploys behind it."""

from __future__ import annotations

from typing import Any

from aws_cdk import CfnOutput, Size, Stack
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from chartloop import keys
from infra import access, code, vectors
from infra.api import Api
from infra.context import Context
from infra.data import DataStack
from infra.endpoint import Serving
from infra.functions import Functions
from infra.grants import EVERY_ITEM, items, objects
from infra.identity import Identity
from infra.names import Names
from infra.network import MOUNT
from infra.pipeline import STARTS_RUNS, PipelineStack
from infra.settings import settings
from infra.transforms import INPUTS, OUTPUTS
from infra.waf import Firewall

GATEWAY_SECONDS = 29
"""API Gateway ends a request then."""
SEARCH_SECONDS = 20
"""The rest of a request is for the model."""
MODEL_MEMORY = 3008
"""MB, and nearly two processors: the most that a new account may ask for."""


class ServingStack(Stack):
    """API, functions behind it, identity, and the endpoint's role and model groups."""

    def __init__(
        self, scope: Construct, *, context: Context, names: Names, data: DataStack, pipeline: PipelineStack, **options: Any
    ) -> None:
        super().__init__(scope, names.stack("serving"), **options)
        self._context = context
        self._names = names
        self._data = data
        self.serving = Serving(self, context=context, names=names, bucket=data.bucket, key=data.key)
        shared = settings(context, names, data, queue_url=pipeline.intake.queue.queue_url)
        self._functions = Functions(self, names=names, key=data.key, settings=shared, bundle=context.bundle, prod=context.prod)
        self.identity = None if context.issuer else Identity(self, names=names, prod=context.prod, site=context.site_domain)
        self.api = Api(
            self,
            names=names,
            key=data.key,
            prod=context.prod,
            api=self._api(),
            predict=self._predict(),
            authorizer=self._authorizer(),
        )
        self._search()
        if context.firewall:
            Firewall(self, names=names, key=data.key, prod=context.prod).guard(self.api.rest.deployment_stage.stage_arn)
        if context.lambda_concurrency:
            self._reserve(context.lambda_concurrency)
        self._outputs()

    def _api(self) -> lambda_.Function:
        transforms = self._context.serving != "lambda"
        function = self._functions.add("api", seconds=GATEWAY_SECONDS, memory=1024)
        items(function, self._data.ledger, self._data.key, *EVERY_ITEM)
        objects(
            function,
            self._data.bucket,
            self._data.key,
            read=[
                *("incoming/*", "receipts/*", "records/*", "models/*", f"{keys.PREDICTIONS}*", f"{keys.FLIPS}*"),
                *STARTS_RUNS,
                *([INPUTS, OUTPUTS] if transforms else []),
            ],
            write=["incoming/*", "receipts/*", "runs/*", *([INPUTS] if transforms else [])],
        )
        if transforms:
            access.run_transforms(function, self._names, self._data.key)
            access.stop_transforms(function, self._names)
        access.start_runs(function, self._names)
        access.stop_runs(function, self._names)
        access.describe_jobs(function, self._names, self._context.compute)
        access.mark_models(function, self._names)
        access.search_records(function, self._names)
        if self._context.serving == "lambda":  # the vector of the text whose like are looked for
            access.ask_models(function, self._names)
        else:
            access.invoke_endpoints(function, self._names)
        return function

    def _predict(self) -> lambda_.Function:
        if self._context.serving == "lambda":
            return self._predict_itself()
        function = self._functions.add("predict", seconds=GATEWAY_SECONDS)
        access.invoke_endpoints(function, self._names)
        access.search_records(function, self._names)
        self._remember(function)
        return function

    def _remember(self, predict: lambda_.Function) -> None:
        """Keep predictions and count them; predict reads neither back, and writes nothing else of the ledger."""
        data = self._data
        objects(predict, data.bucket, data.key, write=[f"{keys.PREDICTIONS}*"])
        items(predict, data.ledger, data.key, "PutItem", partitions=["KEPT#*", "COUNTED#*"])

    def _search(self) -> lambda_.Function:
        """Stored vectors and codes, in the network as they lie in the model folder; of AWS it calls a vector index at most."""
        function = self._functions.add(
            "search",
            seconds=SEARCH_SECONDS,
            memory=self._context.search_memory_mb,
            settings={"model_folder": MOUNT},
            **self._in_network(),
        )
        self._read(function)
        return function

    def _read(self, function: lambda_.Function) -> None:
        """Mount the model folder, and ask the vector index where there is one."""
        self._data.folder.read(function)
        if self._context.library == "s3vectors":
            vectors.search(function, self._names, self._data.key)

    def _in_network(self) -> dict[str, Any]:
        network = self._data.network
        return {"vpc": network.vpc, "vpc_subnets": network.subnets, "security_groups": [network.functions]}

    def _predict_itself(self) -> lambda_.Function:
        """The predict function with the models in it: it reads the model folder, and calls no endpoint."""
        layer = code.layer(self, "ModelLayer", code.MODEL_LAYER, bundle=self._context.bundle)
        function = self._functions.add(
            "predict",
            seconds=GATEWAY_SECONDS,
            memory=MODEL_MEMORY,
            settings={"model_folder": MOUNT},
            layers=[layer],
            ephemeral_storage_size=Size.gibibytes(2),  # a model's private copy while it is read
            **self._in_network(),
        )
        self._read(function)
        self._remember(function)
        return function

    def _authorizer(self) -> lambda_.Function:
        return self._functions.add("authorizer", seconds=10, memory=256, settings=self._trust())

    def _trust(self) -> dict[str, str]:
        """Issuer, its keys and the audiences: this deployment's own user pool and clients, or what the context names."""
        issuer, audience = self._context.issuer, self._context.audience
        if self.identity is not None:
            clients = (self.identity.people, self.identity.machines)
            issuer, audience = self.identity.issuer, " ".join(client.user_pool_client_id for client in clients)
        return {"issuer": issuer, "jwks_url": self._context.jwks_url or f"{issuer}/.well-known/jwks.json", "audience": audience}

    def _outputs(self) -> None:
        CfnOutput(self, "Url", value=self.api.rest.url, description="CHARTLOOP_URL")
        if self.identity is not None:
            CfnOutput(self, "Issuer", value=self.identity.issuer)
            CfnOutput(self, "TokenUrl", value=f"{self.identity.domain.base_url()}/oauth2/token")
            CfnOutput(self, "PeopleClient", value=self.identity.people.user_pool_client_id)
            CfnOutput(self, "MachinesClient", value=self.identity.machines.user_pool_client_id)

    def _reserve(self, executions: int) -> None:
        """Keeps executions for the functions behind the API, which no other function of the account can then take."""
        for name in ("Api", "Predict", "Search"):
            function = self._functions.node.find_child(name).node.default_child
            assert isinstance(function, lambda_.CfnFunction)  # noqa: S101 (tells the type checker what an L2 function is made of)
            function.reserved_concurrent_executions = executions
