"""The demo's story: three batches of notes, three runs, three verdicts, and a prediction by the model that stayed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from chartloop.errors import JobFailed
from client import annotate, display, following, notes
from client.api import Api
from client.config import Target
from client.contracts import Run
from client.http import Http
from client.notes import LabelledNote
from client.session import Session
from client.watching import Watch

TASK = "ner"
SETTINGS = {
    "minimum_records": 300,
    "minimum_new_records": 100,
    "policy": "strict",
    "num_train_epochs": 3,
    "per_device_train_batch_size": 8,
    "learning_rate": 5e-4,
    "validation_percent": 0,
}
FIRST, MORE, SPOILED = 300, 600, 150
SPOILED_FORM = "medication reconciliation"
"""Labels that are wrong all over hardly mislead a model; wrong ones of one kind of note outnumber the right ones there."""
CODES = 3
"""Suggested for the note at the end."""
ORCHESTRATION_SECONDS = 20
PATIENCE = 120
"""Half seconds in which a run must have started after its batch was processed."""


@dataclass(frozen=True)
class Chapter:
    """A batch, what is said about it, and the verdict that its run must come to."""

    title: str
    notes: Sequence[LabelledNote]
    expected: str


class Demo:
    """Against a service that is up and empty. The same seed posts the same notes."""

    def __init__(self, session: Session, target: Target, seed: int) -> None:
        self._session = session
        self._target = target
        self._seed = seed
        self._api = Api(Http(target, transport=session.transport, sleep=session.sleep))

    def tell(self) -> bool:
        """Whether the three verdicts were what they should be."""
        written = notes.write(FIRST + MORE + 1, self._seed)
        chapters = self._chapters(written)
        with self._api:
            self._api.change_settings(TASK, dict(SETTINGS))
            runs = [self._live(number, chapter) for number, chapter in enumerate(chapters, start=1)]
            self._predict(written[-1]["text"])
        self._session.out.print(Rule("Three runs, three verdicts"))
        self._session.out.print(_summary(chapters, runs))
        self._addresses()
        return all(as_it_should(chapter, run) for chapter, run in zip(chapters, runs, strict=True))

    def _chapters(self, written: Sequence[LabelledNote]) -> list[Chapter]:
        spoiled = notes.shuffled(notes.write(SPOILED, self._seed, SPOILED_FORM), self._seed)
        return [
            Chapter(f"{FIRST} labelled notes: a first model", written[:FIRST], "promote"),
            Chapter(f"{MORE} more: a better model replaces it", written[FIRST : FIRST + MORE], "promote"),
            Chapter(f"{SPOILED} of one kind, their labels shuffled: the gate keeps the champion", spoiled, "keep"),
        ]

    def _live(self, number: int, chapter: Chapter) -> Run:
        out = self._session.out
        out.print(Rule(f"{number}. {chapter.title}"))
        posted = self._api.post_records(TASK, [dict(note) for note in chapter.notes])
        receipt = following.processed(self._api, TASK, posted["batch_id"], self._session.sleep)
        counts = receipt["counts"]
        out.print(f"{counts['accepted']} of {counts['total']} records accepted, batch {receipt['batch_id']}", soft_wrap=True)
        run_id = next(following.started_since(self._api, TASK, None, self._session.sleep, PATIENCE), None)
        if run_id is None:
            blocked = self._api.task(TASK)["blocked"] or {"message": "nothing says why"}
            raise JobFailed(f"no run was started for the batch: {blocked['message']}", code="no_run")
        with Watch(out) as watch:
            run = following.to_the_end(self._api, run_id, self._session.sleep, watch)
        out.print(display.run(run))
        return run

    def _predict(self, text: str) -> None:
        out = self._session.out
        out.print(Rule("A note that no model has seen"))
        answer = self._api.predict(TASK, [text], codes=CODES)
        write = annotate.coloured if out.is_terminal else annotate.plain
        (result,) = answer["predictions"]
        out.print(write(text, result["entities"]), soft_wrap=True)
        out.print(f"found by {answer['model_version']}; codes that earlier notes like it carry:", soft_wrap=True)
        out.print(display.codes(text, result))
        for warning in answer.get("warnings", []):
            out.print(f"no codes: {warning['message']}", soft_wrap=True)

    def _addresses(self) -> None:
        url = self._target.url
        self._session.out.print(f"API {url}/v1/health   its description {url}/v1/docs", soft_wrap=True)


def as_it_should(chapter: Chapter, run: Run) -> bool:
    """The verdict, and the figures that must stand behind it."""
    verdict = run["verdict"]
    if verdict is None or verdict["verdict"] != chapter.expected:
        return False
    if chapter.expected == "keep":
        return run["outcome"] == "kept"
    return run["outcome"] == "promoted" and (verdict["interval"] is None or verdict["interval"]["low"] > 0)


def _summary(chapters: Sequence[Chapter], runs: Sequence[Run]) -> Table:
    return display.table(
        "run", "notes", "F1", "champion", "difference (95 %)", "verdict", "took", "outside jobs", "",
        rows=(_row(number, chapter, run) for number, (chapter, run) in enumerate(zip(chapters, runs, strict=True), start=1)),
    )  # fmt: skip


def _row(number: int, chapter: Chapter, run: Run) -> list[Text | str]:
    verdict = run["verdict"]
    outside = run["orchestration_seconds"]
    slow = outside is None or outside > ORCHESTRATION_SECONDS
    return [
        str(number),
        str(sum(run["records"][side] for side in ("train", "holdout"))),
        display.figure(display.primary(verdict["metrics"]["candidate"]) if verdict else None),
        display.figure(display.primary(verdict["metrics"]["champion"]) if verdict else None),
        display.difference(verdict["interval"] if verdict else None),
        display.word(verdict["verdict"] if verdict else run["status"]),
        display.seconds(run["seconds"]),
        Text(display.seconds(outside), style="red" if slow else ""),
        Text("expected", style="green") if as_it_should(chapter, run) else Text(f"not {chapter.expected}", style="red"),
    ]
