"""Real hospital stays (Diabetes 130-US) through the jobs: days from what admission tells, against always the median."""

from __future__ import annotations

import pytest

from adapters import diabetes130
from chartloop.scores import ScoreReport
from tests.corpus.public import data
from tests.training import rows_run

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> ScoreReport:
    folder = tmp_path_factory.mktemp("diabetes130")
    found = diabetes130.read_file(data("diabetes130") / "diabetic_data.csv.gz")
    run = rows_run.build(folder, (record for record, _ in found if record))
    steps = [*rows_run.prepare_and_train(folder, run), rows_run.score(folder, run)]
    assert [step.returncode for step in steps] == [0, 0, 0], "".join(step.stderr for step in steps)
    return ScoreReport.model_validate_json((folder / "score" / "candidate.json").read_bytes())


def test_days_from_admission_alone_on_patients_it_never_saw(report: ScoreReport) -> None:
    mae, trivial = report.settled.metrics["mae"], report.settled.baseline["mae"]
    assert mae is not None and trivial is not None
    assert report.settled.records > 15_000 and report.settled.groups > 10_000
    assert mae <= 2.12 < 2.2 < trivial
