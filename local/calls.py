"""The call log: every (role, action, resource) that functions, jobs, endpoints and state machines really used, once each."""

from __future__ import annotations

import json
import re
import threading
from typing import TYPE_CHECKING

from moto.iam.models import iam_backends

from local.permissions import Permission, needed
from local.server import ACCOUNT, LocalCloud
from local.wire import heard

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

FILE = "calls.jsonl"
NUMBERED = re.compile(r"[^/._:\-]*\d[^/._:\-]*")
OWN = re.compile(r"^arn:aws:(?:s3:::(?!cdk-)[^/]+/|(?:sagemaker|states):[^:]+:\d+:[^/:]+[/:])")
"""The part of an ARN behind which names are of one run or one batch; the CDK's assets are granted by their whole names."""


class CallLog:
    """Appends to `logs/calls.jsonl`. There is no IAM here that would refuse: a test holds this log against the policies."""

    def __init__(self, cloud: LocalCloud) -> None:
        self._path = cloud.logs / FILE
        self._seen: set[str] = set()
        self._writing = threading.Lock()

    def hear(self, environ: WSGIEnvironment) -> None:
        """Notes what a request's caller must be allowed, where the caller is a role."""
        call = heard(environ)
        if call is not None and is_role(call.who):
            for permission in needed(call):
                self.note(call.who, permission)

    def note(self, role: str, permission: Permission) -> None:
        """One line for what is new; names of single runs and batches are folded into one."""
        context = {name: shortened(value, permission.resource) for name, value in permission.context.items()}
        found = {"role": permission.role or role, "action": permission.action, "resource": folded(permission.resource)}
        line = json.dumps({**found, "context": context})
        with self._writing:
            if line not in self._seen:
                self._seen.add(line)
                with self._path.open("a") as file:
                    file.write(line + "\n")


def is_role(name: str) -> bool:
    return any(role.name == name for role in list(iam_backends[ACCOUNT]["aws"].roles.values()))


def shortened(value: str, bucket: str) -> str:
    """A condition's value, folded where it is a prefix of a bucket of ours."""
    key = folded(f"{bucket}/{value}")
    return key.removeprefix(f"{bucket}/") if bucket.startswith("arn:aws:s3:::") else value


def folded(resource: str) -> str:
    """The resource with a 0 for each word that holds a number, behind its own name."""
    own = OWN.match(resource)
    return own[0] + NUMBERED.sub("0", resource[own.end() :]) if own else resource
