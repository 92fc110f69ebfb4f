"""Bad inputs, each with the verdict it must get: files as a client would post or drop them, built here because some are large."""

from __future__ import annotations

import gzip
import io
import json
import zipfile
from dataclasses import dataclass
from typing import Any

NOTE = "Patient denies chest pain; takes aspirin 81 mg daily."
CANARY = "Zyxwvut"
"""Stands wherever a client's own words stand; no message may repeat it."""
GOOD = {"record_id": "g-1", "text": NOTE, "entities": [{"start": 33, "end": 40, "label": "drug"}]}


@dataclass(frozen=True)
class Case:
    """A file, and what each of its records gets: a verdict's code, or None where it is accepted; or the whole file's code."""

    name: str
    file: str
    body: bytes
    records: tuple[str | None, ...] = ()
    whole: str | None = None
    declared: tuple[str, ...] = ()


def note(**changes: Any) -> dict[str, Any]:
    """A good record with another id and `changes`; a field changed to `...` is left out."""
    record = {**GOOD, "record_id": "b-1", **changes}
    return {name: value for name, value in record.items() if value is not ...}


def span(start: Any, end: Any, **more: Any) -> dict[str, Any]:
    return note(entities=[{"start": start, "end": end, "label": "drug", **more}])


def dump(value: Any) -> str:
    return json.dumps(value)


def gz(body: bytes) -> bytes:
    return gzip.compress(body, mtime=0)


