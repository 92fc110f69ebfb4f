"""A world of fakes in which whole runs happen: batches, the state machine's own definition, jobs that only leave traces."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from chartloop import items, keys, runs, vectors
from chartloop.drift import Tally
from chartloop.scores import ScoreReport
from chartloop.seams import Item, JobState
from chartloop.settings import Settings
from chartloop.tuning import TrialState
from lambdas import begin, finish, judge, promote, publish, sweep, tune
from lambdas.wiring import World
from tests import fakes, fakes_serving, machine, reports

MOST_RESTARTS = 6
BASE = "minilm-l6-v2"
TASK = "ner"


class Crash(BaseException):
    """The process is gone: nothing in it may catch this."""


class Fuse:
    """Counts calls of all seams; raises `error` instead of call number `at`."""

    def __init__(self) -> None:
        self.calls, self.at, self.error = 0, -1, Crash

    def set(self, at: int, error: type[BaseException] = Crash) -> None:
        self.calls, self.at, self.error = 0, at, error

    def burn(self) -> None:
        self.calls += 1
        if self.calls - 1 == self.at:
            raise self.error("at a seam")


class Fragile:
    """A seam whose calls burn the fuse."""

    def __init__(self, inner: Any, fuse: Fuse) -> None:
        self.inner, self._fuse = inner, fuse

    def __getattr__(self, name: str) -> Any:
        found = getattr(self.inner, name)
        if not callable(found) or name == "config_name":
            return found

        def call(*args: Any, **kwargs: Any) -> Any:
            self._fuse.burn()
            return found(*args, **kwargs)

        return call


class BusyEndpoints(fakes_serving.FakeEndpoints):
    """As SageMaker: while it is changing it takes no other configuration, and a failed one has to be deleted first."""

    def redeploy(self, task: str, config: str | None) -> None:
        if task in self.going:
            return
        if task in self.failure and task not in self.live:
            del self.failure[task]
            return
        super().redeploy(task, config)


class FakeWorld(World):
    """All seams faked, one ticking clock; `right` is how many of 10 entities the candidate of the next run finds."""

    def __init__(self, **settings: Any) -> None:
        self.now = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)
        super().__init__(Settings(bucket="data", ledger="ledger", base_model=BASE, **settings), self._tick)
        self.fuse = Fuse()
        self.stores: dict[str, Any] = {
            "objects": fakes.FakeObjects(), "ledger": fakes.FakeLedger(), "registry": fakes.FakeRegistry(),
            "endpoints": BusyEndpoints(), "jobs": fakes.FakeJobs(), "executions": fakes.FakeExecutions(),
            "estate": fakes.FakeEstate(), "folder": fakes_serving.FakeModelFolder(), "uploads": fakes.FakeUploads(),
            "library": fakes_serving.FakeLibrary(), "transforms": fakes_serving.FakeTransforms(),
        }  # fmt: skip
        for name, store in self.stores.items():
            setattr(self, name, Fragile(store, self.fuse))
        self.tally = Tally(self.stores["ledger"])
        self.right = 7
        self.fallen = False
        """Whether a label of the candidate falls, so that a person must decide."""
        self.tries: list[TrialState] = []
        """What the next tuning finds; the training before it comes to `right` in ten."""
        self.forgetful = True
        """Whether a crash takes the memory of its execution with it, as on one machine, or leaves it aborted."""
        self.stores["objects"].put(keys.base_model(BASE, "manifest.json"), b"{}")
        self.change(minimum_records=100, minimum_new_records=10)

    def _tick(self) -> datetime:
        self.now += timedelta(seconds=1)
        return self.now

    def owner(self) -> Item:
        return items.task_item(self.stores["ledger"], TASK)

    def run(self, run_id: str) -> Item:
        return items.require(self.stores["ledger"], items.run_key(TASK, run_id), "run")

    def runs(self) -> list[Item]:
        found: list[Item] = self.stores["ledger"].query(f"TASK#{TASK}", "RUN#")
        return found

    def model(self, version: str) -> Item:
        return items.require(self.stores["ledger"], items.model_key(TASK, version), "version")

    def change(self, **settings: Any) -> None:
        owner = self.owner()
        owner["settings"] |= settings
        self.stores["ledger"].save(owner)

    def add_batch(self, train: int = 80, holdout: int = 20) -> str:
        """A processed batch with that many records on each side."""
        owner = self.owner()
        owner["sequence"] += 1
        batch_id = f"b{owner['sequence']}"
        owner["records"] += train + holdout
        owner["arrivals"] += train + holdout
        places = {"train": keys.records(TASK, batch_id), "holdout": keys.holdout(TASK, batch_id)}
        sizes = {"train": train, "holdout": holdout}
        shards = {
            side: {"key": key, "sha256": items.hashed(key), "records": sizes[side]} if sizes[side] else None
            for side, key in places.items()
        }
        batch = items.new(
            items.batch_key(TASK, batch_id), batch_id=batch_id, status="processed", sequence=owner["sequence"], poster="alice",
            **shards,
        )  # fmt: skip
        self.stores["ledger"].save(owner, batch)
        return batch_id

    def consider(self) -> str | None:
        return runs.consider(TASK, now=self.clock(), settings=self.settings, **self.seams("ledger", "objects", "executions"))

    def seams(self, *names: str) -> dict[str, Any]:
        return {name: getattr(self, name) for name in names}

    def to_end(self) -> None:
        """Everything that is started runs to its end, crashes of the whole process included: after each one it starts again."""
        for _ in range(MOST_RESTARTS):
            try:
                self.sweep()
                self.execute()
            except Crash:
                continue
            if all(run["ended_at"] for run in self.runs()):
                return
        raise AssertionError("something is never done")

    # The state machine and its jobs

    def execute(self) -> list[str]:
        """Drives every execution that is running to its end; their names."""
        executions, names = self.stores["executions"], []
        while name := next((n for n, status in executions.statuses.items() if status == "RUNNING"), None):
            self.drive(name)
            names.append(name)
        return names

    def drive(self, name: str) -> None:
        executions = self.stores["executions"]
        try:
            executions.statuses[name] = machine.drive(self, name, executions.started[name])
        except Crash:
            executions.statuses[name] = "ABORTED"
            if self.forgetful:
                del executions.statuses[name], executions.started[name]
            raise

    def sweep(self) -> Any:
        return sweep.handle({}, self)

    def functions(self) -> dict[str, Callable[[dict[str, Any]], Any]]:
        return {
            "begin": lambda event: begin.handle(event, self),
            "champion": lambda event: judge.handle_champion(event, self),
            "judge": lambda event: judge.handle(event, self),
            "promote": lambda event: promote.handle(event, self),
            "publish": lambda event: publish.handle(event, self),
            "finish": lambda event: finish.handle(event, self),
            "tune": lambda event: tune.handle(event, self),
        }

    def job(self, kind: str, name: str, state: dict[str, Any]) -> Any:
        """Leaves behind what the job `kind` of a run would."""
        metrics = {"eval_f1": self.right / 10} if kind == "train" and "tuning" in state else {}
        self.stores["jobs"].states[name] = JobState(
            "Completed", self._tick().timestamp(), self._tick().timestamp(), metrics=metrics
        )
        if kind == "tune":
            self.stores["jobs"].tried[name] = self.tries
            return {"HyperParameterTuningJobName": name}
        run = self.run(state["run_id"])
        if kind == "embed":
            for file in publish_files():
                self.put(keys.embeddings(TASK, run["snapshot"]) + file, {"descriptions": {}})
        if kind == "score":
            self._score(run, state["standing"]["champion"])
        return {
            "TrainingJobName": name, "ModelArtifacts": {"S3ModelArtifacts": f"{state['uris']['train']}{name}/output/model.tar.gz"}
        }  # fmt: skip

    def _score(self, run: Item, champion: dict[str, Any]) -> None:
        version = run["run_id"]
        sha256 = items.hashed(version)
        self.put(keys.model(TASK, version, "model.tar.gz"), {"right": self.right})
        self.put(keys.model(TASK, version, "manifest.json"), manifest(version, run["snapshot"]))
        rows = reports.even(self.right)
        settled = reports.part(rows, labels={"drug": reports.label(1, 9, 9)}) if self.fallen else reports.part(rows)
        self._report(reports.candidate(self.right, run_id=version, version=version, sha256=sha256, settled=settled))
        if champion["present"]:
            known = json.loads(self.stores["objects"].get(keys.model(TASK, champion["version"], "model.tar.gz")).body)
            self._report(reports.champion(known["right"], run_id=version, version=champion["version"]))

    def _report(self, report: ScoreReport) -> None:
        self.put(keys.run(report.run_id, f"score/{report.role}.json"), report.to_json())

    def put(self, key: str, value: Any) -> None:
        self.stores["objects"].put(key, json.dumps(value).encode())


def manifest(version: str, snapshot: str) -> dict[str, Any]:
    return {
        "task": TASK, "version": version, "snapshot": snapshot, "sha256": items.hashed(version), "bytes": 10, "labels": ["drug"],
        "base_model": BASE, "golden": [{"input": "Aspirin 100 mg daily.", "answer": {"entities": []}}],
    }  # fmt: skip


def publish_files() -> tuple[str, ...]:
    return tuple(vectors.names())


def for_review(**settings: Any) -> tuple[FakeWorld, str]:
    """(a world with a champion, the version of a candidate that is ahead of it on points and waits for a person)."""
    world = FakeWorld()
    world.change(label_support=1, **settings)
    world.add_batch()
    world.to_end()
    world.right, world.fallen = 8, True
    world.add_batch()
    world.to_end()
    return world, str(world.runs()[-1]["run_id"])


def agree(world: FakeWorld) -> None:
    """Registry, folder, endpoint and pointer name the champion of the ledger, and nothing is held."""
    owner, stores = world.owner(), world.stores
    champion = owner["champion"]
    assert owner["promotion"] is None and owner["active_run"] is None
    statuses = {version: package.status for (_, version), package in stores["registry"].packages.items()}
    if champion is None:
        assert stores["endpoints"].state(TASK).status == "Missing"
        assert stores["folder"].pointer(TASK) is None
        assert "Approved" not in statuses.values()
        return
    version, sha256 = champion["version"], champion["sha256"]
    assert stores["endpoints"].state(TASK).config == stores["endpoints"].config_name(version, sha256)
    assert stores["endpoints"].state(TASK).status == "InService"
    assert stores["folder"].pointer(TASK) == {"version": version, "sha256": sha256}
    assert version in stores["folder"].versions(TASK)
    assert statuses[version] == "Approved"
    models = stores["ledger"].query(f"TASK#{TASK}", "MODEL#")
    assert [model["model"] for model in models if model["status"] == "champion"] == [version]
