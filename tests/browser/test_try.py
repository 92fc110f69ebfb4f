"""Trying models that answer no entities: a class with its sentences, a number with its reasons, words; and none yet."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from chartloop import items, stays
from chartloop.models import judged
from tests.browser.conftest import MayVisit, pictured
from tests.worlds import FakeWorld

VERSION = "v-1"
TEXT = "😀 Chest is clear.  INCISION: made over the hip.  Closed in layers <b>twice</b>."
LOUD, SOFT = "INCISION: made over the hip.", "Closed in layers <b>twice</b>."
ANSWERS: dict[str, dict[str, Any]] = {
    "classification": {
        "label": "Surgery", "probability": 0.97, "probabilities": {"Surgery": 0.97, "Consult": 0.03}, "characters": len(TEXT),
        "sentences": [
            {"start": TEXT.index(words), "end": TEXT.index(words) + len(words), "surface": words, "weight": weight}
            for words, weight in ((SOFT, 0.2), (LOUD, 1.4))
        ],
    },
    "regression": {
        "value": 11.5834, "unit": "days", "base": 5.2286, "others": 0.4274,
        "reasons": [
            {"column": "diag_1", "given": "V57", "adds": 4.5556}, {"column": "age", "given": "[70-80)", "adds": 1.8},
            {"column": "number_inpatient", "given": None, "adds": -0.4453},
        ],
        "notes": [{"code": "unknown_value", "field": "age", "message": "the model does not know this value"}],
    },
    "generation": {"completion": "It is <i>not</i> inherited.\nSee a doctor.", "tokens": 9, "finish": "length"},
}  # fmt: skip


class Models:
    """Answers each task as its container does, and remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, Mapping[str, Any]]] = []

    def invoke(self, task: str, payload: Mapping[str, Any]) -> dict[str, Any]:
        self.asked.append((task, payload))
        return {"model_version": VERSION, "snapshot": None, "predictions": [dict(ANSWERS[task]) for _ in payload["inputs"]]}


@pytest.fixture(scope="module")
def models() -> Models:
    return Models()


@pytest.fixture(scope="module")
def origin(serve: Callable[[FakeWorld], str], models: Models) -> str:
    """A model of stays is in service, and what answers the other tasks."""
    world = FakeWorld()
    world.__dict__["models"] = models
    ledger = world.stores["ledger"]
    known = [
        {**asdict(column), "values": ["V57", "428"] if column.name == "diag_1" else column.values} for column in stays.COLUMNS
    ]
    made = {"task": "regression", "version": VERSION, "schema": {"unit": "days", "columns": known}}
    told: dict[str, Any] = {"verdict": "promote", "metrics": {"mae": 2.1}, "reason": "the first", "code_version": "1"}
    model = judged(None, made, **told, now=world.clock())
    ledger.save(items.task_item(ledger, "regression") | {"champion": {"version": VERSION, "sha256": "0" * 64}}, model)
    return serve(world)


def asked(page: Page, label: str, value: str) -> None:
    page.get_by_label(label, exact=True).fill(value)
    page.get_by_label(label, exact=True).press("Control+Enter")


def test_a_text_is_told_its_class_and_what_spoke_for_it(visit_at: MayVisit, origin: str, models: Models) -> None:
    there = visit_at(origin)
    there.sign_in("/try?task=classification")
    there.page.get_by_label("Sentences").fill("2")
    asked(there.page, "Text", TEXT)
    expect(there.page.get_by_role("heading", name="Surgery")).to_be_visible()
    spoke = there.page.get_by_role("region", name="What spoke for the class")
    expect(spoke.locator("mark[data-ends='1']")).to_have_text(LOUD)
    expect(spoke.locator("mark[data-ends='2']")).to_have_text(SOFT)
    assert models.asked[-1] == ("classification", {"inputs": [TEXT], "sentences": 2, "offset_unit": "codepoint"})
    assert there.barriers() == []
    pictured(there, "tried-class")


def test_a_row_is_filled_in_by_the_columns_that_the_model_reads(visit_at: MayVisit, origin: str, models: Models) -> None:
    there = visit_at(origin)
    page = there.page
    there.sign_in("/try?task=regression")
    page.get_by_label("Reason for admission").click()
    page.get_by_role("option", name="V57").click()
    page.get_by_label("Age in years").click()
    page.get_by_role("option", name="70 to 79").click()
    page.get_by_role("button", name="Predict").click()
    expect(page.get_by_role("heading", name="11.58 days")).to_be_visible()
    reasons = page.get_by_role("table", name="What made the answer")
    expect(reasons.get_by_role("row").filter(has_text="Age in years")).to_contain_text("70 to 79")
    expect(reasons.get_by_role("row").filter(has_text="Stays in hospital")).to_contain_text("not given")
    expect(page.get_by_text("the model does not know this value")).to_be_visible()
    assert page.get_by_label("num lab procedures").count() == 0, "nobody knows it at admission"
    assert models.asked[-1][0] == "regression" and models.asked[-1][1]["inputs"] == [{"diag_1": "V57", "age": "[70-80)"}]
    assert there.barriers() == []
    pictured(there, "tried-number")


def test_a_prompt_is_answered_in_text(visit_at: MayVisit, origin: str, models: Models) -> None:
    there = visit_at(origin)
    there.sign_in("/try?task=generation")
    there.page.get_by_label("Max new tokens").fill("9")
    asked(there.page, "Prompt", "Is it inherited?")
    expect(there.page.get_by_role("region", name="The answer")).to_contain_text("It is <i>not</i> inherited.")
    expect(there.page.get_by_text("9 tokens; cut off where its length was over")).to_be_visible()
    assert models.asked[-1][1]["max_new_tokens"] == 9
    assert there.barriers() == []
    pictured(there, "tried-answer")


def test_before_the_first_model_it_says_how_one_comes(visit_at: MayVisit, serve: Callable[[FakeWorld], str]) -> None:
    there = visit_at(serve(FakeWorld()))
    there.sign_in("/try?task=regression")
    expect(there.page.get_by_text("The first run that passes puts one into service.")).to_be_visible()
    there.complaints.clear()  # the refusal stands in the console
