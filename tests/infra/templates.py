"""Synthesized templates as tests read them: resources by type, references resolved to names, and what a role is allowed."""

from __future__ import annotations

import fnmatch
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ACCOUNT, REGION = "123456789012", "us-east-1"
PSEUDO = {
    "AWS::AccountId": ACCOUNT,
    "AWS::Region": REGION,
    "AWS::Partition": "aws",
    "AWS::URLSuffix": "amazonaws.com",
    "AWS::NoValue": "",
}
ARNS = {
    "AWS::S3::Bucket": "arn:aws:s3:::{BucketName}",
    "AWS::DynamoDB::Table": f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/{{TableName}}",
    "AWS::SQS::Queue": f"arn:aws:sqs:{REGION}:{ACCOUNT}:{{QueueName}}",
    "AWS::Lambda::Function": f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{{FunctionName}}",
    "AWS::IAM::Role": f"arn:aws:iam::{ACCOUNT}:role/{{RoleName}}",
    "AWS::KMS::Key": f"arn:aws:kms:{REGION}:{ACCOUNT}:key/{{id}}",
    "AWS::Logs::LogGroup": f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:{{LogGroupName}}:*",
}
REFS = {"AWS::S3::Bucket": "BucketName", "AWS::DynamoDB::Table": "TableName", "AWS::Lambda::Function": "FunctionName"}


@dataclass(frozen=True)
class Templates:
    """The assembly's folder, and the templates by `data`, `pipeline` and `serving`."""

    folder: Path
    stacks: dict[str, Any]

    def all(self, kind: str) -> dict[str, dict[str, Any]]:
        """Resources of a type by logical id, their properties resolved."""
        return {name: resource for _, name, resource in self._resources(kind)}

    def only(self, kind: str, **properties: Any) -> dict[str, Any]:
        """The one resource of a type with these properties."""
        found = [
            resource
            for resource in self.all(kind).values()
            if all(resource["Properties"].get(name) == value for name, value in properties.items())
        ]
        assert len(found) == 1, f"{len(found)} of {kind} with {properties}"
        return found[0]

    def function(self, name: str) -> dict[str, Any]:
        properties: dict[str, Any] = self.only("AWS::Lambda::Function", FunctionName=f"chartloop-{name}")["Properties"]
        return properties

    def functions(self) -> dict[str, dict[str, Any]]:
        """Properties by name without prefix."""
        return {
            found["Properties"]["FunctionName"].removeprefix("chartloop-"): found["Properties"]
            for found in self.all("AWS::Lambda::Function").values()
        }

    def definition(self) -> dict[str, Any]:
        """The state machine as it is deployed."""
        (machine,) = self.all("AWS::StepFunctions::StateMachine").values()
        definition: dict[str, Any] = json.loads(machine["Properties"]["DefinitionString"])
        return definition

    def statements(self, role: str) -> list[dict[str, Any]]:
        """All policy statements of the role with this logical id."""
        found: list[dict[str, Any]] = []
        for stack, _, policy in self._resources("AWS::IAM::Policy"):
            if {"Ref": role} in self.stacks[stack]["Resources"][policy["LogicalId"]]["Properties"]["Roles"]:
                found += policy["Properties"]["PolicyDocument"]["Statement"]
        return found

    def allowed(self, role: str, action: str, resource: str) -> bool:
        """Whether a statement of the role allows it; conditions are taken as met."""
        return any(
            statement["Effect"] == "Allow"
            and any(fnmatch.fnmatchcase(action, pattern) for pattern in listed(statement["Action"]))
            and any(fnmatch.fnmatchcase(resource, pattern) for pattern in listed(statement["Resource"]))
            for statement in self.statements(role)
        )

    def role_of(self, function: str) -> str:
        """Logical id of a function's role."""
        for stack in self.stacks.values():
            for resource in stack["Resources"].values():
                if resource.get("Properties", {}).get("FunctionName") == f"chartloop-{function}":
                    return str(resource["Properties"]["Role"]["Fn::GetAtt"][0])
        raise AssertionError(f"no function {function}")

    def _resources(self, kind: str) -> Iterator[tuple[str, str, dict[str, Any]]]:
        for stack, template in self.stacks.items():
            for name, resource in template["Resources"].items():
                if resource["Type"] == kind:
                    yield stack, name, {**self.resolve(resource, stack), "LogicalId": name}

    def resolve(self, value: Any, stack: str) -> Any:
        """CloudFormation's references replaced by the names and ARNs that they will have."""
        if isinstance(value, list):
            return [self.resolve(item, stack) for item in value]
        if not isinstance(value, dict):
            return value
        if set(value) == {"Ref"}:
            return self._ref(value["Ref"], stack)
        if set(value) == {"Fn::GetAtt"}:
            return self._attribute(*value["Fn::GetAtt"], stack)
        if set(value) == {"Fn::ImportValue"}:
            return self._imported(value["Fn::ImportValue"])
        if set(value) == {"Fn::Join"}:
            separator, parts = value["Fn::Join"]
            return separator.join(str(self.resolve(part, stack)) for part in parts)
        if set(value) == {"Fn::Sub"}:
            return _substituted(value["Fn::Sub"])
        return {key: self.resolve(item, stack) for key, item in value.items()}

    def _ref(self, name: str, stack: str) -> str:
        if name in PSEUDO:
            return PSEUDO[name]
        resource = self.stacks[stack]["Resources"][name]
        return str(resource.get("Properties", {}).get(REFS.get(resource["Type"], ""), name))

    def _attribute(self, name: str, attribute: str, stack: str) -> str:
        resource = self.stacks[stack]["Resources"][name]
        if attribute != "Arn" or resource["Type"] not in ARNS:
            return f"{name}.{attribute}"
        named = {"id": name, "RoleName": name, **resource["Properties"]}
        return ARNS[resource["Type"]].format_map(named)

    def _imported(self, export: str) -> Any:
        for stack, template in self.stacks.items():
            for output in template.get("Outputs", {}).values():
                if output.get("Export", {}).get("Name") == export:
                    return self.resolve(output["Value"], stack)
        raise AssertionError(f"nothing exports {export}")


def listed(value: Any) -> list[str]:
    return value if isinstance(value, list) else [value]


def _substituted(text: str) -> str:
    for name, value in PSEUDO.items():
        text = text.replace(f"${{{name}}}", value)
    return text
