"""The app's context, validated: everything that one deployment may differ in from another (`cdk -c name=value`, or cdk.json)."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, ValidationInfo, field_validator

from chartloop.errors import InvalidRequest
from chartloop.hyperparameters import BIO_CLINICAL_BERT, LLAMA
from chartloop.instances import has_own_disks
from infra.requests import SPOT_WAIT_HOURS

INSTANCE = r"^ml\.[a-z0-9-]+\.[a-z0-9-]+$"
GPU_INSTANCE = r"^ml\.[gp]\d[a-z0-9-]*\.[a-z0-9-]+$"


class Context(BaseModel):
    """One deployment. Defaults are those of AWS; the local cloud sets `issuer`, `bundle`, `base_model` and `deploy_wait`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field("chartloop", pattern=r"^[a-z][a-z0-9-]{1,18}[a-z0-9]$")
    """Prefix of every physical name."""
    account: str = Field("123456789012", pattern=r"^\d{12}$")
    """The default is AWS's documentation account: what a synth without credentials shows."""
    region: str = Field("us-east-1", pattern=r"^[a-z]{2}(-[a-z]+)+-\d$")
    environment: Literal["dev", "prod"] = "dev"
    """prod protects stacks from deletion, asks people for a second factor, and keeps logs for longer; data is kept in both."""
    waf: bool | None = None
    """Whether a firewall looks at what the API is asked; not said: in prod."""
    compute: Literal["jobs", "notebook"] = "jobs"
    """Who prepares, embeds and scores: SageMaker jobs, or a notebook, started for each run. The training job is the same."""
    notebook_instance: str = Field("ml.m5.xlarge", pattern=INSTANCE)
    issuer: str = Field("", pattern=r"^(https?://[^\s?#]*[^\s?#/])?$")
    """Who signs the tokens; empty: a Cognito user pool of this deployment's own."""
    jwks_url: str = Field("", pattern=r"^(https?://\S+)?$")
    """Where the issuer's keys are; empty: `{issuer}/.well-known/jwks.json`."""
    site_domain: str = Field("", pattern=r"^([a-z0-9-]+(\.[a-z0-9-]+)+)?$")
    """Where the page and the API are, beside CloudFront's own domain; its DNS record is made by hand."""
    site_certificate: str = Field("", pattern=r"^(arn:aws:acm:us-east-1:\d{12}:certificate/\S+)?$", validate_default=True)
    """ARN of the domain's certificate, in us-east-1, where CloudFront wants it."""
    site_countries: tuple[str, ...] = ()
    """Two letters each, separated by commas: from where the page and the API below it may be asked; empty: anywhere."""
    site_firewall: str = Field("", pattern=r"^(arn:aws:wafv2:us-east-1:\d{12}:global/webacl/\S+)?$")
    """ARN of a web ACL of CloudFront's, in us-east-1; `waf` stands before the API without it."""
    audience: str = ""
    """Audiences or client ids, separated by spaces, one of which a token must be for; empty: any that the issuer signed."""
    bundle: bool = True
    """Whether third-party code goes into the layer and the jobs' code; the local cloud runs them in its own environment."""
    base_model: str = Field(BIO_CLINICAL_BERT, min_length=1)
    language_model: str = Field(LLAMA, min_length=1)
    """What the task generation starts from."""
    deploy_wait: int = Field(30, ge=1, le=120)
    """Seconds between two looks at an endpoint that is being deployed."""
    processing_instance: str = Field("ml.m5.xlarge", pattern=INSTANCE)
    transform_instance: str = Field("ml.m5.xlarge", pattern=INSTANCE)
    """The machine of a batch transform."""
    training_instance: str = Field("ml.g4dn.xlarge", pattern=GPU_INSTANCE)
    """Of a GPU family: the training image is built for nothing else."""
    serving: Literal["realtime", "serverless", "lambda"] = "realtime"
    """Where predictions come from: a real-time endpoint, a serverless one, or the predict function itself."""
    serving_instance: str = Field("ml.m5.large", pattern=INSTANCE)
    generation_instance: str = Field("ml.g5.xlarge", pattern=GPU_INSTANCE)
    """The same of the task generation, for a language model wants a GPU."""
    serving_instances: int = Field(1, ge=1, le=100)
    """From two on a new model gets part of the traffic first (`canary_percent`)."""
    serving_instances_max: int = Field(0, ge=0, le=100)
    """Up to how many a real-time endpoint scales by itself; 0: not at all."""
    bake_minutes: int = Field(5, ge=0, le=60)
    """How long the rollback alarms watch a new model before it replaces the old one, and before that its canary."""
    canary_percent: int = Field(25, ge=1, le=50)
    """Share of the instances, rounded down but at least one, on which a new model answers first."""
    serverless_memory_mb: int = Field(4096, ge=1024, le=6144, multiple_of=1024)
    serverless_concurrency: int = Field(5, ge=1, le=200)
    """How many requests a serverless endpoint answers at a time."""
    library: Literal["folder", "s3vectors"] = "folder"
    """Who finds the nearest stored records: the search function in memory, exactly, up to a million; past that S3 Vectors."""
    search_memory_mb: int = Field(2048, ge=512, le=10240)
    """Of the function that searches stored records: a million vectors of 384 dimensions take 1,500, of 768 twice as much.

    With library=s3vectors their names and codes alone: about 500 a million.
    """
    training_hours: int = Field(12, ge=1, le=120)
    processing_instances: int = Field(1, ge=1, le=20)
    """Machines that prepare and embed share their work among."""
    training_instances: int = Field(1, ge=1, le=16)
    """Machines of one training job; with more than one, or several GPUs in one, torchrun starts a process for each GPU."""
    training_fallbacks: tuple[str, ...] = Field((), max_length=4)
    """Machines to train on where `training_instance` is not to be had, separated by commas, in that order."""
    spot: bool = False
    """Whether training runs on spot machines, with checkpoints; an interrupted job goes on where it was."""
    notebook_hours: int = Field(18, ge=2, le=96, validate_default=True)
    """After how many hours a notebook instance stops itself, whatever it does; the wait for its training job counts."""
    warm_pool_minutes: int = Field(0, ge=0, le=360)
    """How long a training machine is kept (and paid for) for the next run; spot machines cannot be."""
    upload_concurrency: int = Field(5, ge=2, le=1000)
    """How many uploads are read at a time."""
    alarm_email: str = Field("", pattern=r"^([^@\s]+@[^@\s]+\.[^@\s]+)?$")
    """Who is told of alarms, after confirming it once; empty: whoever subscribes to the topic."""
    billed: bool = True
    """Whether what runs is paid for; not on one machine, where every cost is 0."""
    monthly_budget_usd: float = Field(0, ge=0, le=1_000_000)
    """Over 80 and 100 % of it, spent or foreseen, the topic tells; 0: no budget."""
    run_cost_cap_usd: float = Field(0, ge=0, le=1_000_000)
    """A run that is estimated to cost more does not start; 0: no cap."""
    janitor_hours: int = Field(24, ge=2, le=720)
    """How old something that nobody uses must be before the janitor looks at it."""
    lambda_concurrency: int = Field(0, ge=0, le=1000)
    """Executions reserved for each function behind the API; 0: none, as a new account has too few to reserve any."""
    backups: bool | None = None
    """Whether ledger and model folder are copied into a vault of their own every day; not said: in prod."""

    @field_validator("training_fallbacks", "site_countries", mode="before")
    @classmethod
    def _listed(cls, given: object) -> object:
        return tuple(filter(None, (part.strip() for part in given.split(",")))) if isinstance(given, str) else given

    @field_validator("training_fallbacks")
    @classmethod
    def _may_stand_in(cls, kinds: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        first = info.data.get("training_instance", "")
        wrong = [kind for kind in kinds if not re.match(GPU_INSTANCE, kind)]
        if wrong:
            raise ValueError(f"{wrong[0]} is no machine with a GPU")
        if len({first, *kinds}) <= len(kinds):
            raise ValueError("a machine may be named once, and training_instance is the first already")
        if len({has_own_disks(kind) for kind in (first, *kinds)}) > 1:
            raise ValueError(
                "a key encrypts the disks of all of them or of none: name only machines that have disks of their own, or none"
            )
        return kinds

    @field_validator("site_countries")
    @classmethod
    def _two_letters(cls, countries: tuple[str, ...]) -> tuple[str, ...]:
        if wrong := [country for country in countries if not re.fullmatch("[A-Z]{2}", country)]:
            raise ValueError(f"{wrong[0]} is no country in two capital letters (ISO 3166-1)")
        return countries

    @field_validator("site_certificate")
    @classmethod
    def _with_its_domain(cls, certificate: str, info: ValidationInfo) -> str:
        if "site_domain" in info.data and bool(certificate) != bool(info.data["site_domain"]):
            raise ValueError("site_domain and site_certificate go together: name both or none")
        return certificate

    @field_validator("warm_pool_minutes")
    @classmethod
    def _kept_on_demand(cls, minutes: int, info: ValidationInfo) -> int:
        if minutes and info.data.get("spot"):
            raise ValueError("a spot machine cannot be kept: choose spot or warm_pool_minutes")
        return minutes

    @field_validator("notebook_hours")
    @classmethod
    def _longer_than_its_training(cls, hours: int, info: ValidationInfo) -> int:
        longest = info.data.get("training_hours", 0) + (SPOT_WAIT_HOURS if info.data.get("spot") else 0)
        if info.data.get("compute") == "notebook" and hours <= longest:
            raise ValueError(
                f"a notebook waits for its training job, which may take {longest} hours (training_hours, and spot's wait)"
            )
        return hours

    @field_validator("serving_instances_max")
    @classmethod
    def _not_under_the_least(cls, value: int, info: ValidationInfo) -> int:
        least = info.data.get("serving_instances", 1)
        if 0 < value < least:
            raise ValueError(f"must be 0 or at least serving_instances, {least}")
        return value

    @property
    def prod(self) -> bool:
        return self.environment == "prod"

    @property
    def backed_up(self) -> bool:
        return self.prod if self.backups is None else self.backups

    @property
    def firewall(self) -> bool:
        return self.prod if self.waf is None else self.waf


def read(given: Mapping[str, Any], environ: Mapping[str, str]) -> Context:
    """The context from all of the app's; account and region also from the CDK command line's variables.

    Raises InvalidRequest that names the first field which nobody knows, or which breaks its rule.
    """
    for name in given:
        if not _of_the_cdk(name) and name not in Context.model_fields:
            close = difflib.get_close_matches(name, Context.model_fields, n=1)
            meant = f"; did you mean {close[0]}?" if close else ""
            raise InvalidRequest(f"context {name}: there is no such setting{meant}", field=name)
    found = {"account": environ.get("CDK_DEFAULT_ACCOUNT"), "region": environ.get("CDK_DEFAULT_REGION"), **given}
    values = {name: value for name, value in found.items() if not _of_the_cdk(name) and value is not None}
    try:
        return Context.model_validate(values)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        field = str(first["loc"][0]) if first["loc"] else ""
        raise InvalidRequest(f"context {field}: {first['msg']}", field=field) from None


def _of_the_cdk(name: str) -> bool:
    """Feature flags, the command line's own values and what a lookup left in cdk.context.json; our names hold none of these."""
    return name.startswith("@") or ":" in name
