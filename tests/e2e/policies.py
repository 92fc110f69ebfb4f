"""IAM policies, read from the deployed roles and evaluated: whether a call is allowed, and which permissions nobody used.

Source: the IAM policy evaluation logic, for identity policies with the elements that this project writes. An element or a
condition operator that is not known here raises, so that nothing is taken for granted.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from fnmatch import translate
from typing import Any

Context = Mapping[str, str]
ELEMENTS = {"Sid", "Effect", "Action", "Resource", "Condition"}


@dataclass(frozen=True)
class Call:
    """What a role did, as the local cloud's call log has it."""

    role: str
    action: str
    resource: str
    context: Context = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.role}: {self.action} on {self.resource} {dict(self.context) or ''}".rstrip()


@dataclass(frozen=True)
class Statement:
    effect: str
    actions: tuple[str, ...]
    resources: tuple[str, ...]
    conditions: Mapping[str, Mapping[str, Any]]

    def covers(self, call: Call) -> bool:
        return (
            any(like(action.lower(), call.action.lower()) for action in self.actions)
            and any(like(resource, call.resource) for resource in self.resources)
            and all(holds(name, keys, call.context) for name, keys in self.conditions.items())
        )


def statements(document: Mapping[str, Any]) -> Iterator[Statement]:
    for statement in listed(document["Statement"]):
        unknown = statement.keys() - ELEMENTS
        assert not unknown, f"a policy has elements that are not evaluated here: {unknown}"
        conditions = statement.get("Condition", {})
        yield Statement(
            statement["Effect"],
            tuple(listed(statement["Action"])),
            tuple(listed(statement["Resource"])),
            conditions,
        )


def allowed(call: Call, policy: Iterable[Statement]) -> bool:
    """Some statement allows it and none denies it."""
    effects = {statement.effect for statement in policy if statement.covers(call)}
    return effects == {"Allow"}


def like(pattern: str, value: str) -> bool:
    return re.fullmatch(translate(pattern.replace("[", "[[]")), value) is not None


def holds(operator: str, keys: Mapping[str, Any], context: Context) -> bool:
    """Whether a condition holds; one without the key in the request holds only where it says `IfExists`."""
    name = operator.removesuffix("IfExists")
    compare = COMPARE[name]
    return all(
        any(compare(str(wanted), context[key]) for wanted in listed(values)) if key in context else operator != name
        for key, values in keys.items()
    )


COMPARE = {
    "ArnEquals": like,
    "ArnLike": like,
    "ForAllValues:StringLike": like,
    "Bool": lambda wanted, value: wanted.lower() == value.lower(),
    "StringEquals": lambda wanted, value: wanted == value,
    "StringLike": like,
}


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def of_role(iam: Any, role: str) -> list[Statement]:
    """Every statement of a deployed role: its inline policies, and the managed ones that are attached to it."""
    names = iam.list_role_policies(RoleName=role)["PolicyNames"]
    documents = [iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"] for name in names]
    for attached in iam.list_attached_role_policies(RoleName=role)["AttachedPolicies"]:
        policy = iam.get_policy(PolicyArn=attached["PolicyArn"])["Policy"]
        version = iam.get_policy_version(PolicyArn=attached["PolicyArn"], VersionId=policy["DefaultVersionId"])
        documents.append(version["PolicyVersion"]["Document"])
    parsed = [json.loads(document) if isinstance(document, str) else document for document in documents]
    return [statement for document in parsed for statement in statements(document)]


def unused(role: str, policy: Iterable[Statement], calls: Iterable[Call]) -> set[tuple[str, str]]:
    """(role, action) of what the policy allows and no call of the role used."""
    mine = [call for call in calls if call.role == role]
    granted = {action for statement in policy if statement.effect == "Allow" for action in statement.actions}
    return {(role, action) for action in granted if not any(like(action.lower(), call.action.lower()) for call in mine)}


def implied(call: Call, keys: Mapping[str, str]) -> Iterator[Call]:
    """What AWS does with a key in the caller's name; `keys`: the key's ARN by the ARN of what it encrypts."""
    owner = next((resource for resource in keys if call.resource == resource or call.resource.startswith(f"{resource}/")), None)
    for action in KEY_USES.get(call.action, ()) if owner else ():
        yield Call(call.role, action, keys[owner])


TABLE_USES = ("kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey", "kms:ReEncryptFrom", "kms:ReEncryptTo")
KEY_USES = {
    "s3:GetObject": ("kms:Decrypt",),
    "s3:PutObject": ("kms:GenerateDataKey", "kms:Decrypt"),  # a large body goes up in parts, which are read back
    "sqs:ReceiveMessage": ("kms:Decrypt",),
    "sqs:SendMessage": ("kms:GenerateDataKey", "kms:Decrypt"),
    "sns:Publish": ("kms:GenerateDataKey", "kms:Decrypt"),
    **{f"dynamodb:{name}": TABLE_USES for name in ("BatchGetItem", "GetItem", "PutItem", "Query")},
}
"""By action, what it does with the key of an encrypted resource (the services' developer guides)."""
