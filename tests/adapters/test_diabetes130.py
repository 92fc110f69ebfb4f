"""Hospital stays: what is known at admission as features, `None` as a value, `?` as missing, refusals by line and column."""

from __future__ import annotations

import csv
import gzip
import io
from pathlib import Path

import pytest

from adapters import diabetes130
from chartloop import columns, stays
from chartloop.errors import FileProblem
from tests.corpus.public import data

STAY = {
    "encounter_id": "2278392", "patient_nbr": "8222157", "time_in_hospital": "3", "diag_1": "250.83", "age": "[70-80)",
    "gender": "Female", "race": "?", "weight": "?", "admission_type_id": "6", "admission_source_id": "7",
    "medical_specialty": "Cardiology", "payer_code": "None", "number_inpatient": "2", "number_emergency": "0",
    "number_outpatient": "0", "num_medications": "18", "A1Cresult": "None", "ward": "4",
}  # fmt: skip


def table(folder: Path, *stays: dict[str, str], packed: bool = False) -> Path:
    out = io.StringIO()
    writer = csv.DictWriter(out, list(stays[0]))
    writer.writeheader()
    writer.writerows(stays)
    path = folder / ("stays.csv.gz" if packed else "stays.csv")
    path.write_bytes(gzip.compress(out.getvalue().encode()) if packed else out.getvalue().encode())
    return path


@pytest.mark.parametrize("packed", [True, False])
def test_a_stay_is_a_record_of_what_was_known_at_admission(tmp_path: Path, *, packed: bool) -> None:
    _, (record, remarks) = diabetes130.read_file(table(tmp_path, STAY, packed=packed))
    assert record is not None
    assert {name: record[name] for name in ("record_id", "patient_id", "target")} == {
        "record_id": "2278392", "patient_id": "8222157", "target": 3.0,
    }  # fmt: skip
    assert record["features"] == {
        "diag_1": "250.83", "age": "[70-80)", "gender": "Female", "admission_type_id": "6", "admission_source_id": "7",
        "medical_specialty": "Cardiology", "payer_code": "None", "number_inpatient": 2.0, "number_emergency": 0.0,
        "number_outpatient": 0.0,
    }  # fmt: skip
    assert remarks == []


def test_what_is_left_out_is_told_with_its_reason(tmp_path: Path) -> None:
    (nothing, told), *_ = diabetes130.read_file(table(tmp_path, STAY))
    assert nothing is None
    assert [remark.code for remark in told] == ["known_at_discharge", "not_declared", "diagnosis"]
    assert told[0].message.endswith("num_medications, A1Cresult")
    assert told[1].message.endswith("1 more columns")


@pytest.mark.parametrize(("name", "value"), [("time_in_hospital", "x"), ("number_inpatient", "x")])
def test_a_row_that_breaks_a_rule_is_named_by_line_and_column(tmp_path: Path, name: str, value: str) -> None:
    with pytest.raises(FileProblem, match=rf"line 3: .*{name}"):
        list(diabetes130.read_file(table(tmp_path, STAY, {**STAY, name: value})))


def test_another_table_and_broken_quotes_are_refused(tmp_path: Path) -> None:
    with pytest.raises(FileProblem, match="lacks encounter_id, patient_nbr"):
        list(diabetes130.read_file(table(tmp_path, {"diag_1": "1"})))
    path = table(tmp_path, STAY)
    path.write_text(path.read_text() + '"cut ')
    with pytest.raises(FileProblem, match="quotes of line 3"):
        list(diabetes130.read_file(path))


def test_the_real_table_is_read_whole() -> None:
    found = [record for record, _ in diabetes130.read_file(data("diabetes130") / "diabetic_data.csv.gz") if record]
    assert len(found) == 81_168
    assert len({record["patient_id"] for record in found}) == 56_990
    assert sum("race" not in record["features"] for record in found) == 1_817
    assert all(columns.check(record["features"], stays.COLUMNS) == (record["features"], []) for record in found[:500])
