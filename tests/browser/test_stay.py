"""The form for the length of a stay, as somebody uses it who never saw the dashboard: one patient, then a table of them."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from client import stays
from tests.browser.conftest import OUTPUT, MayVisit
from tests.e2e.conftest import Cloud, until
from tests.e2e.test_stays import QUICK, TASK

RUN_SECONDS = 900


@pytest.fixture(scope="module", autouse=True)
def served(cloud: Cloud) -> None:
    """A model of stays in service."""
    with cloud.api() as api:
        api.change_settings(TASK, QUICK)
        api.post_records(TASK, stays.write(400, seed=1))
        until(lambda: api.task(TASK)["champion"], RUN_SECONDS)


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_one_patient_is_told_in_words(visit: MayVisit, dark: bool) -> None:
    OUTPUT.mkdir(parents=True, exist_ok=True)
    there = visit(dark=dark)
    page = there.page
    there.sign_in("/stay.html")
    page.get_by_label("Reason for admission").select_option("V57")
    page.get_by_label("Age in years").select_option(label="70 to 79")
    page.get_by_label("Kind of admission").select_option(label="Emergency")
    page.get_by_role("button", name="Estimate", exact=True).click()
    told = page.get_by_text(re.compile(r"^About \d"))
    expect(told).to_contain_text("days")
    expect(page.get_by_role("listitem").first).to_contain_text("Reason for admission, primary diagnosis (ICD-9 code): V57")
    expect(page.get_by_role("listitem").first).to_contain_text("longer")
    there.picture(OUTPUT / f"stay-{'dark' if dark else 'light'}.png")
    assert there.barriers() == []
    page.get_by_role("button", name="Empty the form").click()
    expect(told).to_have_count(0)


def test_a_table_is_answered_line_by_line_and_saved(visit: MayVisit, tmp_path: Path) -> None:
    there = visit()
    page = there.page
    there.sign_in("/stay.html")
    file = tmp_path / "ward.csv"
    rows = ["bed,diag_1,age,number_inpatient,num_medications", '"1, left",V57,[70-80),2,9', "2,786,[40-50),often,9", "3,X99,,0,9"]
    file.write_text("\n".join(rows))
    page.get_by_label("CSV file").set_input_files(file)
    page.get_by_role("button", name="Estimate all").click()
    expect(page.get_by_text("2 of 3 estimated, 1 could not be read")).to_be_visible()
    expect(page.get_by_text("the model does not read it: bed, num_medications")).to_be_visible()
    expect(page.get_by_role("row").nth(2)).to_contain_text("Stays in hospital in the year before: this is no number.")
    expect(page.get_by_role("row").nth(3)).to_contain_text("the model does not know this value")
    there.picture(OUTPUT / "stay-table.png")
    assert there.barriers() == []
    with page.expect_download() as saving:
        page.get_by_role("button", name="Download the results").click()
    saved = list(csv.DictReader(saving.value.path().read_text().splitlines()))
    assert saving.value.suggested_filename == "ward-days.csv"
    assert [row["bed"] for row in saved] == ["1, left", "2", "3"]
    assert float(saved[0]["predicted_days"]) > float(saved[2]["predicted_days"]) and saved[1]["predicted_days"] == ""
    assert "V57" in saved[0]["reasons"] and "no number" in saved[1]["problem"]


def test_a_file_that_is_no_table_is_told_in_words(visit: MayVisit, tmp_path: Path) -> None:
    there = visit()
    there.sign_in("/stay.html")
    file = tmp_path / "other.csv"
    file.write_text("name,town\nA,B\n")
    there.page.get_by_label("CSV file").set_input_files(file)
    there.page.get_by_role("button", name="Estimate all").click()
    expect(there.page.get_by_text("No column of the file is one that the model reads")).to_be_visible()
