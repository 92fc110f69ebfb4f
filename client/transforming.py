"""A file through a batch transform: prepared, sent, started, followed to its end, its results fetched."""

from __future__ import annotations

import codecs
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from adapters import files
from chartloop import tasks
from chartloop.errors import ChartloopError, InvalidRequest
from chartloop.task import Task
from client.api import Api
from client.contracts_transform import Transform
from client.files import replaced
from client.following import Sleep

PAUSE, LONGEST_PAUSE = 1.0, 15.0
ENDED = ("done", "failed", "stopped")
Told = Callable[[Transform], None]


def begin(
    api: Api,
    task: str,
    file: Path,
    *,
    options: Mapping[str, Any] | None = None,
    progress: Callable[[int], None] | None = None,
) -> Transform:
    """Sends a file of inputs or records (.jsonl .json .csv .xlsx, each also .gz) and starts its transform."""
    with prepared(file, task, options or {}) as lines:
        made = api.transform_address(task)
        api.send_input(made, lines, progress=progress)
    return api.start_transform(task, made["transform_id"])


def followed(api: Api, task: str, transform_id: str, sleep: Sleep, told: Told) -> Transform:
    """The transform when it is over; `told` sees it at each look until then. Raises ChartloopError where it failed."""
    pause = PAUSE
    while (found := api.transform(task, transform_id))["status"] not in ENDED:
        told(found)
        sleep(pause)
        pause = min(LONGEST_PAUSE, pause * 1.2)
    told(found)
    if found["error"] is not None:
        raise ChartloopError(found["error"]["message"], code=found["error"]["code"])
    return found


def fetch(api: Api, done: Transform, output: Path) -> None:
    """Writes the results: one JSON object a line, in the order of the input; `output` is there once it is whole."""
    with replaced(output) as file:
        file.writelines(codecs.iterdecode(api.fetch_output(done), "utf-8"))


@contextmanager
def prepared(file: Path, task: str, options: Mapping[str, Any]) -> Iterator[Path]:
    """The file as JSON Lines of `id`, what is asked about, its own options or else `options`, and the truth where there is any.

    A line that is no good keeps its place.
    """
    with TemporaryDirectory() as folder:
        path = Path(folder) / "input.jsonl"
        with path.open("w", encoding="utf-8", newline="") as output:
            count = 0
            known = tasks.find(task)
            for number, value in _values(file, task):
                output.write(json.dumps(_line(known, value, number, options), ensure_ascii=_is_torn(value)) + "\n")
                count += 1
        if not count:
            raise InvalidRequest("the file holds not one note", code="nothing_parsed")
        yield path


def _values(file: Path, task: str) -> Iterator[tuple[int, Any]]:
    """(line number, what stands there or None); JSON Lines are streamed, other formats read as a whole."""
    if file.suffix not in (".jsonl", ".ndjson"):
        columns = () if tasks.form(task).gathers else (tasks.find(task).asked.one,)
        yield from ((line.number, line.value) for line in files.parse(file.read_bytes(), file.name, task=task, columns=columns))
        return
    with file.open("rb") as lines:
        for number, line in enumerate(lines, start=1):
            if line.strip():
                yield number, _json(line)


def _json(line: bytes) -> Any:
    try:
        return json.loads(line.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        return None


def _line(task: Task, value: Any, number: int, options: Mapping[str, Any]) -> dict[str, Any]:
    record = value if isinstance(value, dict) else {}
    name = str(record.get("record_id") or record.get("id") or number)
    taken = [*task.form.required[1:], *task.asked.options.model_fields]
    return {"id": name, **options, **{field: record[field] for field in taken if record.get(field) is not None}}


def _is_torn(value: Any) -> bool:
    """Whether UTF-8 cannot hold it: a lone surrogate is then escaped, and the model says where it is."""
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return True
    return False
