"""docs/rights.md: what each role may do, and whom keys, queues and buckets let in; made by `python -m tests.infra.rights`."""

from __future__ import annotations

import json
import re
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.infra.conftest import ROOT, composed
from tests.infra.templates import Templates, listed

PAGE = ROOT / "docs" / "rights.md"
DOORS = {
    "AWS::KMS::Key": "KeyPolicy",
    "AWS::EFS::FileSystem": "FileSystemPolicy",
    "AWS::S3::BucketPolicy": "PolicyDocument",
    "AWS::SNS::TopicPolicy": "PolicyDocument",
    "AWS::SQS::QueuePolicy": "PolicyDocument",
}
"""Types whose policies say whom a resource lets in."""
HEAD = """# Who may do what

Made from the templates by `python -m tests.infra.rights`, and held to them by a test: a right that appears, goes or grows
shows in a review as a line of this page. Every bare `*` has its reason in tests/infra/rules_access.py.
"""


def page(jobs: Templates, notebook: Templates, indexed: Templates) -> str:
    first, then = list(lines(jobs)), list(lines(notebook))
    more = [line for line in then if line not in first]
    vectors = ["", "## With library=s3vectors also", "", *of_vectors(indexed)]
    return "\n".join([HEAD, *first, "", "## With compute=notebook also", "", *more, *vectors]) + "\n"


def of_vectors(t: Templates) -> Iterator[str]:
    """Whoever may do something at S3 Vectors, whom the key lets in for it, and what its door lets through."""
    for role in sorted(t.all("AWS::IAM::Role")):
        found = sorted({_line(statement) for statement in t.statements(role) if "s3vectors:" in str(statement["Action"])})
        yield from (f"- `{short(role)}`: {line.removeprefix('- ')}" for line in found)
    for kind, name in (("AWS::KMS::Key", "KeyPolicy"), ("AWS::EC2::VPCEndpoint", "PolicyDocument")):
        for logical, resource in sorted(t.all(kind).items()):
            statements = resource["Properties"].get(name, {}).get("Statement", [])
            its = [f"{_line(s).removeprefix('- ')}, {_who(s)}" for s in statements if "s3vectors" in str(s)]
            yield from (f"- `{short(logical)}`: {line}" for line in sorted(its))


def lines(t: Templates) -> Iterator[str]:
    """By role, then by resource with a policy of its own, then the alarms."""
    yield "## Roles"
    for role in sorted(t.all("AWS::IAM::Role")):
        trusted = t.all("AWS::IAM::Role")[role]["Properties"]["AssumeRolePolicyDocument"]["Statement"]
        yield f"\n`{short(role)}`, taken by {', '.join(sorted(_who(s) for s in trusted))}\n"
        yield from sorted({_line(statement) for statement in t.statements(role)})
    yield "\n## Whom resources let in"
    for kind, name in DOORS.items():
        for logical, found in sorted(t.all(kind).items()):
            yield f"\n`{short(logical)}`\n"
            yield from sorted({f"{_line(s)}, {_who(s)}" for s in found["Properties"].get(name, {}).get("Statement", [])})
    yield "\n## Alarms\n"
    for _, alarm in sorted(t.all("AWS::CloudWatch::Alarm").items()):
        yield f"- `{alarm['Properties']['AlarmName']}`"


def _line(statement: dict[str, Any]) -> str:
    actions = ", ".join(sorted(listed(statement["Action"])))
    on = ", ".join(sorted(short(str(resource)) for resource in listed(statement.get("Resource", "itself"))))
    only = f" if {short(json.dumps(statement['Condition'], sort_keys=True))}" if "Condition" in statement else ""
    return f"- {statement['Effect'].lower()} {actions} on `{on}`{only}"


def _who(statement: dict[str, Any]) -> str:
    principal = statement.get("Principal", "*")
    return short(json.dumps(principal, sort_keys=True)).strip('{}"')


def short(text: str) -> str:
    """Without the hashes that follow every change of the code, and without the account."""
    text = re.sub(r"[0-9a-f]{64}", "HASH", text)
    text = re.sub(r"(?<=[a-z])[0-9A-F]{8}\b", "", text)
    return text.replace("123456789012", "ACCOUNT").replace("us-east-1", "REGION")


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        jobs, notebook = composed(Path(folder) / "jobs"), composed(Path(folder) / "notebook", compute="notebook")
        indexed = composed(Path(folder) / "indexed", library="s3vectors", serving="lambda")
        PAGE.write_text(page(jobs, notebook, indexed))
    sys.stdout.write(f"{PAGE}\n")


if __name__ == "__main__":
    main()
