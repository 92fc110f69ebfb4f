"""Stored vectors and codes, read from the folder, through the search function, or by a vector index: the same answers."""

from __future__ import annotations

import io
import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from adapters.function_library import FunctionLibrary
from adapters.indexed import IndexedLibrary, IndexedModelFolder
from adapters.library import FolderLibrary
from adapters.vector_index import VectorIndex
from chartloop.errors import ChartloopError, Conflict, NotFound, Unavailable
from chartloop.seams import Library
from lambdas import search
from tests.published import ENCODER
from tests.published import publish as written
from tests.vector_service import BUCKET, vector_service

I10, R05 = ("icd10cm", "I10"), ("icd10cm", "R05")
RECORDS = {"r-1": ([1.0, 0.0], [I10]), "r-2": ([0.8, 0.6], [I10, R05]), "r-3": ([0.0, 1.0], [])}
DESCRIBED = {"icd10cm": {"I10": "Essential hypertension", "J45.909": "Unspecified asthma, uncomplicated"}}
HYPERTENSION = {"text": "known hypertension", "vector": [1.0, 0.0]}


class Lambda:
    """Runs the search function's own code on a folder, over JSON; `broken` answers instead."""

    def __init__(self, library: Library) -> None:
        self._library = library
        self.broken: dict[str, Any] | ClientError | None = None

    def invoke(self, *, FunctionName: str, Payload: bytes) -> dict[str, Any]:  # noqa: N803 (boto3's names)
        assert FunctionName == "chartloop-search"
        if isinstance(self.broken, ClientError):
            raise self.broken
        if self.broken is not None:
            return {"FunctionError": "Unhandled", "Payload": io.BytesIO(json.dumps(self.broken).encode())}
        return {"Payload": io.BytesIO(json.dumps(search.handle(json.loads(Payload), self._library)).encode())}


Publish = Callable[..., None]


@pytest.fixture
def index() -> Iterator[VectorIndex]:
    with vector_service() as client:
        yield VectorIndex(BUCKET, client=client)


@pytest.fixture(params=["folder", "function", "index", "index behind the function"])
def library(request: pytest.FixtureRequest, tmp_path: Path) -> Library:
    inner: Library = FolderLibrary(tmp_path)
    if "index" in request.param:
        inner = IndexedLibrary(tmp_path, request.getfixturevalue("index"))
    return FunctionLibrary("chartloop-search", client=Lambda(inner)) if "function" in request.param else inner


@pytest.fixture
def publish(library: Library, request: pytest.FixtureRequest, tmp_path: Path) -> Publish:
    """Writes the folder as tests/published.py does and, where the library asks an index, points at it as publication does."""

    def published(name: str, *records: Any, **more: Any) -> None:
        written(tmp_path, name, *records, **more)
        if "index" in request.node.callspec.params["library"]:
            IndexedModelFolder(tmp_path, request.getfixturevalue("index")).point_embeddings("ner", name)

    return published


def test_similar_records_by_id(library: Library, publish: Publish) -> None:
    publish("run-1", RECORDS)
    found = library.similar("ner", ENCODER, [1.0, 0.0], 2)
    assert found == [{"record_id": "r-1", "similarity": 1.0}, {"record_id": "r-2", "similarity": 0.8}]


def test_codes_with_their_evidence(library: Library, publish: Publish) -> None:
    publish("run-1", RECORDS, DESCRIBED)
    ((first, second),) = library.suggest("ner", ENCODER, [HYPERTENSION], 5)
    assert (first["system"], first["code"], first["description"]) == ("icd10cm", "I10", "Essential hypertension")
    assert [each["record_id"] for each in first["evidence"]["records"]] == ["r-1", "r-2"]
    assert first["evidence"]["words"] == [{"start": 6, "end": 18}]
    assert (second["code"], second["description"]) == ("R05", "")


def test_a_described_code_that_no_record_carries_is_found(library: Library, publish: Publish) -> None:
    publish("run-1", {"r-1": ([1.0, 0.0], [])}, DESCRIBED)
    (found,) = library.suggest("ner", ENCODER, [{"text": "asthma", "vector": [1.0, 0.0]}], 5)
    assert [each["code"] for each in found] == ["J45.909"] and found[0]["evidence"]["records"] == []


def test_the_pointer_moves_and_the_old_folder_goes(library: Library, publish: Publish, tmp_path: Path) -> None:
    publish("run-1", RECORDS)
    assert library.similar("ner", ENCODER, [0.0, 1.0], 1)[0]["record_id"] == "r-3"
    publish("run-2", {"r-9": ([0.0, 1.0], [])})
    shutil.rmtree(tmp_path / "embeddings" / "ner" / "run-1")
    assert library.similar("ner", ENCODER, [0.0, 1.0], 1)[0]["record_id"] == "r-9"


def refusal(library: Library, encoder: dict[str, str] = ENCODER) -> ChartloopError:
    with pytest.raises(ChartloopError) as raised:
        library.suggest("ner", encoder, [HYPERTENSION], 5)
    return raised.value


def test_nothing_is_stored_before_the_first_run(library: Library) -> None:
    assert isinstance(refusal(library), NotFound) and refusal(library).code == "nothing_stored"


def test_records_without_codes_and_no_descriptions(library: Library, publish: Publish) -> None:
    publish("run-1", {"r-1": ([1.0, 0.0], [])})
    assert refusal(library).code == "no_codes"
    assert library.similar("ner", ENCODER, [1.0, 0.0], 1)


def test_an_empty_collection_has_nothing_similar(library: Library, publish: Publish) -> None:
    publish("run-1", {}, DESCRIBED)
    assert library.similar("ner", ENCODER, [1.0, 0.0], 3) == []
    assert library.suggest("ner", ENCODER, [HYPERTENSION], 5)[0][0]["code"] == "I10"


@pytest.mark.parametrize("other", [{"hash": "f" * 64}, {"engine": "onnx"}, {"precision": "fp32"}])
def test_vectors_of_another_encoder_are_never_compared(library: Library, publish: Publish, other: dict[str, str]) -> None:
    publish("run-1", RECORDS)
    error = refusal(library, {**ENCODER, **other})
    assert isinstance(error, Conflict) and error.code == "other_encoder" and "after the next run" in error.message


def test_files_that_are_broken_are_told_as_such(library: Library, publish: Publish, tmp_path: Path) -> None:
    publish("run-1", RECORDS)
    (tmp_path / "embeddings" / "ner" / "run-1" / "codes.npy").write_bytes(b"half")
    error = refusal(library)
    assert isinstance(error, Unavailable) and error.code == "search_failed"


@pytest.mark.parametrize(
    "broken",
    [
        {"errorType": "MemoryError", "errorMessage": "known hypertension"},
        ClientError({"Error": {"Code": "TooManyRequestsException", "Message": "slow down"}}, "Invoke"),
    ],
)
def test_a_function_that_fails_is_told_without_its_words(tmp_path: Path, broken: Any) -> None:
    function = Lambda(FolderLibrary(tmp_path))
    function.broken = broken
    error = refusal(FunctionLibrary("chartloop-search", client=function))
    assert isinstance(error, Unavailable) and error.code == "search_failed" and "hypertension" not in error.message
