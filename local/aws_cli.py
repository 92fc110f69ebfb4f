"""A stand-in for the AWS command line in a notebook's start script: `s3 cp`, and operations with their input as JSON or options.

A program of its own: it gets its address and credentials from the environment, as the real one does.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import boto3
from botocore import xform_name
from botocore.exceptions import ClientError

REFUSED = 254
"""The real one's exit code for a service's error."""


def main(words: Sequence[str]) -> int:
    """Prints an operation's answer as JSON; 254 and the error on stderr where the service refused."""
    try:
        if list(words[:2]) == ["s3", "cp"]:
            copy(words[2:])
        else:
            answer = call(words)
            answer.pop("ResponseMetadata", None)
            sys.stdout.write(json.dumps(answer, default=str) + "\n" if answer else "")
    except ClientError as error:
        sys.stderr.write(f"{error}\n")
        return REFUSED
    return 0


def copy(words: Sequence[str]) -> None:
    """`[--quiet] [--recursive] FROM TO`, one of them an `s3://` address."""
    source, target = [word for word in words if not word.startswith("--")]
    s3 = boto3.client("s3")
    if target.startswith("s3://"):
        s3.upload_file(source, *split(target))
        return
    bucket, key = split(source)
    if "--recursive" not in words:
        s3.download_file(bucket, key, target)
        return
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=key):
        for found in page.get("Contents", []):
            path = Path(target) / found["Key"].removeprefix(key)
            path.parent.mkdir(parents=True, exist_ok=True)
            s3.download_file(bucket, found["Key"], str(path))


def split(address: str) -> tuple[str, str]:
    bucket, _, key = address.removeprefix("s3://").partition("/")
    return bucket, key


def call(words: Sequence[str]) -> dict[str, Any]:
    """`SERVICE OPERATION (--cli-input-json file://PATH | --member-name VALUE ...)`."""
    service, operation, *options = words
    client = boto3.client(service)  # type: ignore[call-overload]
    members = client.meta.service_model.operation_model(names(client)[operation]).input_shape.members
    spelled = {xform_name(member, "-"): member for member in members}
    given: dict[str, Any] = {}
    for name, value in zip(options[::2], options[1::2], strict=True):
        if name == "--cli-input-json":
            given |= json.loads(Path(value.removeprefix("file://")).read_bytes())
        else:
            given[spelled[name.removeprefix("--")]] = value
    answer: dict[str, Any] = getattr(client, operation.replace("-", "_"))(**given)
    return answer


def names(client: Any) -> dict[str, str]:
    """The API's name of each operation by the command line's."""
    return {xform_name(name, "-"): name for name in client.meta.service_model.operation_names}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
