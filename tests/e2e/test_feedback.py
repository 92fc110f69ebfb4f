"""A kept prediction is corrected, and the correction is a record of a batch; in the session's cloud, after its first run."""

from __future__ import annotations

from typing import Any

import pytest

from chartloop.errors import Forbidden, InvalidRequest
from client.api import Api
from tests.contracts import validate
from tests.e2e import easy
from tests.e2e.conftest import Cloud, until
from tests.e2e.test_loop import QUICK, RUN_SECONDS, processed

TEXT = "😀 the patient walks home and takes metformin before the meal."


@pytest.fixture(scope="module")
def serving(api: Api) -> str:
    """The version in service, of the run that another file's tests made, or of one of its own."""
    if api.task("ner")["champion"] is None:
        api.change_settings("ner", QUICK)
        api.post_records("ner", easy.notes(120, seed=1))
    champion = until(lambda: api.task("ner")["champion"], RUN_SECONDS)
    return str(champion["version"])


@pytest.fixture(scope="module")
def kept(api: Api, serving: str) -> Any:
    answer = api.predict("ner", [TEXT], keep=True, offset_unit="utf16")
    validate("prediction", answer)
    return answer["predictions"][0]


def test_a_kept_prediction_waits_for_review(cloud: Cloud, api: Api, kept: Any) -> None:
    page = api.review("ner", limit=50, text=True, offset_unit="utf16")
    validate("review", page)
    [waiting] = [each for each in page["predictions"] if each["prediction_id"] == kept["prediction_id"]]
    assert (waiting["text"], waiting["found"]) == (TEXT, kept["entities"])
    with cloud.api(cloud.scoped("chartloop/models:read")) as reader:
        assert "text" not in reader.review("ner")["predictions"][0]
        with pytest.raises(Forbidden):
            reader.review("ner", text=True)


def test_its_correction_is_a_record_once_and_leaves_the_queue(api: Api, kept: Any) -> None:
    before = api.task("ner")
    start = TEXT.index("metformin") + 1  # the smiley is two UTF-16 units
    right = {"start": start, "end": start + len("metformin"), "label": "drug", "surface": "metformin"}
    receipts = [api.feedback("ner", kept["prediction_id"], entities=[right], offset_unit="utf16") for _ in range(2)]
    assert receipts[0] == receipts[1]
    receipt = until(lambda: processed(api, receipts[0]["batch_id"]), 60)
    validate("batch_receipt", receipt)
    assert (receipt["counts"]["accepted"], receipt["source"]) == (1, "feedback")
    after = api.task("ner")
    assert after["records"] == before["records"] + 1
    waiting = api.review("ner", limit=50)["predictions"]
    assert kept["prediction_id"] not in {each["prediction_id"] for each in waiting}


def test_another_text_is_not_the_predictions(api: Api, kept: Any) -> None:
    with pytest.raises(InvalidRequest) as refused:
        api.feedback("ner", kept["prediction_id"], entities=[], text="another note")
    assert refused.value.code == "text_differs"


def test_drift_tells_of_the_version_what_was_corrected(api: Api, serving: str, kept: Any) -> None:
    found = api.drift("ner")
    validate("drift", found)
    [version] = [each for each in found["versions"] if each["model_version"] == serving]
    assert version["texts"] >= 1
    assert version["corrections"] is not None and version["corrections"]["texts"] >= 1
