"""The app's context, validated: everything that one deployment may differ in from another (`cdk -c name=value`, or cdk.json)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from chartloop.errors import InvalidRequest
from chartloop.tasks import BIO_CLINICAL_BERT

INSTANCE = r"^ml\.[a-z0-9-]+\.[a-z0-9-]+$"


class Context(BaseModel):
    """One deployment. Defaults are those of AWS; the local cloud sets `issuer`, `bundle`, `base_model` and `deploy_wait`."""

    model_config = ConfigDict(frozen=True)

    name: str = Field("chartloop", pattern=r"^[a-z][a-z0-9-]{1,18}[a-z0-9]$")
    """Prefix of every physical name."""
    account: str = Field("123456789012", pattern=r"^\d{12}$")
    """The default is AWS's documentation account: what a synth without credentials shows."""
    region: str = Field("us-east-1", pattern=r"^[a-z]{2}(-[a-z]+)+-\d$")
    issuer: str = Field("", pattern=r"^(https?://[^\s?#]*[^\s?#/])?$")
    """Who signs the tokens; empty: a Cognito user pool of this deployment's own."""
    jwks_url: str = Field("", pattern=r"^(https?://\S+)?$")
    """Where the issuer's keys are; empty: `{issuer}/.well-known/jwks.json`."""
    audience: str = ""
    """Audiences or client ids, separated by spaces, one of which a token must be for; empty: any that the issuer signed."""
    bundle: bool = True
    """Whether third-party code goes into the layer and the jobs' code; the local cloud runs them in its own environment."""
    base_model: str = Field(BIO_CLINICAL_BERT, min_length=1)
    deploy_wait: int = Field(30, ge=1, le=120)
    """Seconds between two looks at an endpoint that is being deployed."""
    processing_instance: str = Field("ml.m5.xlarge", pattern=INSTANCE)
    training_instance: str = Field("ml.g4dn.xlarge", pattern=r"^ml\.[gp]\d[a-z0-9-]*\.[a-z0-9-]+$")
    """Of a GPU family: the training image is built for nothing else."""
    serving_instance: str = Field("ml.m5.large", pattern=INSTANCE)
    training_hours: int = Field(12, ge=1, le=120)
    upload_concurrency: int = Field(5, ge=2, le=1000)
    """How many uploads are read at a time."""


def read(lookup: Callable[[str], Any], environ: Mapping[str, str]) -> Context:
    """The context by name from `lookup`; account and region also from the CDK command line's variables.

    Raises InvalidRequest that names the first field which breaks its rule.
    """
    found = {"account": environ.get("CDK_DEFAULT_ACCOUNT"), "region": environ.get("CDK_DEFAULT_REGION")}
    for field in Context.model_fields:
        value = lookup(field)
        found[field] = found.get(field) if value is None else value
    try:
        return Context.model_validate({field: value for field, value in found.items() if value is not None})
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        raise InvalidRequest(f"context {first['loc'][0]}: {first['msg']}", field=str(first["loc"][0])) from None
