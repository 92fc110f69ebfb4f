"""Putting back what the journal holds into a cloud that was just deployed: objects, items, models and what serves them.

Names are the same as before the restart, ids may differ. Jobs and executions are not put back: the product's own sweep starts an
interrupted run again.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from moto.dynamodb.models import dynamodb_backends
from moto.s3.models import s3_backends

from local.journal import Journal
from local.sagemaker import SageMaker
from local.server import ACCOUNT, REGION, LocalCloud


def restore(cloud: LocalCloud, journal: Journal, sagemaker: SageMaker) -> None:
    """Brings everything back and waits until what was live serves again; once, after the deployment and before anybody writes."""
    for key, kept in journal.space("object").items():
        put_object(key, kept, journal.blob(kept["blob"]).read_bytes())
    for key, kept in journal.space("item").items():
        dynamodb_backends[ACCOUNT][REGION].put_item(json.loads(key)[0], kept, overwrite=True)
    put_models(cloud, journal, sagemaker)
    for name, kept in journal.space("endpoint").items():
        sagemaker.endpoints.restore(name, kept)


def put_object(key: str, kept: Mapping[str, Any], body: bytes) -> None:
    """One object with the etag, the metadata and the time that it had; nobody is notified."""
    bucket, _, name = key.partition("/")
    stored = s3_backends[ACCOUNT]["aws"].put_object(bucket, name, body, etag=kept["etag"], disable_notification=True)
    stored.set_metadata(dict(kept["metadata"]))
    stored.last_modified = datetime.fromisoformat(kept["modified"])


def put_models(cloud: LocalCloud, journal: Journal, sagemaker: SageMaker) -> None:
    """Models, endpoint configurations and packages, by the requests that made them, in their order."""
    client = cloud.client("sagemaker")
    sagemaker.restoring = True
    try:
        for request in journal.space("model").values():
            client.create_model(**request)
        for request in journal.space("endpoint_config").values():
            client.create_endpoint_config(**request)
        for arn, kept in journal.space("package").items():
            client.create_model_package(**kept["request"])
            if kept["update"]:
                client.update_model_package(**{**kept["update"], "ModelPackageArn": arn})
    finally:
        sagemaker.restoring = False
