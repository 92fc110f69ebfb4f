"""Staging into the data bucket: a pretrained model, every file hashed and the manifest last; wheels; descriptions of codes."""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import boto3

from adapters import code_tables
from chartloop import keys
from chartloop.codebook import Code
from chartloop.errors import InvalidRequest
from client.config import on_this_machine

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

WEIGHTS = "model.safetensors"
INDEX = "model.safetensors.index.json"
"""Of weights in several files: in which of them each tensor lies."""
PICKLED_WEIGHTS = "pytorch_model.bin"
NEEDED = (
    WEIGHTS, INDEX, "config.json", "generation_config.json", "tokenizer.json", "tokenizer_config.json",
    "special_tokens_map.json", "added_tokens.json", "chat_template.jinja", "tokenizer.model", "vocab.txt", "vocab.json",
    "merges.txt", "spiece.model", "sentencepiece.bpe.model",
)  # fmt: skip
"""What a model and its tokenizer are loaded from; whatever else lies in a hub's repository stays there."""

COMMIT = re.compile(r"[0-9a-f]{40}")
SHARD = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*\.safetensors")

Advance = Callable[[int], None]


def session_for(url: str | None) -> tuple[boto3.Session, str | None]:
    """(session, endpoint address): the local cloud's for a service on this machine, else the caller's AWS account."""
    if url is not None and on_this_machine(url):
        local = boto3.Session("local", "local", region_name="us-east-1")
        return local, f"http://localhost:{urlsplit(url).port}"
    return boto3.Session(), None


def bucket_of(session: boto3.Session, endpoint: str | None) -> str:
    """The data bucket that a deployment under the default name has in this account and region."""
    account = session.client("sts", endpoint_url=endpoint).get_caller_identity()["Account"]
    return f"chartloop-data-{account}-{session.region_name}"


def codes(url: str | None, system: str, table: Iterable[Code], bucket: str = "") -> str:
    """Puts a code system's descriptions into the data bucket, from where the next run publishes them; their address."""
    aws, endpoint = session_for(url)
    bucket, key = bucket or bucket_of(aws, endpoint), keys.codes(system)
    body = code_tables.to_lines(table)
    aws.client("s3", endpoint_url=endpoint).put_object(Bucket=bucket, Key=key, Body=body, ContentType="application/x-ndjson")
    return keys.uri(bucket, key)


def local_folder(name: str, revision: str = "", download: Callable[..., str] | None = None) -> Path:
    """The folder of a model: `name` itself where it is one, else a hub's copy of it, with its weights as safetensors.

    A hub's name needs the `revision`, a commit: a branch or a tag may be something else tomorrow. Raises InvalidRequest.
    """
    folder = Path(name)
    if not folder.is_dir():
        if not COMMIT.fullmatch(revision):
            rule = "a name on the hub needs --revision, the 40 hexadecimal digits of a commit"
            raise InvalidRequest(rule, code="revision_not_pinned", field="revision")
        folder = _fetched(name, revision, download or _from_hub)
    if not weights(folder) and (folder / PICKLED_WEIGHTS).is_file():
        _convert(folder)
    missing = [file for file in (weights(folder) or [WEIGHTS]) + ["config.json"] if not (folder / file).is_file()]
    if missing:
        raise InvalidRequest(f"the model lacks {', '.join(missing)}", code="not_a_model", field="name")
    return folder


def _fetched(name: str, revision: str, download: Callable[..., str]) -> Path:
    """Shards are named by the index alone, so they come second."""
    folder = Path(download(name, revision=revision, allow_patterns=[*NEEDED, PICKLED_WEIGHTS]))
    shards = [file for file in weights(folder) if file not in NEEDED]
    return Path(download(name, revision=revision, allow_patterns=shards)) if shards else folder


def weights(folder: Path) -> list[str]:
    """The files that a model's weights are in, by name; one, or the shards that its index names. Raises InvalidRequest."""
    if (folder / WEIGHTS).is_file():
        return [WEIGHTS]
    if not (folder / INDEX).is_file():
        return []
    try:
        named = sorted({str(file) for file in json.loads((folder / INDEX).read_bytes())["weight_map"].values()})
    except (ValueError, KeyError, TypeError, AttributeError):
        raise InvalidRequest(f"{INDEX} cannot be read", code="not_a_model", field="name") from None
    if not named or not all(SHARD.fullmatch(file) for file in named):
        raise InvalidRequest(f"{INDEX} must name .safetensors files beside it", code="not_a_model", field="name")
    return named


def _from_hub(name: str, **options: Any) -> str:
    from huggingface_hub import snapshot_download  # takes a second, and is only needed for hub names

    return str(snapshot_download(name, **options))


def _convert(folder: Path) -> None:
    """In a process of its own, because it needs torch."""
    done = subprocess.run([sys.executable, "-m", "training.safe_weights", str(folder)], capture_output=True, check=False)  # noqa: S603
    if done.returncode:
        raise InvalidRequest("the model's weights cannot be converted to safetensors", code="not_a_model", field="name")


def files_of(folder: Path) -> dict[str, Path]:
    """What is staged of a model, by name; the index of shards only where the weights are in shards."""
    parts = weights(folder)
    others = [name for name in NEEDED if name not in (WEIGHTS, INDEX) or (name == INDEX and WEIGHTS not in parts)]
    return {name: folder / name for name in sorted({*parts, *others}) if (folder / name).is_file()}


def stage(s3: S3Client, bucket: str, name: str, files: Mapping[str, Path], advance: Advance, revision: str = "") -> str:
    """Uploads a model's files below `base-models/`, as `staged` does; the prefix."""
    return staged(s3, bucket, keys.base_model(name), files, advance, name=name, revision=revision or None)


def staged(s3: S3Client, bucket: str, prefix: str, files: Mapping[str, Path], advance: Advance, **about: str | None) -> str:
    """Uploads the files below `prefix`, which is the answer, with a manifest of them and `about`. What is there already, to the
    byte, is left as it is, and what else lies there goes.

    An old manifest is removed first: while it is missing, nothing counts as staged.
    """
    entries = [described(name, path) for name, path in files.items()]
    manifest = {**about, "files": entries}
    key = f"{prefix}manifest.json"
    before = _stored(s3, bucket, key)
    if before == manifest:
        return prefix
    s3.delete_object(Bucket=bucket, Key=key)
    for old in _others(s3, bucket, prefix, files):
        s3.delete_object(Bucket=bucket, Key=old)
    there = before["files"] if before else []
    for entry in entries:
        if entry not in there:
            s3.upload_file(str(files[entry["path"]]), bucket, f"{prefix}{entry['path']}", Callback=advance)
    s3.put_object(Bucket=bucket, Key=key, Body=json.dumps(manifest, indent=1).encode(), ContentType="application/json")
    return prefix


def _others(s3: S3Client, bucket: str, prefix: str, files: Mapping[str, Path]) -> list[str]:
    """What was staged there before: jobs refuse a folder that holds more than its manifest lists."""
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
    found = [entry["Key"] for page in pages for entry in page.get("Contents", [])]
    return [key for key in found if key.removeprefix(prefix) not in files]


def described(name: str, path: Path) -> dict[str, Any]:
    with path.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    return {"path": name, "sha256": digest, "bytes": path.stat().st_size}


def _stored(s3: S3Client, bucket: str, key: str) -> Any:
    try:
        return json.loads(s3.get_object(Bucket=bucket, Key=key)["Body"].read())
    except s3.exceptions.NoSuchKey:
        return None
