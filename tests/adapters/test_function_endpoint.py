"""The predict function asked past the API: what it says, what it refuses, and how its failures are told."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from adapters.folder_models import FolderModels
from adapters.function_endpoint import FunctionEndpoints
from chartloop.errors import ModelError, Unavailable
from chartloop.settings import Settings
from lambdas import predict
from tests.adapters.test_folder_models import TEXT, Folder

SETTINGS = Settings(bucket="data", ledger="ledger", serving="lambda", predict_function="chartloop-predict")
ASKED = {"inputs": [TEXT], "min_confidence": 0.0}


class Lambda:
    """Invokes the function's own code on a model folder; `broken` answers instead."""

    def __init__(self, root: Path) -> None:
        self._models = FolderModels(root, "chartloop")
        self.broken: dict[str, Any] | ClientError | None = None

    def invoke(self, *, FunctionName: str, Payload: bytes) -> dict[str, Any]:  # noqa: N803 (boto3's names)
        assert FunctionName == "chartloop-predict"
        if isinstance(self.broken, ClientError):
            raise self.broken
        if self.broken is not None:
            return {"FunctionError": "Unhandled", "Payload": io.BytesIO(json.dumps(self.broken).encode())}
        answer = predict.direct(json.loads(Payload), self._models)
        return {"StatusCode": 200, "Payload": io.BytesIO(json.dumps(answer).encode())}


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


@pytest.fixture
def function(folder: Folder) -> Lambda:
    return Lambda(folder.root)


@pytest.fixture
def endpoints(function: Lambda) -> FunctionEndpoints:
    return FunctionEndpoints(SETTINGS, client=function)


def version_of(endpoints: FunctionEndpoints, config: str | None = None) -> str:
    return str(endpoints.invoke("ner", ASKED, config=config)["model_version"])


def test_a_candidate_answers_before_the_switch_and_the_champion_to_others(folder: Folder, endpoints: FunctionEndpoints) -> None:
    folder.point("v1")
    wanted = endpoints.config_name("v2", folder.sha256["v2"])
    endpoints.deploy("ner", "v2", model_uri="", sha256=folder.sha256["v2"], guarded=True)
    assert endpoints.rehearse("ner", "v2", model_uri="", sha256=folder.sha256["v2"]) is None
    assert endpoints.state("ner", wanted).config == wanted == folder.config("v2")
    assert version_of(endpoints, wanted) == "v2" and version_of(endpoints) == "v1"


def test_going_back_needs_nothing_but_the_pointer(folder: Folder, endpoints: FunctionEndpoints) -> None:
    folder.point("v1")
    champion = endpoints.config_name("v1", folder.sha256["v1"])
    endpoints.redeploy("ner", champion)
    endpoints.settle("ner")
    assert (endpoints.state("ner", champion).status, endpoints.state("ner", champion).config) == ("InService", champion)


def test_before_the_first_model_there_is_none(endpoints: FunctionEndpoints) -> None:
    endpoints.redeploy("ner", None)
    assert endpoints.state("ner").status == "Missing" and endpoints.state("ner").config is None
    with pytest.raises(Unavailable) as refused:
        version_of(endpoints)
    assert refused.value.code == "no_model"


def test_a_model_that_cannot_be_read_is_a_model_error(folder: Folder, endpoints: FunctionEndpoints) -> None:
    folder.point("v1")
    folder.file("v1", "model.onnx").write_bytes(b"")
    with pytest.raises(ModelError, match="cannot be loaded"):
        version_of(endpoints)


def test_a_function_that_ends_is_told_by_kind(function: Lambda, endpoints: FunctionEndpoints) -> None:
    function.broken = {"errorType": "Sandbox.Timedout", "errorMessage": "canary"}
    with pytest.raises(ModelError) as refused:
        version_of(endpoints)
    assert refused.value.details == {"type": "Sandbox.Timedout"} and "canary" not in str(refused.value.to_json())


def test_a_busy_function_is_waking_and_other_refusals_rise(function: Lambda, endpoints: FunctionEndpoints) -> None:
    function.broken = ClientError({"Error": {"Code": "TooManyRequestsException"}}, "Invoke")
    with pytest.raises(Unavailable) as refused:
        version_of(endpoints)
    assert refused.value.code == "waking"
    function.broken = ClientError({"Error": {"Code": "AccessDeniedException"}}, "Invoke")
    with pytest.raises(ClientError):
        version_of(endpoints)
