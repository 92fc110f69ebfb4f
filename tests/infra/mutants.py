"""Broken wires, one fault each in a synthesized assembly: tests must notice when what is deployed is not the right app."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

Template = dict[str, Any]
Break = Callable[[Template], None]


def break_wire(cdk_out: Path, name: str) -> None:
    """Breaks the named wire in the assembly, in place. Raises KeyError for an unknown name, and where the wire is not there.

    Templates are found by file name, so the assembly must not have been deployed from before: the CDK command line takes a
    template whose hash it has published once for published.
    """
    stack, broken = WIRES[name]
    path = cdk_out / f"chartloop-{stack}.template.json"
    template = json.loads(path.read_text())
    before = json.dumps(template)
    broken(template)
    if json.dumps(template) == before:
        raise KeyError(f"{name}: nothing changed")
    path.write_text(json.dumps(template))


def _rule_pattern(template: Template) -> None:
    """Uploads land elsewhere than the rule looks."""
    rule = _resource(template, "AWS::Events::Rule", Name="chartloop-uploaded")
    rule["EventPattern"]["detail"]["object"]["key"] = [{"prefix": "arriving/"}]


def _target(template: Template) -> None:
    """The rule sends uploads straight to the dead letters."""
    rule = _resource(template, "AWS::Events::Rule", Name="chartloop-uploaded")
    dead_letters = _logical_id(template, "AWS::SQS::Queue", QueueName="chartloop-uploads-dead-letters")
    rule["Targets"][0]["Arn"] = {"Fn::GetAtt": [dead_letters, "Arn"]}


def _event_source(template: Template) -> None:
    """Nobody reads the queue."""
    _resource(template, "AWS::Lambda::EventSourceMapping")["Enabled"] = False


def _environment(template: Template) -> None:
    """A setting is written under another name than the one that is read."""
    variables = _resource(template, "AWS::Lambda::Function", FunctionName="chartloop-on-upload")["Environment"]["Variables"]
    variables["CHARTLOOP_MACHINE"] = variables.pop("CHARTLOOP_STATE_MACHINE")


def _handler(template: Template) -> None:
    """A function runs another file."""
    _resource(template, "AWS::Lambda::Function", FunctionName="chartloop-judge")["Handler"] = "lambdas.begin.handler"


def _mount(template: Template) -> None:
    """The model folder is mounted at another place than the setting says."""
    function = _resource(template, "AWS::Lambda::Function", FunctionName="chartloop-publish")
    function["FileSystemConfigs"][0]["LocalMountPath"] = "/mnt/elsewhere"


def _next_state(template: Template) -> None:
    """A verified candidate never comes into service, and the run says that it was promoted."""
    _rewrite(template, lambda states: states["Verify"].update(Next="Promoted"))


def _job_input(template: Template) -> None:
    """The candidate is compared with itself."""

    def confuse(states: dict[str, Any]) -> None:
        for item in states["Score"]["Parameters"]["ProcessingInputs"]:
            if item["InputName"] == "champion":
                item["S3Input"]["S3Uri.$"] = "$.candidate.model_uri"

    _rewrite(template, confuse)


def _state_function(template: Template) -> None:
    """The state Judge calls the function of Begin."""

    def confuse(states: dict[str, Any]) -> None:
        states["Judge"]["Parameters"]["FunctionName"] = states["Begin"]["Parameters"]["FunctionName"]

    _rewrite(template, confuse)


def _route(template: Template) -> None:
    """Predictions are sent to a function that knows no model."""
    methods = [r["Properties"] for r in template["Resources"].values() if r["Type"] == "AWS::ApiGateway::Method"]
    (predict,) = [method for method in methods if method["HttpMethod"] == "POST"]
    (health,) = [method for method in methods if method["HttpMethod"] == "GET"]
    predict["Integration"]["Uri"] = health["Integration"]["Uri"]


WIRES: dict[str, tuple[str, Break]] = {
    "rule-pattern": ("pipeline", _rule_pattern),
    "target": ("pipeline", _target),
    "event-source": ("pipeline", _event_source),
    "environment": ("pipeline", _environment),
    "handler": ("pipeline", _handler),
    "mount": ("pipeline", _mount),
    "next-state": ("pipeline", _next_state),
    "job-input": ("pipeline", _job_input),
    "state-function": ("pipeline", _state_function),
    "route": ("serving", _route),
}
"""By name: the stack whose template is changed, and how."""


def _logical_id(template: Template, kind: str, **properties: Any) -> str:
    (found,) = [
        name
        for name, resource in template["Resources"].items()
        if resource["Type"] == kind and properties.items() <= {**resource["Properties"]}.items()
    ]
    return str(found)


def _resource(template: Template, kind: str, **properties: Any) -> dict[str, Any]:
    found: dict[str, Any] = template["Resources"][_logical_id(template, kind, **properties)]["Properties"]
    return found


def _rewrite(template: Template, change: Callable[[dict[str, Any]], None]) -> None:
    """Changes the state machine's states; the references inside the definition's Fn::Join stay what they are."""
    machine = _resource(template, "AWS::StepFunctions::StateMachine")
    separator, parts = machine["DefinitionString"]["Fn::Join"]
    stands_for = {f"@@{number}@@": part for number, part in enumerate(parts) if not isinstance(part, str)}
    names = {id(part): name for name, part in stands_for.items()}
    definition = json.loads(separator.join(part if isinstance(part, str) else names[id(part)] for part in parts))
    change(definition["States"])
    pieces: list[Any] = [json.dumps(definition)]
    for name, part in stands_for.items():
        pieces = [piece for old in pieces for piece in _split(old, name, part)]
    machine["DefinitionString"] = {"Fn::Join": ["", pieces]}


def _split(piece: Any, name: str, part: Any) -> list[Any]:
    """The text with every `name` in it replaced by `part`."""
    if not isinstance(piece, str):
        return [piece]
    result: list[Any] = []
    for text in piece.split(name):
        result += [text, part]
    return [item for item in result[:-1] if item != ""]
