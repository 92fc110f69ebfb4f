"""A fifth task is one entry and one file: it is taken in, prepared, trained, scored, judged and served; nothing else knows it."""

from __future__ import annotations

import hashlib
import json
import os
import random
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from chartloop import snapshots
from tests.training.tiny import ROOT

HERE = Path(__file__).parent / "fifth"
SOON, LATER = ("urgent", "severe", "now", "bleeding"), ("routine", "stable", "annual", "checkup")
WORDS = ("the", "patient", "knee", "asks", "for", "an", "appointment", "with", "you", "please")

ASKED = """
import json, sys
from datetime import UTC, datetime
from pathlib import Path
from chartloop import gate, scores, tasks
from lambdas import api, predict
from tests.lambdas.gateway import Caller
from tests.worlds import FakeWorld
from training import inference

scored, artifact = map(Path, sys.argv[1:])
task = tasks.find("urgency")
report = scores.parse((scored / "candidate.json").read_bytes())
verdict = gate.decide(report, None, "strict", task=task, run_id=report.run_id, now=datetime.now(UTC))

class Endpoint:
    def __init__(self):
        self.served = inference.model_fn(str(artifact))
    def invoke(self, task, payload, *, config=None):
        return inference.predict_fn(inference.input_fn(json.dumps(payload)), self.served)

world = FakeWorld()
world.__dict__["endpoints"] = Endpoint()
door, ask = Caller(api.handle, world), Caller(predict.handle, world)
posted = [{"record_id": "a", "letter": "come now", "level": "soon"}, {"record_id": "b", "letter": "", "level": "soon"}]
lines = b'{"id": 1, "letter": "severe bleeding"}\\n{"id": 2, "letter": "annual checkup", "shout": true}\\n{"id": 3}\\n'
letters = [{"id": "n", "letter": "annual checkup"}, 7]
print(json.dumps({
    "verdict": verdict.verdict, "said": verdict.message,
    "posted": door("POST", "/v1/tasks/urgency/records", posted).json["counts"],
    "settings": door("GET", "/v1/tasks/urgency/settings").json["hyperparameters"]["minimum_count"],
    "cost": [step["name"] for step in door("GET", "/v1/tasks/urgency/cost").json["steps"]],
    "searched": [step["name"] for step in door("GET", "/v1/tasks/urgency/cost", query={"trials": "3"}).json["steps"]],
    "one": ask("POST", "/v1/tasks/urgency/predict", {"letter": "severe bleeding"}).json,
    "many": ask("POST", "/v1/tasks/urgency/predict", {"letters": letters, "shout": True}).json,
    "foreign": ask("POST", "/v1/tasks/urgency/predict", {"letter": "x", "codes": 3}).json["error"],
    "lines": inference.predict_fn(inference.input_fn(lines, "application/jsonlines"), world.endpoints.served)["lines"],
}))
"""


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project with one entry and one file more."""
    tree = tmp_path_factory.mktemp("tree")
    for name in ("chartloop", "training"):
        shutil.copytree(ROOT / name, tree / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("adapters", "lambdas", "tests", "docs"):
        (tree / name).symlink_to(ROOT / name)
    entry = (HERE / "entry.py").read_text().partition("from __future__ import annotations\n")[2]
    with (tree / "chartloop" / "tasks.py").open("a") as table:
        table.write(entry.replace("from chartloop.tasks import TASKS\n", ""))
    shutil.copyfile(HERE / "urgency.py", tree / "training" / "urgency.py")
    return tree


def letters(chance: random.Random, count: int) -> list[dict[str, str]]:
    found = []
    for number in range(count):
        level, telling = (("soon", SOON), ("later", LATER))[number % 3 == 0]
        words = [*chance.choices(WORDS, k=6), *chance.choices(telling, k=2), str(chance.randrange(10**6))]
        chance.shuffle(words)
        found.append({"letter": " ".join(words), "level": level})
    return found


def request(folder: Path) -> None:
    """A run's request and shards: 90 letters to learn from, 60 to be judged on."""
    chance = random.Random(5)
    asked: dict[str, Any] = {"run_id": "urgency-1", "task": "urgency", "created_at": "2026-11-21T08:00:00.000Z", "settings": {}}
    for side, count in (("records", 90), ("holdout", 60)):
        body = b"".join(
            snapshots.stored_line(
                record_id=f"{side}-{line}", batch_id=side, sequence=1, line=line, group=f"t:{side}{line}", record=letter
            )
            for line, letter in enumerate(letters(chance, count), start=1)
        )
        (folder / side).mkdir()
        (folder / side / f"{side}.jsonl").write_bytes(body)
        entry = snapshots.shard_entry(f"{side}/urgency/{side}.jsonl", body)
        asked[side] = [{"batch_id": side, **entry, "sequence": 1, "settled": True}]
    asked["snapshot"] = snapshots.snapshot_hash([*asked["records"], *asked["holdout"]])
    (folder / "request").mkdir()
    (folder / "request" / "request.json").write_text(json.dumps(asked))


