"""Judging a run: looks are counted, and the verdict lies where people and the promotion look for it."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest

from chartloop import judging, keys, models
from chartloop.errors import Conflict, JobFailed
from chartloop.verdicts import Verdict
from tests import reports
from tests.contracts import validate
from tests.worlds import TASK, FakeWorld, manifest


def scored(world: FakeWorld) -> tuple[str, dict[str, Any]]:
    """(run, whom it is compared with) of a run whose score job is done."""
    run_id = str(world.consider())
    champion = judging.look(TASK, run_id, **world.seams("ledger", "objects"))["champion"]
    world.job("score", f"{run_id}-1-score", {"run_id": run_id, "standing": {"champion": champion}, "uris": {"train": ""}})
    return run_id, champion


def judge(world: FakeWorld, run_id: str, champion: dict[str, Any]) -> Verdict:
    seams = world.seams("ledger", "objects", "registry")
    return judging.judge(TASK, run_id, champion=champion, settings=world.settings, now=world.clock(), **seams)


def second_run(right: int) -> FakeWorld:
    world = FakeWorld()
    world.add_batch()
    world.to_end()
    world.right = right
    world.add_batch()
    return world


def test_a_look_names_the_champion_and_is_counted() -> None:
    world = FakeWorld()
    world.add_batch()
    run_id = str(world.consider())
    assert judging.look(TASK, run_id, **world.seams("ledger", "objects")) == {
        "champion": {"present": False, "version": "", "model_uri": ""},
        "look": 1,
    }
    world = second_run(8)
    first, run_id = world.owner()["champion"]["version"], str(world.consider())
    looks = [judging.look(TASK, run_id, **world.seams("ledger", "objects")) for _ in range(3)]
    assert [found["look"] for found in looks] == [1, 2, 3]
    assert looks[0]["champion"] == {"present": True, "version": first, "model_uri": f"s3://data/models/ner/{first}/model.tar.gz"}
    with pytest.raises(Conflict):
        judging.look(TASK, run_id, **world.seams("ledger", "objects"))


@pytest.mark.parametrize(
    ("right", "verdict", "status"), [(8, "promote", "candidate"), (6, "keep", "rejected"), (7, "keep", "rejected")]
)
def test_the_verdict_is_written_and_the_model_known(right: int, verdict: str, status: str) -> None:
    world = second_run(right)
    run_id, champion = scored(world)
    assert judge(world, run_id, champion).verdict == verdict
    written = json.loads(world.stores["objects"].get(keys.run(run_id, "verdict.json")).body)
    validate("verdict", written)
    assert (written["verdict"], written["champion"]) == (verdict, champion["version"])
    model = models.to_model(world.model(run_id))
    validate("model", model)
    assert (model["status"], model["reason"], model["metrics"]["entity_f1"]) == (status, written["message"], right / 10)


def test_the_tasks_policy_decides() -> None:
    for policy, verdict in (("strict", "needs-review"), ("spec", "promote")):
        world = second_run(8)
        world.change(policy=policy)
        run_id, champion = scored(world)
        groups = {role: reports.even(right, groups=4) for role, right in (("candidate", 8), ("champion", 7))}
        for role, rows in groups.items():
            version = run_id if role == "candidate" else champion["version"]
            found = reports.report(role, rows, run_id=run_id, version=version, sha256=manifest(version, "")["sha256"])
            world.put(keys.run(run_id, f"score/{role}.json"), found.to_json())
        assert judge(world, run_id, champion).verdict == verdict
        assert world.model(run_id)["status"] == {"needs-review": "needs-review", "promote": "candidate"}[verdict]


@pytest.mark.parametrize("role", ["candidate", "champion"])
@pytest.mark.parametrize("body", [None, b"{", b"{}"])
def test_a_report_that_is_missing_or_unreadable_keeps_the_champion(role: str, body: bytes | None) -> None:
    world = second_run(9)
    run_id, champion = scored(world)
    key = keys.run(run_id, f"score/{role}.json")
    world.stores["objects"].stored.pop(key)
    if body is not None:
        world.stores["objects"].put(key, body)
    assert judge(world, run_id, champion).verdict == "keep"


def test_no_artifact_and_another_artifact_fail_the_run() -> None:
    world = second_run(8)
    run_id, champion = scored(world)
    key = keys.model(TASK, run_id, "manifest.json")
    world.put(key, {**manifest(run_id, "0" * 64), "sha256": "f" * 64})
    with pytest.raises(JobFailed) as caught:
        judge(world, run_id, champion)
    assert caught.value.code == "artifact_changed"
    del world.stores["objects"].stored[key]
    with pytest.raises(JobFailed) as caught:
        judge(world, run_id, champion)
    assert caught.value.code == "no_artifact"


def test_judging_again_replaces_the_verdict() -> None:
    world = second_run(8)
    run_id, champion = scored(world)
    judge(world, run_id, champion)
    world.right = 6
    world.job("score", f"{run_id}-1-score2", {"run_id": run_id, "standing": {"champion": champion}, "uris": {"train": ""}})
    assert judge(world, run_id, champion).verdict == "keep"
    assert world.model(run_id)["status"] == "rejected"


def audited(world: FakeWorld) -> list[dict[str, Any]]:
    return [entry for entry in world.stores["ledger"].query(f"TASK#{TASK}", "AUDIT#") if entry["action"] == "verdict"]


def test_looks_at_a_holdout_are_counted_over_all_runs() -> None:
    world = second_run(6)
    run_id, champion = scored(world)
    judging.look(TASK, run_id, **world.seams("ledger", "objects"))
    (told,) = (clause for clause in judge(world, run_id, champion).clauses if clause.clause == 7)
    before = told.measured
    assert before == 3.0  # one of the first run, two of this one
    (again,) = (clause for clause in judge(world, run_id, champion).clauses if clause.clause == 7)
    assert again.measured == before  # the same look, judged twice
    judging.look(TASK, run_id, **world.seams("ledger", "objects"))
    (more,) = (clause for clause in judge(world, run_id, champion).clauses if clause.clause == 7)
    assert more.measured == 4.0


def test_the_audit_says_by_hashes_what_was_judged() -> None:
    world = second_run(8)
    run_id, champion = scored(world)
    verdict = judge(world, run_id, champion)
    told = audited(world)[-1]
    reports_of = {
        role: world.stores["objects"].get(keys.run(run_id, f"score/{role}.json")).body for role in ("candidate", "champion")
    }
    hashes = {role: hashlib.sha256(body).hexdigest() for role, body in reports_of.items()}
    assert (told["by"], told["run_id"], told["model"], told["reason"]) == ("gate", run_id, run_id, verdict.message)
    assert (told["verdict"], told["policy"], told["holdout"]) == ("promote", "strict", verdict.holdout)
    assert told["judged"] == {
        role: {"artifact": json.loads(body)["sha256"], "report": hashes[role]} for role, body in reports_of.items()
    }


def test_the_audit_of_a_report_that_cannot_be_read_has_its_hash_all_the_same() -> None:
    world = second_run(8)
    run_id, champion = scored(world)
    world.stores["objects"].put(keys.run(run_id, "score/candidate.json"), b"{")
    del world.stores["objects"].stored[keys.run(run_id, "score/champion.json")]
    judge(world, run_id, champion)
    judged = audited(world)[-1]["judged"]
    assert judged["champion"] == {"artifact": None, "report": None}
    assert judged["candidate"] == {"artifact": world.model(run_id)["sha256"], "report": hashlib.sha256(b"{").hexdigest()}
