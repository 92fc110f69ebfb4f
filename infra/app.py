"""The app: the stacks of one deployment, composed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from aws_cdk import App, DefaultStackSynthesizer, Environment

from infra.context import Context
from infra.data import DataStack
from infra.names import Names
from infra.operations import OperationsStack
from infra.pipeline import PipelineStack
from infra.serving import ServingStack
from infra.site import SiteStack


@dataclass(frozen=True)
class Deployment:
    data: DataStack
    pipeline: PipelineStack
    serving: ServingStack
    operations: OperationsStack
    site: SiteStack


def deployment(app: App, context: Context) -> Deployment:
    """Adds the stacks to `app`. Asks AWS nothing: account and region are the context's."""
    names = Names.of(context)
    where = Environment(account=context.account, region=context.region)
    # A stack's tags: CloudFormation hands them on to its resources, so the templates hold none.
    tags = {"application": names.name, "environment": context.environment}

    def options() -> dict[str, Any]:
        return {"env": where, "tags": tags, "termination_protection": context.prod, "synthesizer": _synthesizer()}

    data = DataStack(app, context=context, names=names, **options())
    pipeline = PipelineStack(app, context=context, names=names, data=data, **options())
    serving = ServingStack(app, context=context, names=names, data=data, pipeline=pipeline, **options())
    operations = OperationsStack(app, context=context, names=names, data=data, **options())
    site = SiteStack(app, context=context, names=names, data=data, serving=serving, **options())
    return Deployment(data, pipeline, serving, operations, site)


def _synthesizer() -> DefaultStackSynthesizer:
    """One a stack, without the rule that reads the bootstrap's version at deployment: the CDK command line checks it too."""
    return DefaultStackSynthesizer(generate_bootstrap_version_rule=False)
