"""Made-up stays: records that the service takes as they are, the same from the same seed, and learnable."""

from __future__ import annotations

from statistics import mean, median

from chartloop import tasks
from chartloop.records import BatchOptions, examine
from client import stays


def test_every_stay_is_a_record_and_the_seed_makes_them() -> None:
    made = stays.write(300, 7)
    checked = [examine(tasks.find("regression").form, each, BatchOptions(), {}) for each in made]
    assert [each.problem for each in checked] == [None] * 300
    assert stays.write(40, 7) == made[:40] != stays.write(40, 8)
    assert len({each["record_id"] for each in made}) == 300
    assert 200 < len({each["patient_id"] for each in made}) < 300
    assert any("race" not in each.record["features"] for each in checked if each.record)


def test_who_knows_the_reason_knows_more_than_the_median() -> None:
    made = stays.write(2000, 7)
    middle = median(each["target"] for each in made)
    blind = mean(abs(each["target"] - middle) for each in made)
    told = mean(abs(each["target"] - stays.REASONS[each["features"]["diag_1"]]) for each in made)
    assert told < 0.8 * blind
