"""Faults that change nothing which can be seen, by file and by the line that the fault writes, each with its reason."""

from __future__ import annotations

DUMPED = 'return json.dumps(record, ensure_ascii={}, sort_keys=True, separators=(",", ":"), allow_nan={}).encode()'
COUNTED = 'wrong = sum("error" in one or not same(one, request["answer"]) for one, request in zip(given, golden, {}))'
UNTOLD = "the refusal that would name the field is caught: all that is asked is whether the id can be read"

EQUIVALENT: dict[str, dict[str, str]] = {
    "chartloop/records.py": {
        DUMPED.format("None", "False"): "None is as false as False",
        DUMPED.format("False", "None"): "None is as false as False",
        "members = fields.known(value, None, form.required, form.optional)": "no place is no place, empty or None",
        'return fields.short(value["record_id"], None, fields.MAX_ID)': UNTOLD,
        'return fields.short(value["record_id"], "XXrecord_idXX", fields.MAX_ID)': UNTOLD,
        'return fields.short(value["record_id"], "RECORD_ID", fields.MAX_ID)': UNTOLD,
    },
    "chartloop/promotion.py": {
        COUNTED.format("strict=None"): "None is as false as False",
        COUNTED.format(""): "False is what it is without",
        "return this if places[this] >= places[known] else str(known)": "runs do not share a place: equal is one and the same",
    },
}
