"""Files that are no JSON of ours: a brat archive, an export of Label Studio, a packed file by upload."""

from __future__ import annotations

import gzip
import json
import zipfile
from pathlib import Path

from playwright.sync_api import expect

from tests.browser.conftest import MayVisit, pictured

NOTE = "😀 He takes aspirin."


def brat(folder: Path) -> Path:
    with zipfile.ZipFile(folder / "brat.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("ward/brat-1.txt", NOTE)
        archive.writestr("ward/brat-1.ann", "T1\tdrug 11 18\taspirin\nT2\tdrug 0 1;3 4\tx\n")
    return folder / "brat.zip"


def label_studio(folder: Path) -> Path:
    label = {"type": "labels", "to_name": "text", "value": {"start": 12, "end": 19, "labels": ["drug"]}}
    file = folder / "export.json"
    file.write_text(json.dumps([{"id": 5, "data": {"text": NOTE}, "annotations": [{"result": [label]}]}]))
    return file


def test_annotated_files_of_other_tools_are_records(visit: MayVisit, tmp_path: Path) -> None:
    there = visit()
    page = there.page
    there.sign_in("/send")
    for file, record in ((brat(tmp_path), "brat-1"), (label_studio(tmp_path), "task-5")):
        page.locator("input[type=file]").set_input_files(file)
        expect(page.get_by_role("region", name=f"Text of {record}").locator("mark")).to_have_text("aspirin")
        page.get_by_role("button", name="Check records").click()
        expect(page.get_by_text("All 1 records can be read")).to_be_visible()
    assert there.barriers() == []


def test_records_are_found_by_words_and_label(visit: MayVisit, tmp_path: Path) -> None:
    there = visit()
    page = there.page
    there.sign_in("/send")
    page.get_by_role("button", name="Use a sample file").click()
    page.get_by_label("Find by id or words").fill("chest pain")
    expect(page.get_by_role("table", name="Records of the file").get_by_role("row")).to_have_count(2)
    page.get_by_role("button", name="Choose none").click()
    page.get_by_role("button", name="Choose all 1 found").click()
    expect(page.get_by_text("(1 of 3 chosen)")).to_be_visible()


def test_a_packed_file_goes_by_an_upload_and_gets_its_receipt(visit: MayVisit, tmp_path: Path) -> None:
    there = visit()
    page = there.page
    record = {"record_id": "up-1", "patient_id": "up", "text": NOTE, "entities": [{"start": 11, "end": 18, "label": "drug"}]}
    file = tmp_path / "up.jsonl.gz"
    file.write_bytes(gzip.compress(json.dumps(record).encode()))
    there.sign_in("/send")
    page.locator("input[type=file]").set_input_files(file)
    page.get_by_role("button", name="Upload and send to training").click()
    expect(page.get_by_text("1 of 1 records accepted.")).to_be_visible()
    pictured(there, "uploaded")