@pytest.fixture(scope="module")
def lived(tree: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What came of the task, from its letters to its answers, each job a process of its own."""
    folder = tmp_path_factory.mktemp("lived")
    request(folder)
    environ = {**os.environ, "PYTHONPATH": str(tree), "SAGEMAKER_BASE_DIR": str(folder / "ml")}

    def run(*arguments: object, **more: str) -> str:
        done = subprocess.run(
            [sys.executable, *map(str, arguments)], cwd=tree, env={**environ, **more}, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr[-3000:]
        return done.stdout

    places = {name: folder / name for name in ("request", "records", "holdout", "snapshot", "scored", "served", "model")}
    run("-m", "training.prepare", *_words(places, request="request", records="records", output="snapshot"))
    trained = {"SM_CHANNEL_TRAIN": str(places["snapshot"]), "SM_MODEL_DIR": str(places["model"])}
    printed = run(tree / "training" / "train.py", "--minimum_count", 2, **trained, SM_CHANNEL_MODEL=str(places["request"]))
    shutil.make_archive(str(folder / "candidate" / "model"), "gztar", places["model"])
    places["candidate"] = folder / "candidate"
    words = _words(
        places, request="request", holdout="holdout", candidate="candidate", model="request", snapshot="snapshot",
        output="scored",
    )  # fmt: skip
    run("-m", "training.score", *words, "--model-output", places["served"], "--engine", "openvino", "--version", "urgency-1")
    shutil.unpack_archive(places["served"] / "model.tar.gz", folder / "artifact", filter="data")
    manifest = json.loads((places["served"] / "manifest.json").read_text())
    assert manifest["sha256"] == hashlib.sha256((places["served"] / "model.tar.gz").read_bytes()).hexdigest()
    answered: dict[str, Any] = json.loads(run("-c", ASKED, places["scored"], folder / "artifact").splitlines()[-1])
    return {
        **answered,
        "trained": printed,
        "manifest": manifest,
        "snapshot": json.loads((places["snapshot"] / "manifest.json").read_text()),
    }


def _words(places: dict[str, Path], **arguments: str) -> list[object]:
    return [word for name, place in arguments.items() for word in (f"--{name}", places[place])]


def test_it_is_prepared_by_its_own_count(lived: dict[str, Any]) -> None:
    assert (lived["snapshot"]["records"], lived["snapshot"]["labels"]) == (90, ["later", "soon"])


def test_it_is_judged_and_promoted(lived: dict[str, Any]) -> None:
    assert lived["verdict"] == "promote", lived["said"]


def test_its_golden_requests_are_in_the_manifest(lived: dict[str, Any]) -> None:
    assert [request["input"] for request in lived["manifest"]["golden"]] == ["please come at once", "when it suits you"]


def test_the_api_takes_its_records_and_shows_its_settings_and_costs(lived: dict[str, Any]) -> None:
    assert (lived["posted"]["accepted"], lived["posted"]["rejected"]) == (1, 1)
    assert lived["settings"] == 1
    assert lived["cost"] == ["prepare", "train", "score"], "it keeps no vectors"


def test_its_entry_says_what_a_run_may_search_and_its_module_by_what(lived: dict[str, Any]) -> None:
    assert lived["searched"] == ["prepare", "train", "tune", "score"]
    assert "metric eval_accuracy=" in lived["trained"]


def test_predict_asks_it_with_its_own_inputs_and_options(lived: dict[str, Any]) -> None:
    [one] = lived["one"]["predictions"]
    assert one["level"] == "soon" and one["prediction_id"].startswith("urgency.urgency-1.")
    named, refused = lived["many"]["predictions"]
    assert (named["id"], named["level"], refused["error"]["code"]) == ("n", "LATER", "wrong_type")
    assert (lived["foreign"]["code"], lived["foreign"]["field"]) == ("not_for_this_task", "codes")


def test_the_lines_of_a_transform_are_answered(lived: dict[str, Any]) -> None:
    first, second, third = lived["lines"]
    assert (first["level"], second["level"], third["error"]["code"]) == ("soon", "LATER", "invalid_text")
