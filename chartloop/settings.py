"""The one Settings: infra writes it as environment variables, functions read it; a missing name fails by name."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import BaseModel, ConfigDict, ValidationError

from chartloop.errors import ChartloopError

PREFIX = "CHARTLOOP_"
TAG = "application"
"""The tag on everything that a deployment makes; its value is the deployment's name."""
LAMBDA = "lambda"


class Settings(BaseModel):
    """What a function must know of where it runs. Field `x` is the environment variable `CHARTLOOP_X`."""

    model_config = ConfigDict(frozen=True)

    bucket: str
    ledger: str
    state_machine: str = ""
    endpoint_prefix: str = "chartloop"
    package_group_prefix: str = "chartloop"
    queue_url: str = ""
    model_folder: str = ""
    """Where EFS is mounted, in the functions that mount it."""
    endpoint_role: str = ""
    inference_image: str = ""
    gpu_inference_image: str = ""
    """The same for a machine with a GPU."""
    serving: str = "realtime"
    """realtime or serverless on SageMaker; lambda: the predict function holds the model itself."""
    predict_function: str = ""
    """The name of that function, for who asks it directly."""
    search_function: str = ""
    """The name of the function that searches stored records, for who does not mount the model folder."""
    vector_bucket: str = ""
    """The vector bucket that is asked for the nearest records; empty where they are compared in memory."""
    instance_type: str = "ml.m5.large"
    generation_instance: str = "ml.g5.xlarge"
    """The machine of a task that a GPU answers for."""
    serving_instances: int = 1
    serving_instances_max: int = 0
    bake_minutes: int = 5
    canary_percent: int = 25
    rollback_alarms: str = ""
    """Names of the alarms that undo a deployment, separated by spaces, with `{task}` in the task's place."""
    serverless_memory_mb: int = 4096
    serverless_concurrency: int = 5
    kms_key: str = ""
    base_model: str = "emilyalsentzer/Bio_ClinicalBERT"
    """Default `model_name_or_path` of the text tasks."""
    language_model: str = "meta-llama/Llama-3.2-1B-Instruct"
    """The same of `generation`."""
    issuer: str = ""
    audience: str = ""
    jwks_url: str = ""
    code_version: str = "unknown"
    notebook: str = ""
    """The notebook instance that trains; empty where jobs do."""
    region: str = "us-east-1"
    """Whose prices hold; empty where nothing is billed."""
    processing_instance: str = "ml.m5.xlarge"
    processing_instances: int = 1
    transform_instance: str = "ml.m5.xlarge"
    training_instance: str = "ml.g4dn.xlarge"
    training_instances: int = 1
    spot: bool = False
    run_cost_cap_usd: float = 0
    """A run that is estimated to cost more does not start; 0: no cap."""
    janitor_hours: int = 24
    notebook_hours: int = 14

    def environment(self) -> dict[str, str]:
        """The environment variables that `from_environment` reads back."""
        return {PREFIX + name.upper(): str(value) for name, value in self.model_dump().items()}


def from_environment(environ: Mapping[str, str], *required: str) -> Settings:
    """Settings from `CHARTLOOP_*`; `required` names fields that a function needs beside `bucket` and `ledger`."""
    values = {name: environ[PREFIX + name.upper()] for name in Settings.model_fields if PREFIX + name.upper() in environ}
    missing = [name for name in ("bucket", "ledger", *required) if not values.get(name)]
    if missing:
        raise ChartloopError("missing settings: " + ", ".join(PREFIX + name.upper() for name in missing), code="missing_setting")
    try:
        return Settings(**values)
    except ValidationError as error:
        names = ", ".join(PREFIX + str(e["loc"][0]).upper() for e in error.errors())
        raise ChartloopError(f"unreadable settings: {names}", code="missing_setting") from None
