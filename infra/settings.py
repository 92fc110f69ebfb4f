"""The functions' settings (chartloop/settings.py), filled from what a deployment is made of."""

from __future__ import annotations

from typing import Any

from chartloop.settings import Settings
from infra import code, images
from infra.context import Context
from infra.data import DataStack
from infra.jobs import engine
from infra.names import ROLLBACK, Names


def settings(context: Context, names: Names, data: DataStack, *, queue_url: str) -> Settings:
    """What all functions share; the mount and the issuer are those functions' own that need them."""
    return Settings(
        bucket=names.bucket,
        ledger=names.ledger,
        state_machine=names.machine_arn,
        endpoint_prefix=names.name,
        package_group_prefix=names.name,
        queue_url=queue_url,
        endpoint_role=names.endpoint_role_arn,
        inference_image=images.image(images.GPU_INFERENCE if engine(context) == "torch" else images.INFERENCE, context.region),
        gpu_inference_image=images.image(images.GPU_INFERENCE, context.region),
        serving=context.serving,
        predict_function=names.function("predict") if context.serving == "lambda" else "",
        search_function=names.function("search"),
        vector_bucket=names.vectors if context.library == "s3vectors" else "",
        instance_type=context.serving_instance,
        generation_instance=context.generation_instance,
        serving_instances=context.serving_instances,
        serving_instances_max=context.serving_instances_max,
        bake_minutes=context.bake_minutes,
        canary_percent=context.canary_percent,
        rollback_alarms=" ".join(names.rollback_alarm("{task}", what) for what in ROLLBACK),
        serverless_memory_mb=context.serverless_memory_mb,
        serverless_concurrency=context.serverless_concurrency,
        kms_key=data.key.key_arn,
        base_model=context.base_model,
        language_model=context.language_model,
        code_version=code.code_version(),
        **machines(context),
    )


def machines(context: Context) -> dict[str, Any]:
    """The settings that costs are counted by: what runs and serves, and within which limits."""
    by_notebook = context.compute == "notebook"
    return {
        "region": context.region if context.billed else "",
        "notebook": Names.of(context).notebook if by_notebook else "",
        "processing_instance": context.notebook_instance if by_notebook else context.processing_instance,
        "processing_instances": 1 if by_notebook else context.processing_instances,
        "transform_instance": context.transform_instance,
        "training_instance": context.training_instance,
        "training_instances": context.training_instances,
        "spot": context.spot,
        "run_cost_cap_usd": context.run_cost_cap_usd,
        "janitor_hours": context.janitor_hours,
        "notebook_hours": context.notebook_hours,
    }
