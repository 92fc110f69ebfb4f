"""S3 Vectors as publication and search use it: what is sent, kept and removed, within the service's limits."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from botocore.awsrequest import AWSResponse

from adapters import vector_index
from adapters.indexed import IndexedLibrary, IndexedModelFolder
from adapters.vector_index import VectorIndex
from chartloop.errors import NotFound, Unavailable
from chartloop.settings import Settings
from chartloop.tasks import TASKS
from lambdas.wiring import World
from tests.published import ENCODER, publish, text_hash
from tests.vector_service import BUCKET, vector_service

OTHER = {**ENCODER, "precision": "fp32"}
EAST, NORTH = [1.0, 0.0], [0.0, 1.0]


@dataclass
class Service:
    """A client, and the bodies of what it put."""

    client: Any
    sent: list[bytes] = field(default_factory=list)

    def index(self, **options: Any) -> VectorIndex:
        return VectorIndex(BUCKET, client=self.client, **options)

    def names(self) -> list[str]:
        return [each["indexName"] for each in self.client.list_indexes(vectorBucketName=BUCKET)["indexes"]]

    def keys(self, task: str = "ner", encoder: dict[str, str] = ENCODER) -> list[str]:
        found = self.client.list_vectors(vectorBucketName=BUCKET, indexName=vector_index.name(task, encoder))
        return sorted(each["key"] for each in found["vectors"])

    def refuse(self, operation: str) -> None:
        refused = {"Error": {"Code": "AccessDeniedException", "Message": "no"}, "ResponseMetadata": {}}
        answer = AWSResponse("", 403, {}, None), refused
        self.client.meta.events.register(f"before-call.s3vectors.{operation}", lambda **_: answer)


@pytest.fixture
def service() -> Iterator[Service]:
    with vector_service() as client:
        made = Service(client)
        client.meta.events.register("before-call.s3vectors.PutVectors", lambda params, **_: made.sent.append(params["body"]))
        yield made


def rows(*names: str) -> dict[str, int]:
    return {name: row for row, name in enumerate(names)}


def many(count: int, dims: int = 2) -> tuple[dict[str, int], Any]:
    return rows(*map(str, range(count))), np.random.default_rng(1).normal(size=(count, dims)).astype(np.float32)


def test_what_is_there_is_not_sent_again(service: Service) -> None:
    for _ in range(2):
        service.index().put("ner", ENCODER, rows("a", "b"), np.array([EAST, NORTH], np.float32))
    assert len(service.sent) == 1
    service.index().put("ner", ENCODER, rows("a", "b", "c"), np.array([EAST, NORTH, EAST], np.float32))
    assert len(service.sent) == 2 and b'"a"' not in service.sent[1] and service.keys() == ["a", "b", "c"]


def test_a_text_that_is_gone_goes_and_other_tasks_keep_theirs(service: Service) -> None:
    both = np.array([EAST, NORTH], np.float32)
    for task in ("ner", "ner-2"):
        service.index().put(task, ENCODER, rows("a", "b"), both)
    service.index().keep("ner", ENCODER, {"b"})
    assert (service.keys(), service.keys("ner-2")) == (["b"], ["a", "b"])
    service.index().keep("ner", ENCODER, ())
    assert service.names() == [vector_index.name("ner-2", ENCODER)]


def test_vectors_of_two_encoders_never_lie_in_one_index(service: Service) -> None:
    index = service.index()
    index.put("ner", ENCODER, rows("a"), np.array([EAST], np.float32))
    index.put("ner", OTHER, rows("b"), np.array([[1.0, 0.0, 0.0]], np.float32))
    assert (service.keys(), service.keys(encoder=OTHER)) == (["a"], ["b"])
    index.keep("ner", OTHER, {"b"})
    assert service.names() == [vector_index.name("ner", OTHER)]


@pytest.mark.parametrize(("count", "dims", "requests"), [(501, 2, 2), (171, 4095, 2)])
def test_requests_stay_within_the_limits(service: Service, count: int, dims: int, requests: int) -> None:
    service.index().put("ner", ENCODER, *many(count, dims))
    assert len(service.sent) == requests and max(map(len, service.sent)) < 20 << 20
    assert len(service.keys()) == count


def test_where_time_is_up_it_goes_on_where_it_was(service: Service) -> None:
    named, vectors = many(4 * vector_index.BATCH + 1)
    with pytest.raises(Unavailable, match="the step goes on"):
        service.index(patience=0).put("ner", ENCODER, named, vectors)
    assert len(service.keys()) == 4 * vector_index.BATCH
    service.index(patience=0).put("ner", ENCODER, named, vectors)
    assert service.keys() == sorted(named) and len(service.sent) == 5


def test_a_vector_without_a_direction_is_left_out(service: Service) -> None:
    service.index().put("ner", ENCODER, rows("a", "b"), np.array([EAST, [0.0, 0.0]], np.float32))
    assert service.keys() == ["a"]


def test_no_index_before_a_run_has_made_it(service: Service) -> None:
    with pytest.raises(NotFound) as raised:
        service.index().nearest("ner", ENCODER, EAST, 3)
    assert raised.value.code == "nothing_stored"


def test_what_the_service_refuses_is_told_without_its_words(service: Service) -> None:
    service.refuse("QueryVectors")
    with pytest.raises(Unavailable) as raised:
        service.index().nearest("ner", ENCODER, EAST, 3)
    assert raised.value.code == "search_failed"


@pytest.mark.parametrize("task", TASKS)
def test_names_follow_the_service_s_rule(task: str) -> None:
    assert re.fullmatch(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]", vector_index.name(task, ENCODER))


def test_the_pointer_moves_when_the_vectors_are_there(service: Service, tmp_path: Path) -> None:
    folder = IndexedModelFolder(tmp_path, service.index())
    publish(tmp_path, "run-1", {"r-1": (EAST, [])})
    folder.point_embeddings("ner", "run-1")
    pointer = tmp_path / "embeddings" / "ner" / "current.json"
    before = pointer.read_bytes()
    publish(tmp_path, "run-2", {"r-2": (NORTH, [])})
    pointer.write_bytes(before)
    service.refuse("PutVectors")
    with pytest.raises(service.client.exceptions.AccessDeniedException):
        folder.point_embeddings("ner", "run-2")
    assert pointer.read_bytes() == before and service.keys() == [text_hash("r-1")]


def test_the_matrix_is_not_read_and_unknown_texts_are_passed_over(service: Service, tmp_path: Path) -> None:
    publish(tmp_path, "run-1", {"r-1": (EAST, []), "r-2": (NORTH, [])})
    IndexedModelFolder(tmp_path, service.index()).point_embeddings("ner", "run-1")
    np.save(tmp_path / "embeddings" / "ner" / "run-1" / "vectors.npy", np.array([NORTH, EAST], np.float32))
    service.index().put("ner", ENCODER, rows("of a run that is being published"), np.array([EAST], np.float32))
    found = IndexedLibrary(tmp_path, service.index()).similar("ner", ENCODER, EAST, 3)
    assert found == [{"record_id": "r-1", "similarity": 1.0}, {"record_id": "r-2", "similarity": 0.0}]


def test_functions_with_a_vector_bucket_publish_and_search_by_it(tmp_path: Path) -> None:
    settings = Settings(bucket="b", ledger="l", model_folder=str(tmp_path), vector_bucket=BUCKET)
    assert isinstance(World(settings).library, IndexedLibrary) and isinstance(World(settings).folder, IndexedModelFolder)
    without = World(settings.model_copy(update={"vector_bucket": ""}))
    assert not isinstance(without.library, IndexedLibrary) and not isinstance(without.folder, IndexedModelFolder)
