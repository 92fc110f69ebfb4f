"""The gold set: posters cannot write it, nothing near to it is learned from, and what is worse on it does not pass."""

from __future__ import annotations

import json
from typing import Any

import pytest

from adapters import files
from chartloop import batches, keys, snapshots, splits
from chartloop.batches import Post
from chartloop.records import BatchOptions
from tests.chartloop.intakes import NOW, TASK, WORDS, Desk, check, note
from tests.chartloop.test_firewall import on
from tests.reports import candidate, champion, even, group, part
from tests.verdicts import judged


class GoldDesk(Desk):
    def add_gold(self, records: list[dict[str, Any]], key: str | None = None) -> dict[str, Any]:
        body = json.dumps(records).encode()
        lines = files.parse(body, "body.json", task=TASK)
        post = batches.as_gold(Post(TASK, lines, BatchOptions(), "keeper", body.decode(), key))
        receipt = batches.receive(post, ledger=self.ledger, objects=self.objects, now=NOW)
        self.process(keys.incoming(TASK, receipt["batch_id"]))
        return self.show(receipt["batch_id"])

    def gold(self) -> list[str]:
        shards = [batch["gold"] for batch in self.batches() if batch.get("gold") and batch["status"] == "processed"]
        read = [snapshots.read_shard(self.objects.get(shard["key"]).body) for shard in shards]
        return [stored.record_id for shard in read for stored in shard]


def verdicts(receipt: dict[str, Any]) -> list[str]:
    return [entry["verdict"] for entry in receipt["records"]]


def test_gold_is_kept_apart_and_no_run_waits_for_it() -> None:
    desk = GoldDesk()
    receipt = desk.add_gold([note(f"g{n}") for n in range(20)])
    assert verdicts(receipt) == ["accepted"] * 20 and receipt["source"] == "gold" and len(desk.gold()) == 20
    (batch,) = desk.batches()
    assert (batch["train"], batch["holdout"], desk.task()["records"], desk.task()["arrivals"]) == (None, None, 0, 0)
    assert batch["gold"]["key"] == f"holdout/ner/gold/{batch['batch_id']}.jsonl"
    check(desk)


def test_the_same_records_as_a_poster_sent_are_another_batch() -> None:
    desk = GoldDesk()
    posted = desk.post([note("a")])
    assert desk.add_gold([note("a")])["batch_id"] != posted["batch_id"]


def test_what_is_near_to_gold_is_never_learned_from() -> None:
    desk = GoldDesk()
    desk.add_gold([note("gold", WORDS)])
    assert splits.side(TASK, splits.GOLD + "anything") == "holdout"
    receipt = desk.post([note("copy", WORDS + " again"), note("other", WORDS + " too", patient_id=on("training"))])
    assert verdicts(receipt) == ["accepted", "set_aside"]
    assert [side for side, _ in desk.live().values()] == ["holdout"]


def test_the_patients_of_gold_are_never_learned_from_either() -> None:
    desk = GoldDesk()
    assert verdicts(desk.add_gold([note("gold", patient_id=on("training"))])) == ["accepted"]
    receipt = desk.post([note("later", patient_id=on("training")), note("free")])
    assert verdicts(receipt) == ["set_aside", "accepted"] and receipt["records"][0]["code"] == "would_leak"


def test_what_was_learned_from_already_is_no_gold() -> None:
    desk = GoldDesk()
    desk.post([note("a", WORDS, patient_id=on("training"))])
    receipt = desk.add_gold([note("gold", WORDS + " again")])
    assert verdicts(receipt) == ["set_aside"] and not desk.gold()


@pytest.mark.parametrize("replace", [False, True])
def test_a_poster_changes_no_record_of_gold(replace: bool) -> None:
    desk = GoldDesk()
    desk.add_gold([note("gold", WORDS)])
    receipt = desk.post([note("gold", "quite another text than before here")], replace=replace)
    assert verdicts(receipt) == ["conflict"] and desk.gold() == ["gold"]


def test_a_file_that_claims_to_be_gold_is_none() -> None:
    desk = GoldDesk()
    key = desk.drop("drop.jsonl", json.dumps(note("a")).encode(), source="gold")
    desk.process(key)
    assert not desk.gold() and desk.task()["records"] == 1


def test_without_gold_there_is_no_clause() -> None:
    assert not [c for c in judged(candidate(8), champion(7)).clauses if "gold" in c.name]


def golden(right: int, **changes: Any) -> Any:
    return part(even(right), **changes)


def test_a_candidate_that_is_worse_on_gold_beyond_chance_does_not_pass() -> None:
    verdict = judged(candidate(8, gold=golden(5)), champion(7, gold=golden(6)))
    (clause,) = [c for c in verdict.clauses if c.name.startswith("gold")]
    assert verdict.verdict == "keep" and clause.passed is False and "worse beyond chance" in verdict.message
    assert set(verdict.policies.values()) == {"keep"}


@pytest.mark.parametrize("ours", [6, 7, 9])
def test_one_that_is_as_good_or_better_does(ours: int) -> None:
    assert judged(candidate(8, gold=golden(ours)), champion(7, gold=golden(6))).verdict == "promote"


def test_a_model_that_was_not_scored_on_it_keeps_the_champion() -> None:
    assert judged(candidate(8), champion(7, gold=golden(6))).verdict == "keep"
    assert judged(candidate(8, gold=golden(6)), champion(7)).verdict == "keep"


def test_too_few_notes_of_gold_prove_nothing_and_say_so() -> None:
    few = part([group("g1", 5, 5, 5, 70)])
    verdict = judged(candidate(8, gold=few), champion(7, gold=few))
    (clause,) = [c for c in verdict.clauses if c.name.startswith("gold")]
    assert verdict.verdict == "promote" and clause.passed is None and "insufficient evidence" in clause.message


def test_the_first_model_has_nothing_to_be_worse_than() -> None:
    assert judged(candidate(8, gold=golden(5)), None).verdict == "promote"
