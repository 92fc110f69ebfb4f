"""The route of similar records: the vector of a text, and whose vectors are nearest to it."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from chartloop import coding, stored, tasks
from chartloop.errors import Forbidden
from lambdas.http import MODELS_READ, RECORDS_WRITE, Routes
from lambdas.routes_records import Task

routes = Routes()

MOST_CHARACTERS = 200_000


class Like(BaseModel):
    """A text, and how many records like it are wanted."""

    model_config = ConfigDict(extra="forbid")

    text: str = Field(min_length=1, max_length=MOST_CHARACTERS)
    most: int = Field(10, ge=1, le=coding.MOST)
    include: list[Literal["text"]] = Field([], max_length=1, description="`text`: for those who may also write records.")


@routes.add(MODELS_READ, "POST", "/v1/tasks/<task>/similar", "Stored records like a text", "Similar")
def post_similar(task: Task, body: Like) -> dict[str, Any]:
    """The nearest records of the training side, by id; `include: ["text"]` asks for the scope chartloop/records:write too.

    A text is null where its record was withdrawn meanwhile, or where the answer would get too long.

    404 `nothing_stored` before the first run, 409 `other_encoder` until the run after a change of the base model.
    """
    tasks.find(task)
    if body.include and RECORDS_WRITE not in routes.granted:
        raise Forbidden("the token lacks the scope that reading texts needs", details={"scope": RECORDS_WRITE})
    world = routes.world
    answer = world.models.invoke(task, {"inputs": [body.text], "vectors": True})
    vector = coding.vector_of(answer)
    found = world.library.similar(task, answer["encoder"], vector, body.most)
    if body.include:
        ids = [record["record_id"] for record in found]
        texts = stored.texts(task, ids, ledger=world.ledger, objects=world.objects)
        found = [{**record, "text": texts.get(record["record_id"])} for record in found]
    return {"task": task, **{name: answer[name] for name in ("model_version", "snapshot")}, "records": found}
