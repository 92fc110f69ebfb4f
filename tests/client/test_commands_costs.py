"""The commands about money: what is shown before a run, and the tear-down against moto."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws

from chartloop import costs
from chartloop.ner import NerSettings
from chartloop.settings import Settings
from client import cli, commands_costs, exits
from tests import contracts
from tests.client.service import Service, noticed, printed


def found(**settings: Any) -> dict[str, Any]:
    work = costs.Work(800, 200, 1000, 2_400_000, 600_000, embedded=False, compared=True)
    return costs.estimate("ner", work, NerSettings(), Settings(bucket="b", ledger="l", **settings))


def test_cost_shows_steps_the_whole_and_what_it_stands_on(tmp_path: Path) -> None:
    session = Service().on("GET /v1/tasks/ner/cost", found(run_cost_cap_usd=20)).session(tmp_path)
    assert cli.run(["cost", "--task", "ner"], session) == exits.OK
    text = printed(session)
    for shown in ("ml.g4dn.xlarge", "prepare", "the cap is 20.00 USD", "83.95 USD a month", "list prices of 2026-", "assumed"):
        assert shown in text, shown
    assert "refused" not in text


def test_a_run_over_the_cap_is_shown_as_refused(tmp_path: Path) -> None:
    session = Service().on("GET /v1/tasks/ner/cost", found(run_cost_cap_usd=0.01)).session(tmp_path)
    assert cli.run(["cost"], session) == exits.OK
    assert "the cap is 0.01 USD: refused" in printed(session)


def test_as_json_it_is_the_contract(tmp_path: Path) -> None:
    session = Service().on("GET /v1/tasks/ner/cost", found()).session(tmp_path)
    assert cli.run(["cost", "--json"], session) == exits.OK
    contracts.validate("cost", json.loads(printed(session)))


def test_every_task_in_use_is_estimated_and_what_serves_is_summed(tmp_path: Path) -> None:
    service = Service().on("GET /v1/tasks", {"tasks": [{"task": name} for name in ("ner", "classification", "regression")]})
    for name, records, champion in (("ner", 1000, {"version": "r-1"}), ("classification", 40, None), ("regression", 0, None)):
        service.on(f"GET /v1/tasks/{name}", {"task": name, "records": records, "champion": champion})
        service.on(f"GET /v1/tasks/{name}/cost", {**found(), "task": name})
    session = service.session(tmp_path)
    assert cli.run(["cost", "--all"], session) == exits.OK
    text = printed(session)
    assert "ner" in text and "classification" in text and "nothing serves" in text and "regression" not in text
    assert "in service, while nobody asks: 83.95 USD a month" in text
    session = service.session(tmp_path)
    assert cli.run(["cost", "--all", "--json"], session) == exits.OK
    for each in json.loads(printed(session)):
        contracts.validate("cost", each)


@pytest.mark.parametrize(("seconds", "text"), [(60, "1 min"), (5399, "90 min"), (7200, "2.0 h")])
def test_durations(seconds: int, text: str) -> None:
    assert commands_costs.duration(seconds) == text


def test_teardown_deletes_and_says_what_it_stops_costing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    with mock_aws():
        sagemaker = boto3.client("sagemaker")
        container = {"Image": "image", "ModelDataUrl": "s3://data/model.tar.gz"}
        name = "chartloop-ner-20261121-080000-00ff-0123abcd"
        sagemaker.create_model(ModelName=name, ExecutionRoleArn="arn:aws:iam::123456789012:role/r", PrimaryContainer=container)
        variant: Any = {"VariantName": "champion", "ModelName": name, "InstanceType": "ml.m5.large", "InitialInstanceCount": 1}
        sagemaker.create_endpoint_config(EndpointConfigName=name, ProductionVariants=[variant])
        sagemaker.create_endpoint(EndpointName="chartloop-ner", EndpointConfigName=name)
        session = Service().session(tmp_path)
        assert cli.run(["teardown", "--task", "ner"], session) == exits.OK
        assert sagemaker.list_endpoints()["Endpoints"] == [] == sagemaker.list_models()["Models"]
    assert "stops costing 83.95 USD a month" in printed(session)
    assert "deleting endpoint chartloop-ner, about 83.95 USD a month" in noticed(session)
