"""Jobs against moto."""

from __future__ import annotations

from adapters.jobs import SageMakerJobs


def test_a_job_that_does_not_exist_is_missing(aws: None) -> None:
    jobs = SageMakerJobs()
    assert jobs.describe("training", "none").status == "Missing"
    assert jobs.describe("processing", "none").status == "Missing"
    assert jobs.describe("tuning", "none").status == "Missing"
