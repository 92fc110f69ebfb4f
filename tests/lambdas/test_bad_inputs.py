"""Each row of the data contract's table of bad inputs, posted over REST and dropped into the bucket: the same verdict."""

from __future__ import annotations

import gzip
import json
from typing import Any

import pytest

from chartloop import keys
from lambdas import api
from tests.chartloop.intakes import note
from tests.lambdas.gateway import Caller
from tests.lambdas.test_on_upload import created, deliver
from tests.worlds import FakeWorld

GOOD = json.dumps(note("good"))


def line(text: str = "aspirin daily", **changes: Any) -> str:
    """A record as JSON, with lone surrogates kept as escapes."""
    record = {"record_id": "bad", "text": text, "entities": [{"start": 0, "end": 7, "label": "drug"}], **changes}
    return json.dumps(record)


def span(start: Any, end: Any, **more: Any) -> str:
    return line(entities=[{"start": start, "end": end, "label": "drug", **more}])


REJECTED = {
    "no JSON": ("{", "invalid_json"),
    "NaN": ('{"record_id": "bad", "text": NaN}', "not_finite"),
    "infinity": ('{"record_id": "bad", "text": -Infinity}', "not_finite"),
    "a key twice": ('{"record_id": "bad", "record_id": "worse"}', "duplicate_key"),
    "100,000 levels": ('{"a": ' + "[" * 100_000 + "]" * 100_000 + "}", "too_deep"),
    "a lone surrogate": (line("aspirin \ud800"), "lone_surrogate"),
    "a negative offset": (span(-1, 7), "offset_negative"),
    "a reversed span": (span(7, 0), "offset_reversed"),
    "a float offset": (span(0.0, 7), "offset_type"),
    "a boolean offset": (span(False, 7), "offset_type"),
    "past the end": (span(0, 700), "offset_past_end"),
    "another surface": (span(0, 7, surface="ibuprofen"), "surface_mismatch"),
    "an empty text": (line(""), "empty_text"),
    "over 1,000,000 characters": (line("aspirin " + "x" * 1_000_000), "text_too_long"),
    "no entities": (json.dumps({"record_id": "bad", "text": "x"}), "missing_field"),
    "a field too many": (line(diagnosis="x"), "unknown_field"),
}

ACCEPTED = {
    "zero width": line("aspirin\u200b daily"),
    "CRLF": line("aspirin\r\ndaily"),
    "decomposed": line("aspirin cafe\u0301"),
    "composed": line("aspirin caf\u00e9"),
    "control characters": line("aspirin\u0000\u0007 daily"),
    "HTML": line("aspirin <script>alert(1)</script>"),
    "a line separator": line("aspirin\u2028daily"),
}

WHOLE = {
    "a gzip bomb": ("a.jsonl.gz", gzip.compress(b" " * (65 << 20)), "gzip_bomb"),
    "not UTF-8": ("a.jsonl", b'{"text": "\xff"}', "not_utf8"),
    "not its format": ("a.xlsx", b"record_id,text\n", "not_the_format"),
    "cut off": ("a.json", b'[{"record_id": "a"', "truncated"),
    "another format": ("a.docx", b"PK", "unsupported_format"),
}


def posted(text: str, world: FakeWorld | None = None) -> tuple[FakeWorld, dict[str, Any]]:
    world = world or FakeWorld()
    answer = Caller(api.handle, world)("POST", "/v1/tasks/ner/records", text, headers={"content-type": "application/x-ndjson"})
    assert answer.status == 202
    key = keys.incoming("ner", answer.json["batch_id"])
    assert deliver(world, created(key)) == []
    return world, Caller(api.handle, world)("GET", f"/v1/tasks/ner/batches/{answer.json['batch_id']}").json


def dropped(text: str, world: FakeWorld | None = None) -> tuple[FakeWorld, dict[str, Any]]:
    world = world or FakeWorld()
    world.stores["objects"].put("incoming/ner/a.jsonl", text.encode("utf-8", "surrogatepass"))
    assert deliver(world, created("incoming/ner/a.jsonl")) == []
    return world, json.loads(world.stores["objects"].get(keys.receipt("ner", "a.jsonl")).body)


DOORS = pytest.mark.parametrize("door", [posted, dropped])


@DOORS
@pytest.mark.parametrize("bad", REJECTED)
def test_a_bad_line_is_that_lines_verdict_and_the_good_ones_go_on(door: Any, bad: str) -> None:
    text, code = REJECTED[bad]
    world, receipt = door(f"{text}\n{GOOD}\n")
    assert [(entry["verdict"], entry.get("code")) for entry in receipt["records"]] == [("rejected", code), ("accepted", None)]
    assert world.owner()["records"] == 1


@DOORS
@pytest.mark.parametrize("odd", ACCEPTED)
def test_what_is_only_odd_is_stored_raw(door: Any, odd: str) -> None:
    world, receipt = door(ACCEPTED[odd])
    assert receipt["counts"]["accepted"] == 1
    shard = next(item for key, item in world.stores["objects"].stored.items() if key.startswith(("records/", "holdout/")))
    assert json.loads(shard.body)["record"]["text"] == json.loads(ACCEPTED[odd])["text"]


@DOORS
def test_a_new_label_is_listed_where_none_are_declared(door: Any) -> None:
    _, receipt = door(GOOD)
    assert receipt["new_labels"] == ["drug"]


@DOORS
@pytest.mark.parametrize("label", ["unheard", "Drug"])
def test_a_label_that_is_not_declared_is_rejected(door: Any, label: str) -> None:
    world = FakeWorld()
    world.change(labels=["drug"])
    _, receipt = door(line(entities=[{"start": 0, "end": 7, "label": label}]) + "\n" + GOOD, world)
    assert [entry.get("code") for entry in receipt["records"]] == ["unknown_label", None]


@pytest.mark.parametrize("bad", WHOLE)
def test_a_file_that_cannot_be_read_is_quarantined_as_a_whole(bad: str) -> None:
    name, body, code = WHOLE[bad]
    world = FakeWorld()
    world.stores["objects"].put(f"incoming/ner/{name}", body)
    assert deliver(world, created(f"incoming/ner/{name}", size=len(body))) == []
    receipt = json.loads(world.stores["objects"].get(keys.receipt("ner", name)).body)
    assert (receipt["status"], receipt["code"]) == ("quarantined", code)
    assert world.owner()["records"] == 0


@DOORS
def test_too_few_records_are_stored_and_start_no_run(door: Any) -> None:
    world, _ = door(GOOD)
    assert Caller(api.handle, world)("GET", "/v1/tasks/ner").json["progress"] == "1 of 100" and world.runs() == []
