"""The commands of what can be trusted: what they ask and show."""

from __future__ import annotations

from pathlib import Path

from client import exits
from client.cli import run
from tests.client.service import Service, printed

QUALITY = {
    "task": "ner", "run_id": "ner-1", "created_at": "2026-11-21T08:00:00.000Z", "records": {"training": 1200, "holdout": 300},
    "set_aside": {"counts": {"near_text": 2}, "records": [{"record_id": "n-7", "code": "near_text"}]},
    "conflicts": {"found": 1, "pairs": [{"records": ["n-1", "n-2"], "kind": "same_text"}]},
    "label_leaks": [{"kind": "label_in_text", "field": "text", "label": "surgery", "found": 40, "records": ["n-3"]}],
    "alarms": [{"code": "rare_word", "label": "O", "found": 9, "records": ["n-9"], "batches": ["b-1"], "p": 1e-9}],
}  # fmt: skip


def test_quality_lists_what_to_look_at(tmp_path: Path) -> None:
    session = Service().on("GET /v1/tasks/ner/quality", QUALITY).session(tmp_path)
    assert run(["quality"], session) == exits.OK
    said = printed(session)
    for words in ("1,200 records", "2 near_text", "n-7", "n-1, n-2", "surgery", "40: n-3", "9: n-9"):
        assert words in said


def test_posters_are_listed_with_what_waits_and_the_gold_set(tmp_path: Path) -> None:
    some = {"records": 1200, "batches": 3, "waiting": 400, "last_at": "2026-11-21T08:00:00.000Z"}
    gold = {"records": 77, "batches": 1, "posters": [{**some, "poster": "board", "records": 77, "waiting": 0}]}
    answer = {"task": "ner", "cap_percent": 40, "posters": [{**some, "poster": "ward-7"}], "gold": gold}
    session = Service().on("GET /v1/tasks/ner/posters", answer).session(tmp_path)
    assert run(["posters"], session) == exits.OK
    said = printed(session)
    for words in ("40 %", "77 records", "ward-7", "1,200", "400", "board"):
        assert words in said