def workbook(*rows: tuple[Any, ...]) -> bytes:
    from openpyxl import Workbook

    book = Workbook()
    for row in rows:
        book.active.append(row)
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def archive(name: str, body: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr(name, body)
    return buffer.getvalue()


ENTITIES = dump(GOOD["entities"])
HEADER = ("record_id", "text", "entities")
SHEET = workbook(HEADER, ("x-1", NOTE, ENTITIES))
LINE = dump(GOOD).encode()
BOMB = 65 * 2**20

# One bad record as JSON text, and the code it gets.
BAD_RECORDS = {
    "NaN": (dump(note(text=NOTE, codes=[float("nan")])), "not_finite"),
    "Infinity": (dump(span(0, float("inf"))), "not_finite"),
    "minus Infinity": (dump(span(float("-inf"), 3)), "not_finite"),
    "a number beyond every float": ('{"record_id": "b-1", "text": "x", "entities": [], "codes": [1e999]}', "not_finite"),
    "an integer of 5,000 digits": ('{"record_id": "b-1", "text": "x", "entities": ' + "9" * 5000 + "}", "invalid_json"),
    "a key twice": ('{"record_id": "b-1", "record_id": "b-2", "text": "x", "entities": []}', "duplicate_key"),
    "a key twice, deeper": ('{"record_id": "b-1", "text": "x", "entities": [{"start": 0, "start": 0}]}', "duplicate_key"),
    "100,000 levels of lists": ("[" * 100_000 + "]" * 100_000, "too_deep"),
    "100,000 levels of objects": ('{"a":' * 100_000 + "1" + "}" * 100_000, "too_deep"),
    "deep inside a field": (dump(note(entities=...))[:-1] + ', "entities": ' + "[" * 50_000 + "]" * 50_000 + "}", "too_deep"),
    "41 levels": (dump(note(entities=...))[:-1] + ', "entities": ' + "[" * 40 + "]" * 40 + "}", "too_deep"),
    "a lone high surrogate": ('{"record_id": "b-1", "text": "\\ud83d", "entities": []}', "lone_surrogate"),
    "a lone low surrogate": ('{"record_id": "b-1", "text": "a \\udc00 b", "entities": []}', "lone_surrogate"),
    "surrogates the wrong way round": ('{"record_id": "b-1", "text": "\\udc00\\ud83d", "entities": []}', "lone_surrogate"),
    "a lone surrogate in a label": ('{"record_id": "b-1", "text": "a", "entities": [{"label": "\\ud800"}]}', "lone_surrogate"),
    "half a line": ('{"record_id": "b-1", "text": "', "invalid_json"),
    "single quotes": ("{'record_id': 'b-1'}", "invalid_json"),
    "a comma too many": ('{"record_id": "b-1", "text": "x", "entities": [],}', "invalid_json"),
    "a raw control character in a string": ('{"record_id": "b-1", "text": "a\x07b", "entities": []}', "invalid_json"),
    "two values on a line": ("{} {}", "invalid_json"),
    "a byte order mark on a later line": ("\ufeff{}", "invalid_json"),
    "a list": ("[1, 2]", "wrong_type"),
    "no record_id": (dump(note(record_id=...)), "missing_field"),
    "no text": (dump(note(text=...)), "missing_field"),
    "no entities": (dump(note(entities=...)), "missing_field"),
    "an empty object": ("{}", "missing_field"),
    "an unknown field": (dump(note(**{CANARY: 1})), "unknown_field"),
    "a misspelt field": (dump(note(patientid="p")), "unknown_field"),
    "an unknown field of an entity": (dump(span(0, 3, **{CANARY: 1})), "unknown_field"),
    "an entity without label": (dump(note(entities=[{"start": 0, "end": 3}])), "missing_field"),
    "an empty id": (dump(note(record_id="")), "bad_id"),
    "a number for an id": (dump(note(record_id=17)), "bad_id"),
    "an id of 201 characters": (dump(note(record_id="x" * 201)), "bad_id"),
    "null for a patient": (dump(note(patient_id=None)), "bad_id"),
    "text that is a list": (dump(note(text=[CANARY])), "wrong_type"),
    "text that is null": (dump(note(text=None)), "wrong_type"),
    "empty text": (dump(note(text="", entities=[])), "empty_text"),
    "blank text": (dump(note(text=" \n\t\u00a0", entities=[])), "empty_text"),
    "text of 1,000,001 characters": (dump(note(text="a" * 1_000_001, entities=[])), "text_too_long"),
    "entities that are an object": (dump(note(entities={})), "wrong_type"),
    "an entity that is a list": (dump(note(entities=[[0, 3, CANARY]])), "wrong_type"),
    "a label that is a number": (dump(span(0, 7, label=3)), "wrong_type"),
    "an empty label": (dump(span(0, 7, label="")), "wrong_type"),
    "a label of 101 characters": (dump(span(0, 7, label="x" * 101)), "wrong_type"),
    "a float offset": (dump(span(0.0, 7)), "offset_type"),
    "a boolean offset": (dump(span(False, 7)), "offset_type"),
    "an offset that is a string": (dump(span("0", 7)), "offset_type"),
    "an offset that is null": (dump(span(0, None)), "offset_type"),
    "a negative offset": (dump(span(-3, 7)), "offset_negative"),
    "offsets the wrong way round": (dump(span(7, 0)), "offset_reversed"),
    "an empty span": (dump(span(7, 7)), "offset_reversed"),
    "one past the end": (dump(span(0, len(NOTE) + 1)), "offset_past_end"),
    "far past the end": (dump(span(10**30, 10**31)), "offset_past_end"),
    "another surface": (dump(span(33, 40, surface=CANARY)), "surface_mismatch"),
    "a surface that is a number": (dump(span(33, 40, surface=1)), "surface_mismatch"),
    "a span of white space": (dump(span(7, 8)), "blank_span"),
    "codes that are strings": (dump(note(codes=[CANARY])), "wrong_type"),
    "a code without system": (dump(note(codes=[{"code": "I10"}])), "missing_field"),
    "a code that is a number": (dump(note(codes=[{"system": "icd10", "code": 10}])), "wrong_type"),
}

# One strange record that must be accepted as it is.
STRANGE_RECORDS = {
    "zero-width characters": note(text="take\u200b as\u200dpirin", entities=[{"start": 6, "end": 8, "label": "drug"}]),
    "a byte order mark in the text": note(text="\ufeffaspirin", entities=[{"start": 1, "end": 8, "label": "drug"}]),
    "line ends of all kinds": note(text="a\r\nb\rc\nd\u2028e\u0085f", entities=[{"start": 3, "end": 4, "label": "x"}]),
    "HTML": note(text="<script>alert(1)</script> aspirin", entities=[{"start": 26, "end": 33, "label": "drug"}]),
    "control characters": note(text="a\x00b\x07\x1b[31m", entities=[{"start": 0, "end": 1, "label": "x"}]),
    "composed": note(text="caf\u00e9", entities=[{"start": 0, "end": 4, "label": "x"}]),
    "decomposed": note(text="cafe\u0301", entities=[{"start": 0, "end": 5, "label": "x"}]),
    "emoji": note(text="\U0001f600 aspirin", entities=[{"start": 2, "end": 9, "label": "drug"}]),
    "text of 1,000,000 characters": note(text="a" * 1_000_000, entities=[]),
    "no entity": note(entities=[]),
    "a right surface": span(33, 40, surface="aspirin"),
    "codes": note(codes=[{"system": "icd10", "code": "I10"}]),
    "an id that looks like a path": note(record_id="../../etc"),
}


def _records() -> list[Case]:
    """Each bad or strange record between two good ones, as JSON Lines and in a JSON array: the good ones must go on."""
    last = dump({**GOOD, "record_id": "g-2"})
    strange = {name: (dump(record), None) for name, record in STRANGE_RECORDS.items()}
    cases = []
    for name, (text, code) in {**BAD_RECORDS, **strange}.items():
        body = "\n".join((dump(GOOD), text, last)).encode()
        cases.append(Case(f"{name} (line)", "notes.jsonl", body, (None, code, None)))
        if code != "invalid_json":
            body = f"[{dump(GOOD)}, {text},\n{last}]".encode()
            cases.append(Case(f"{name} (element)", "notes.json", body, (None, code, None)))
    return cases


def _labels() -> list[Case]:
    declared = ("drug", "problem")
    other, case = (dump(span(0, 7, label=label)).encode() for label in (CANARY, "Drug"))
    return [
        Case("a label that is not declared", "a.jsonl", other, ("unknown_label",), declared=declared),
        Case("a label in another case", "a.jsonl", case, ("unknown_label",), declared=declared),
        Case("a declared label", "a.jsonl", LINE, (None,), declared=declared),
    ]


def _json_files() -> list[Case]:
    good = dump(GOOD)
    return [
        Case("a good line", "a.jsonl", LINE, (None,)),
        Case("a byte order mark at the start", "a.jsonl", b"\xef\xbb\xbf" + LINE, (None,)),
        Case("blank lines", "a.jsonl", b"\n\r\n" + LINE + b"\r\n\n", (None,)),
        Case("nothing but blank lines", "a.jsonl", b"\n\n", ()),
        Case("one object", "a.json", LINE, (None,)),
        Case("an object with records", "a.json", f'{{"replace": false, "records": [{good}, {good}]}}'.encode(), (None, None)),
        Case("an object with no records", "a.json", b'{"records": []}', ()),
        Case("an empty array", "a.json", b" [ ]\n", ()),
        Case("a trailing comma", "a.json", f"[{good},]".encode(), (None, "invalid_json")),
        Case("an element of single quotes", "a.json", f"[{good}, {{'a': 1}}, {good}]".encode(), (None, "invalid_json", None)),
        Case("an element that is a word", "a.json", f"[{good}, {CANARY}, {good}]".encode(), (None, "invalid_json", None)),
        Case("brackets and quotes in a text", "a.json", dump([note(text='a ]}"[{,\\ b', entities=[])]).encode(), (None,)),
        Case("an array cut off in a string", "a.json", dump([GOOD]).encode()[:60], whole="truncated"),
        Case("an array that is not closed", "a.json", dump([GOOD]).encode()[:-1], whole="truncated"),
        Case("an object that is not closed", "a.json", LINE[:-1], whole="truncated"),
        Case("an empty file", "a.json", b"", whole="truncated"),
        Case("JSON Lines named .json", "a.json", LINE + b"\n" + LINE, whole="not_the_format"),
        Case("records twice", "a.json", b'{"records": [], "records": []}', whole="not_the_format"),
        Case("a number", "a.json", b"17", whole="not_the_format"),
        Case("prose named .jsonl", "a.jsonl", f"{CANARY} was seen.\nShe is well.".encode(), whole="not_the_format"),
        Case("CSV named .jsonl", "a.jsonl", b"record_id,text,entities\na,b,[]", whole="not_the_format"),
        Case("CSV named .json", "a.json", b"record_id,text,entities\na,b,[]", whole="not_the_format"),
        Case("Latin-1", "a.jsonl", '{"text": "caf\u00e9"}'.encode("latin-1"), whole="not_utf8"),
        Case("UTF-16", "a.jsonl", dump(GOOD).encode("utf-16"), whole="not_utf8"),
        Case("an encoded surrogate", "a.jsonl", b'{"text": "\xed\xa0\x80"}', whole="not_utf8"),
        Case("overlong UTF-8", "a.jsonl", b'{"text": "\xc0\xaf"}', whole="not_utf8"),
        Case("cut off inside a character", "a.jsonl", b'{"text": "\xf0\x9f', whole="not_utf8"),
    ]  # fmt: skip


def _packed_files() -> list[Case]:
    return [
        Case("gzip", "a.jsonl.gz", gz(LINE), (None,)),
        Case("gzip in two members", "A.JSONL.GZ", gz(LINE + b"\n") + gz(LINE), (None, None)),
        Case("a gzip bomb", "a.jsonl.gz", gz(b"\n" * BOMB), whole="gzip_bomb"),
        Case("a gzip bomb inside JSON", "a.json.gz", gz(b"[" + b" " * BOMB + b"]"), whole="gzip_bomb"),
        Case("gzip cut off", "a.jsonl.gz", gz(LINE * 50)[:-12], whole="truncated"),
        Case("gzip with a flipped bit", "a.jsonl.gz", gz(LINE)[:-6] + b"\x00" + gz(LINE)[-5:], whole="truncated"),
        Case("not gzipped", "a.jsonl.gz", LINE, whole="not_the_format"),
        Case("an empty .gz", "a.jsonl.gz", b"", whole="not_the_format"),
        Case("gzip without the name", "a.jsonl", gz(LINE), whole="not_the_format"),
        Case("gzip twice", "a.jsonl.gz", gz(gz(LINE)), whole="not_the_format"),
        Case("a workbook named .csv", "a.csv", SHEET, whole="not_the_format"),
        Case("an unknown format", "a.pdf", b"%PDF-1.7", whole="unsupported_format"),
        Case("no ending", "jsonl", LINE, whole="unsupported_format"),
        Case("nothing but .gz", "a.gz", gz(LINE), whole="unsupported_format"),
        Case("more lines than there can be records", "a.jsonl", b"\n" * 600_000, whole="too_large"),
        Case("more elements than there can be records", "a.json", b"[" + b"1," * 600_000 + b"1]", whole="too_large"),
    ]


def _csv(*rows: str) -> bytes:
    return "\r\n".join(rows).encode()


def _tables() -> list[Case]:
    quoted = '"' + ENTITIES.replace('"', '""') + '"'
    head = "record_id,text,entities"
    numbers = workbook(HEADER, (17, NOTE, ENTITIES), (18.0, 120, "[]"))
    bad_cell = workbook(HEADER, ("x", NOTE, CANARY), ("y", NOTE, "[]"))
    return [
        Case("a CSV", "a.csv", _csv(head, f"c-1,{NOTE},{quoted}"), (None,)),
        Case("a CSV with a byte order mark", "a.csv", b"\xef\xbb\xbf" + _csv(head, f"c-1,{NOTE},{quoted}"), (None,)),
        Case("a CSV with line ends in a text", "a.csv", _csv(head, f'c-1,"{NOTE}\r\nnext\nlast",{quoted}'), (None,)),
        Case("a CSV with empty optional cells", "a.csv", _csv(head + ",patient_id,codes", f"c-1,{NOTE},[],,"), (None,)),
        Case("a cell without a column", "a.csv", _csv(head, f"c-1,{NOTE},[],{CANARY}", "c-2,b,[]"), ("unknown_field", None)),
        Case("a short row", "a.csv", _csv(head, "c-1,b", "c-2,b,[]"), ("missing_field", None)),
        Case("a cell that is no JSON", "a.csv", _csv(head, f"c-1,b,{CANARY}"), ("invalid_json",)),
        Case("a NaN in a cell", "a.csv", _csv(head, "c-1,b,[NaN]"), ("not_finite",)),
        Case("an unknown column", "a.csv", _csv(head + f",{CANARY}", "c-1,b,[],1"), ("unknown_field",)),
        Case("a CSV cell of 200,000 characters", "a.csv", _csv(head, f"c-1,{'a ' * 100_000},[]"), (None,)),
        Case("a CSV without header", "a.csv", _csv(f"c-1,{CANARY},[]", f"c-2,{CANARY},[]"), whole="not_the_format"),
        Case("a CSV with semicolons", "a.csv", _csv(head.replace(",", ";"), "c-1;b;[]"), whole="not_the_format"),
        Case("a CSV with a column twice", "a.csv", _csv(head + ",text", "c-1,b,[],c"), whole="not_the_format"),
        Case("an empty CSV", "a.csv", b"", whole="not_the_format"),
        Case("a CSV cut off in quotes", "a.csv", _csv(head, 'c-1,"b'), whole="truncated"),
        Case("a CSV with stray quotes", "a.csv", _csv(head, 'c-1,"b"x,[]', "c-2,b,[]"), whole="not_the_format"),
        Case("a workbook", "a.xlsx", SHEET, (None,)),
        Case("a gzipped workbook", "a.xlsx.gz", gz(SHEET), (None,)),
        Case("a workbook with numbers for ids", "a.xlsx", numbers, (None, None)),
        Case("a workbook with an empty row", "a.xlsx", workbook(HEADER, (), ("x", NOTE, "[]")), (None,)),
        Case("a workbook with a bad cell", "a.xlsx", bad_cell, ("invalid_json", None)),
        Case("a workbook with a boolean text", "a.xlsx", workbook(HEADER, ("x", True, "[]")), ("wrong_type",)),
        Case("a workbook without header", "a.xlsx", workbook(("x", CANARY, "[]")), whole="not_the_format"),
        Case("a workbook cut off", "a.xlsx", SHEET[:-200], whole="truncated"),
        Case("a zip that is no workbook", "a.xlsx", archive("a.txt", CANARY.encode()), whole="not_the_format"),
        Case("a zip bomb", "a.xlsx", archive("xl/workbook.xml", b" " * BOMB), whole="gzip_bomb"),
        Case("prose named .xlsx", "a.xlsx", CANARY.encode(), whole="not_the_format"),
    ]  # fmt: skip


def cases() -> list[Case]:
    return [*_records(), *_labels(), *_json_files(), *_packed_files(), *_tables()]
