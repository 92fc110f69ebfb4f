"""Endpoints against moto; UpdateEndpoint, which moto lacks, is proven on the local cloud (tests/local, tests/e2e)."""

from __future__ import annotations

import boto3

from adapters.endpoints import SageMakerEndpoints
from tests.adapters.conftest import SERVING

SHA = "ab" * 32


def test_an_endpoint_is_missing_then_made_once(aws: None) -> None:
    endpoints = SageMakerEndpoints(SERVING)
    assert endpoints.state("ner").status == "Missing"
    for _ in range(2):  # a step may be repeated
        endpoints.deploy("ner", "v1", model_uri="s3://data/models/ner/v1/model.tar.gz", sha256=SHA)
    state = endpoints.state("ner")
    assert state.config == endpoints.config_name("v1", SHA) == "chartloop-v1-abababab"
    model = boto3.client("sagemaker").describe_model(ModelName=str(state.config))
    assert model["PrimaryContainer"]["ModelDataUrl"].endswith("v1/model.tar.gz")
    endpoints.redeploy("ner", None)
    endpoints.redeploy("ner", None)
    assert endpoints.state("ner").status == "Missing"
