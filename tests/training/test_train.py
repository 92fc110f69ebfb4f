"""The training job: really trains, tells its metrics, and says why it fails."""

from __future__ import annotations

import json
import re
from itertools import pairwise
from pathlib import Path

from tests.training.tiny import Trained, train


def metrics(log: str, name: str) -> list[float]:
    return [float(value) for value in re.findall(rf"^metric {name}=([-+0-9.e]+)$", log, re.MULTILINE)]


def test_it_learns_and_tells(trained: Trained) -> None:
    assert metrics(trained.log, "epoch") == list(range(1, 13))
    assert metrics(trained.log, "eval_f1")[-1] > 0.8
    assert metrics(trained.log, "eval_token_accuracy")[-1] > 0.9
    assert metrics(trained.log, "eval_loss")[-1] < metrics(trained.log, "eval_loss")[0]
    assert metrics(trained.log, "calibration_entities")[0] > 0


def test_progress_comes_in_small_steps_to_the_end(trained: Trained) -> None:
    told = [0.0, *metrics(trained.log, "progress")]
    assert told[-1] == 100
    assert max(after - before for before, after in pairwise(told)) <= 2.5


def test_the_folder_is_whole(trained: Trained, snapshot: Path) -> None:
    about = json.loads((trained.folder / "chartloop.json").read_text())
    assert about["labels"] == ["drug", "sign"]
    assert about["held_back_percent"] == 20
    assert about["snapshot"] == json.loads((snapshot / "manifest.json").read_text())["hash"]
    names = {path.name for path in trained.folder.iterdir()}
    assert {"model.safetensors", "config.json", "tokenizer.json", "tokenizer_config.json"} <= names


def test_a_bad_hyper_parameter_fails_by_name(snapshot: Path, base: Path, tmp_path: Path) -> None:
    done = train(snapshot, base, tmp_path, num_train_epochs="many")
    assert done.returncode == 1
    assert (tmp_path / "output" / "failure").read_text().startswith("invalid_request: hyper-parameter num_train_epochs:")


def test_a_changed_snapshot_is_refused(snapshot: Path, base: Path, tmp_path: Path) -> None:
    for path in snapshot.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    (tmp_path / "train.jsonl").write_bytes((snapshot / "train.jsonl").read_bytes().replace(b"aspirin", b"insulin"))
    done = train(tmp_path, base, tmp_path)
    assert done.returncode == 1
    assert (tmp_path / "output" / "failure").read_text().startswith("snapshot_changed: ")
