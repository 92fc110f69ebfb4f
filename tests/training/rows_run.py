"""A run of the task `regression` as its jobs get it, from records as clients send them, and the jobs themselves as processes."""

from __future__ import annotations

import json
import subprocess
import tarfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from chartloop import snapshots, splits, tasks
from chartloop.records import BatchOptions, examine
from tests.training import tiny
from tests.training.tiny import Run


def build(folder: Path, records: Iterable[Mapping[str, Any]], settings: Mapping[str, Any] | None = None) -> Run:
    """Each record on the side of its patient; the whole holdout is settled."""
    form, lines = tasks.find("regression").form, {"records": list[bytes](), "holdout": list[bytes]()}
    for number, record in enumerate(records, start=1):
        checked = examine(form, record, BatchOptions(), settings or {}).record
        assert checked is not None
        group = splits.group_of(checked, "", None)
        side = "records" if splits.side("regression", group) == "training" else "holdout"
        place = {"batch_id": "b", "sequence": 1, "line": number, "group": group}
        lines[side].append(snapshots.stored_line(record_id=checked["record_id"], record=checked, **place))
    request: dict[str, Any] = {"run_id": "regression-1", "task": "regression", "settings": dict(settings or {})}
    for side, stored in lines.items():
        (folder / side).mkdir()
        body = b"".join(stored)
        (folder / side / "b.jsonl").write_bytes(body)
        entry = snapshots.shard_entry(f"{side}/regression/b.jsonl", body)
        request[side] = [{"batch_id": "b", **entry, "sequence": 1, **({"settled": True} if side == "holdout" else {})}]
    request["snapshot"] = snapshots.snapshot_hash([*request["records"], *request["holdout"]])
    (folder / "request").mkdir()
    (folder / "request" / "request.json").write_text(json.dumps(request))
    return Run(folder / "request", folder / "records", folder / "holdout")


def prepare_and_train(folder: Path, run: Run, **chosen: object) -> list[subprocess.CompletedProcess[str]]:
    """Leaves `folder/snapshot`, and `folder/model.tar.gz` as SageMaker stores a model."""
    prepared = tiny.job("prepare", "--request", run.request, "--records", run.records, "--output", folder / "snapshot")
    places = {"SM_CHANNEL_TRAIN": "snapshot", "SM_MODEL_DIR": "model", "SM_OUTPUT_DIR": "output"}
    environ = {name: str(folder / place) for name, place in places.items()}
    trained = tiny.command([tiny.sys.executable, *tiny.training(chosen)], environ)
    with tarfile.open(folder / "model.tar.gz", "w:gz") as tar:
        tar.add(folder / "model", arcname=".")
    return [prepared, trained]


def score(folder: Path, run: Run, *more: object) -> subprocess.CompletedProcess[str]:
    """Leaves the reports in `folder/score` and what is served in `folder/served`."""
    return tiny.job(
        "score", "--request", run.request, "--holdout", run.holdout, "--candidate", folder, "--version", "regression-1",
        "--model", folder, "--engine", "openvino", "--snapshot", folder / "snapshot", "--output", folder / "score",
        "--model-output", folder / "served", *more,
    )  # fmt: skip
