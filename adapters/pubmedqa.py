"""PubMedQA (Jin et al. 2019): questions about an abstract, each with its conclusion and a decision, read into records.

For `generation` the prompt is the abstract without its conclusion and then the question, the completion is the conclusion. With
labels it is `classification`: the decision (yes, no, maybe) over question and abstract. Years and headings stay out.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

from adapters import files
from chartloop import strictjson
from chartloop.errors import FileProblem, InvalidRequest
from chartloop.task import Note

QUESTION, CONTEXTS, ANSWER, DECISION = "QUESTION", "CONTEXTS", "LONG_ANSWER", "final_decision"
Read = tuple[dict[str, Any] | None, list[Note]]


def read_file(path: Path, labels: Collection[str] = ()) -> Iterator[Read]:
    """(record, notes) of every question of a file, .json or .json.gz, an object of them by the article's number.

    At the end, without a record, a note for each that was dropped. Raises FileProblem where it is no such file, InvalidRequest
    for a question without a part of it by its number, or for labels of which no question has one.
    """
    asked = _questions(path)
    if labels and (missing := sorted(set(labels) - {each[DECISION] for each in asked.values()})):
        raise InvalidRequest(f"no question of the file is decided {', '.join(missing)}", field="labels")
    dropped = []
    for number, each in asked.items():
        if labels and each[DECISION] not in labels:
            dropped.append(Note("other_decision", f"{number} is decided otherwise"))
        else:
            yield {"record_id": f"pubmed-{number}", **(_labelled(each) if labels else _answered(each))}, []
    yield None, dropped


def _questions(path: Path) -> dict[str, Mapping[str, Any]]:
    try:
        found = strictjson.loads(files.read_text(path.read_bytes(), path.name))
    except InvalidRequest as error:
        raise FileProblem(error.message, code="not_the_format") from None
    if not isinstance(found, dict) or not found:
        raise FileProblem("the file is no object of questions by their number", code="not_the_format")
    for number, each in found.items():
        if not _whole(each):
            rule = f"needs {QUESTION}, {CONTEXTS}, {ANSWER} and {DECISION}"
            raise InvalidRequest(f"{path.name}, {number[:40]}: {rule}", code="not_the_format", field=number[:40])
    return found


def _whole(value: Any) -> bool:
    if not isinstance(value, dict) or not isinstance(value.get(CONTEXTS), list):
        return False
    said = [*value[CONTEXTS], *(value.get(name) for name in (QUESTION, ANSWER, DECISION))]
    return all(isinstance(one, str) and one.strip() for one in said)


def _answered(each: Mapping[str, Any]) -> dict[str, str]:
    """The question last: of a prompt that is too long a model reads the end."""
    return {"prompt": "\n".join([*each[CONTEXTS], "", each[QUESTION]]), "completion": each[ANSWER]}


def _labelled(each: Mapping[str, Any]) -> dict[str, str]:
    return {"text": "\n".join([each[QUESTION], "", *each[CONTEXTS]]), "label": each[DECISION]}
