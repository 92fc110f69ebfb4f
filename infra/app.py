"""The app: the stacks of one deployment, composed."""

from __future__ import annotations

from dataclasses import dataclass

from aws_cdk import App, DefaultStackSynthesizer, Environment, Tags
from constructs import Construct

from infra.context import Context
from infra.data import DataStack
from infra.names import Names
from infra.pipeline import PipelineStack
from infra.serving import ServingStack


@dataclass(frozen=True)
class Deployment:
    data: DataStack
    pipeline: PipelineStack
    serving: ServingStack


def deployment(app: App, context: Context) -> Deployment:
    """Adds the stacks to `app`. Asks AWS nothing: account and region are the context's."""
    names = Names.of(context)
    where = Environment(account=context.account, region=context.region)
    data = DataStack(app, names=names, env=where, synthesizer=_synthesizer())
    pipeline = PipelineStack(app, context=context, names=names, data=data, env=where, synthesizer=_synthesizer())
    serving = ServingStack(app, context=context, names=names, data=data, pipeline=pipeline, env=where, synthesizer=_synthesizer())
    for stack in (data, pipeline, serving):
        _tag(stack, names)
    return Deployment(data, pipeline, serving)


def _tag(stack: Construct, names: Names) -> None:
    Tags.of(stack).add("application", names.name)


def _synthesizer() -> DefaultStackSynthesizer:
    """One a stack, without the rule that reads the bootstrap's version at deployment: the CDK command line checks it too."""
    return DefaultStackSynthesizer(generate_bootstrap_version_rule=False)
