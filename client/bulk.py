"""Many inputs in, one result a line out: streamed in order, several requests in flight, and taken up again where it stopped."""

from __future__ import annotations

import asyncio
import json
import os
from collections import deque
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Iterator, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from chartloop.errors import Conflict, TooLarge
from chartloop.task import Asked
from client.api import AsyncApi
from client.http import encoded

INPUTS_OF_A_CALL = 64
CHARACTERS_OF_A_CALL = 100_000
IN_FLIGHT = 4

Result = dict[str, Any]
"""A line of the output: `id` and either what the task answers with `model_version`, or `error`."""


@dataclass(frozen=True)
class Note:
    """A line of the input: a text, a row or a prompt. `end` is where the next line begins, in bytes.

    `problem`: (code, message), why it is none.
    """

    id: str
    input: Any
    end: int
    problem: tuple[str, str] | None = None

    @property
    def size(self) -> int:
        return len(self.input if isinstance(self.input, str) else json.dumps(self.input))

    def placed(self, result: Result) -> Result:
        return {"id": self.id, **result}

    @property
    def refused(self) -> Result | None:
        return _error(*self.problem) if self.problem else None


Ask = Callable[[list[Note]], Awaitable[list[Result]]]
Predicted = AsyncGenerator[tuple[list[Note], list[Result]], None]


def notes(file: Path, field: str) -> Iterator[Note]:
    """The inputs of a file, one JSON object a line: `record_id` or `id` (else the line's number), and `field`."""
    end = 0
    with file.open("rb") as lines:
        for number, line in enumerate(lines, start=1):
            end += len(line)
            if line.strip():
                yield _note(line, number, end, field)


def _note(line: bytes, number: int, end: int, field: str) -> Note:
    try:
        value = json.loads(line.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        return Note(str(number), None, end, ("invalid_json", f"line {number} is no JSON"))
    if not isinstance(value, dict) or value.get(field) is None:
        return Note(str(number), None, end, ("missing_field", f"line {number} has no {field}"))
    return Note(str(value.get("record_id") or value.get("id") or number), value[field], end)


def groups(of: Iterable[Note], most: int = INPUTS_OF_A_CALL) -> Iterator[list[Note]]:
    """The notes in calls that stay under the service's limits; a longer text is a call by itself."""
    group, size = list[Note](), 0
    for note in of:
        if group and (len(group) == min(most, INPUTS_OF_A_CALL) or size + note.size > CHARACTERS_OF_A_CALL):
            yield group
            group, size = [], 0
        group.append(note)
        size += note.size
    if group:
        yield group


def asking(api: AsyncApi, task: str, asked: Asked, options: Mapping[str, Any]) -> Ask:
    """What predicts a group: one result a note, in order. A note that the service refuses has its error in its place."""

    async def predicted(inputs: list[Any]) -> list[Result]:
        try:
            answer = await api.ask(task, {asked.many: inputs, **options})
        except TooLarge as error:
            if len(inputs) == 1:
                return [_error(error.code, error.message)]
            half = len(inputs) // 2
            return [result for some in (inputs[:half], inputs[half:]) for result in await predicted(some)]
        version = {"model_version": answer["model_version"]}
        return [dict(result) if "error" in result else {**result, **version} for result in answer["predictions"]]

    async def ask(group: list[Note]) -> list[Result]:
        inputs = [note.input for note in group if note.problem is None]
        found = iter(await predicted(inputs) if inputs else [])
        return [note.placed(note.refused or next(found)) for note in group]

    return ask


async def in_order(of: Iterable[list[Note]], ask: Ask, in_flight: int = IN_FLIGHT) -> Predicted:
    """Each group with its results, in order; no more groups are read than are in flight. The first error ends it."""
    waiting = deque[tuple[list[Note], asyncio.Task[list[Result]]]]()
    try:
        for group in of:
            waiting.append((group, asyncio.ensure_future(ask(group))))
            if len(waiting) == in_flight:
                yield waiting[0][0], await waiting[0][1]
                waiting.popleft()
        while waiting:
            yield waiting[0][0], await waiting[0][1]
            waiting.popleft()
    finally:
        for _, asked in waiting:
            asked.cancel()
        await asyncio.gather(*(asked for _, asked in waiting), return_exceptions=True)


@dataclass
class Written:
    """Results so far: how many, and how many of them are errors."""

    results: int = 0
    errors: int = 0

    def count(self, result: Result) -> None:
        self.results += 1
        self.errors += "error" in result


def taken_up(output: IO[bytes], of: Iterator[Note]) -> Written:
    """Takes from `of` the notes that have their results in `output`, which is left at the end of the last whole line.

    Raises Conflict where a line is no result of its note: `output` is of another file then, and is left as it was.
    """
    written, whole = Written(), 0
    for line in output:
        if not line.endswith(b"\n"):
            break
        note, result = next(of, None), _result(line)
        if note is None or result.get("id") != note.id:
            place = f"line {written.results + 1} of the output"
            raise Conflict(f"{place} is no result of its note: it is of another file", field="output")
        written.count(result)
        whole += len(line)
    output.seek(whole)
    output.truncate()
    return written


def _result(line: bytes) -> Result:
    try:
        value = json.loads(line)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def opened(output: Path, *, again: bool) -> IO[bytes]:
    """The output, made where there is none: it holds clinical text, so nobody else may read it."""
    return open(os.open(output, os.O_RDWR | os.O_CREAT | (os.O_TRUNC if again else 0), 0o600), "r+b")  # noqa: PTH123


def append(output: IO[bytes], results: Iterable[Result]) -> None:
    output.write(b"".join(encoded(result) + b"\n" for result in results))
    output.flush()


def _error(code: str, message: str) -> Result:
    return {"error": {"code": code, "message": message}}


async def run(
    source: Path, output: Path, connect: Callable[[], AsyncApi], task: str, asked: Asked, *,
    again: bool, in_flight: int, told: Callable[[Note, Written], None], options: Mapping[str, Any],
) -> Written:  # fmt: skip
    """Predicts what has no result yet. `told` hears of the last note of each group that is written."""
    waiting = notes(source, asked.one)
    with opened(output, again=again) as file:
        written = taken_up(file, waiting)
        async with connect() as api:
            ask = asking(api, task, asked, options)
            async with aclosing(in_order(groups(waiting, asked.most), ask, in_flight)) as predicted:
                async for group, results in predicted:
                    append(file, results)
                    for result in results:
                        written.count(result)
                    told(group[-1], written)
    return written
