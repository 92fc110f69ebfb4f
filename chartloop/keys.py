"""Where things live in the data bucket: the only place that spells S3 keys (docs/contracts/keys.md)."""

from __future__ import annotations

import re

ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,79}")
INCOMING = "incoming/"
PREDICTIONS = "predictions/"
TRANSFORMS = "transforms/"
FLIPS = "flips/"
"""What expires by itself (infra/storage.py)."""


def incoming(task: str, batch_id: str, extension: str = "jsonl") -> str:
    return f"{INCOMING}{task}/{batch_id}.{extension}"


def incoming_of(task: str) -> str:
    """The prefix of all that was posted or dropped for a task."""
    return f"{INCOMING}{task}/"


def task_of_incoming(key: str) -> tuple[str, str] | None:
    """(task, file name) of a key below `incoming/`, or None for a key that is not a batch."""
    parts = key.split("/", 2)
    if len(parts) != 3 or parts[0] != "incoming" or not parts[2] or parts[2].endswith("/"):
        return None
    return parts[1], parts[2]


def receipt(task: str, name: str) -> str:
    """`name` is the batch id, or the file name of a dropped file."""
    return f"receipts/{task}/{name}.json"


def quarantine(task: str, batch_id: str, name: str) -> str:
    """`name` is `file`, `verdict.json` or `set_aside.jsonl`."""
    return f"quarantine/{task}/{batch_id}/{name}"


def records(task: str, batch_id: str = "") -> str:
    """The training-side shard of a batch, or the prefix of all of them."""
    return f"records/{task}/{batch_id}.jsonl" if batch_id else f"records/{task}/"


def holdout(task: str, batch_id: str = "") -> str:
    """The holdout-side shard of a batch, or the prefix of all of them."""
    return f"holdout/{task}/{batch_id}.jsonl" if batch_id else f"holdout/{task}/"


def gold(task: str, batch_id: str) -> str:
    """What a batch of the gold set holds; no other batch is kept there."""
    return f"holdout/{task}/gold/{batch_id}.jsonl"


def snapshot(task: str, snapshot_hash: str) -> str:
    return f"snapshots/{task}/{snapshot_hash}/"


def run(run_id: str, name: str = "") -> str:
    """`name` is `request.json`, `verdict.json`, `report.json`, `train/` or `score/`..."""
    return f"runs/{run_id}/{name}"


def trained(run_id: str, job: str) -> str:
    """The candidate as its training job left it."""
    return run(run_id, f"train/{job}/output/model.tar.gz")


def flips(task: str, run_id: str, name: str = "") -> str:
    """`name` is `flips.json`: what of a run's flips is shown, with text of the holdout; gone after 30 days."""
    return f"{FLIPS}{task}/{run_id}/{name}"


def model(task: str, version: str, name: str = "") -> str:
    """`name` is `model.tar.gz` or `manifest.json`."""
    return f"models/{task}/{version}/{name}"


def embeddings(task: str, snapshot_hash: str) -> str:
    return f"embeddings/{task}/{snapshot_hash}/"


def codes(system: str = "") -> str:
    """The table of a code system, `{"code", "description"}` a line, or the prefix of all of them."""
    return f"codes/{system}.jsonl" if system else "codes/"


def prediction(task: str, call: str) -> str:
    """The texts of one request to predict that the caller chose to keep, with what was answered."""
    return f"{PREDICTIONS}{task}/{call}.json"


def transform(task: str, transform_id: str, name: str = "") -> str:
    """`name` is `input.jsonl` or `output/input.jsonl.out`; all of it goes after 30 days."""
    return f"{TRANSFORMS}{task}/{transform_id}/{name}"


def notebook_order() -> str:
    """Where the notebook instance finds what it is to do: the order of the execution that started it."""
    return "notebook/order.json"


def notebook_step(name: str) -> str:
    """How far a notebook has got with the step that a job of this name, `{run_id}-{attempt}-{step}`, would have done."""
    return run(name.rsplit("-", 2)[0], f"notebook/{name}.json")


def notebook_wheels(name: str = "") -> str:
    """What the notebook instance installs from, as it has no internet; `name` is a wheel's or `manifest.json`."""
    return f"wheels/notebook/{name}"


def base_model(name: str, file: str = "") -> str:
    """`name` is a hub name or a folder's name; slashes become `--` so that it is one level."""
    return f"base-models/{base_model_slug(name)}/{file}"


def base_model_slug(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9._-]+", "--", name.strip("/")).strip("-.")


def uri(bucket: str, key: str) -> str:
    return f"s3://{bucket}/{key}"


def split_uri(uri: str) -> tuple[str, str]:
    """(bucket, key) of an `s3://` uri."""
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    return bucket, key
