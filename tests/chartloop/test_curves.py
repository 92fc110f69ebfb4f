"""Curves: what a training job kept, thinned out, and what nobody can read."""

from __future__ import annotations

import io
import json
import tarfile

from chartloop import curves
from tests.fakes import FakeObjects

RUN = "ner-1"


def packed(lines: list[str], name: str = curves.FILE) -> bytes:
    body, made = "\n".join(lines).encode(), io.BytesIO()
    with tarfile.open(fileobj=made, mode="w:gz") as archive:
        about = tarfile.TarInfo(name)
        about.size = len(body)
        archive.addfile(about, io.BytesIO(body))
    return made.getvalue()


def told(**values: float) -> list[str]:
    return [json.dumps({"name": name, "value": value}) for name, value in values.items()]


def stored(**jobs: bytes) -> FakeObjects:
    objects = FakeObjects()
    for job, body in jobs.items():
        objects.put(f"runs/{RUN}/train/{job.replace('_', '-')}/output/output.tar.gz", body)
        objects.put(f"runs/{RUN}/train/{job.replace('_', '-')}/output/model.tar.gz", b"m")
    return objects


def test_the_last_jobs_curves_are_the_runs() -> None:
    names = ("ner_1_1_train", "ner_1_2_train", "ner_1_2_train_try2")
    objects = stored(**{name: packed(told(train_loss=loss)) for name, loss in zip(names, (3, 2, 1), strict=True)})
    assert curves.of_training(RUN, objects) == {"train_loss": [1]}


def test_progress_is_no_curve_and_long_ones_are_thinned_out_to_their_end() -> None:
    lines = [line for n in range(1000) for line in told(train_loss=n, progress=n / 10, epoch=1)]
    (name, values), *others = curves.of_training(RUN, stored(job=packed(lines))).items()
    assert (name, others, len(values), values[-1]) == ("train_loss", [], curves.MOST_POINTS, 999) and values == sorted(values)


def test_where_nothing_was_kept_or_nothing_can_be_read_there_is_no_curve() -> None:
    assert curves.of_training(RUN, FakeObjects()) == {}
    assert curves.of_training(RUN, stored(job=b"no archive")) == {}
    assert curves.of_training(RUN, stored(job=packed(["{ no json"]))) == {}
    assert curves.of_training(RUN, stored(job=packed([], name="other"))) == {}
