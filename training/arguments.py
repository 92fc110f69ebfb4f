"""Hyper-parameters from a job's command line, as the training toolkit passes them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from pydantic import ValidationError

from chartloop.errors import InvalidRequest
from chartloop.hyperparameters import Hyperparameters

OBJECTIVE = "--_tuning_objective_metric"
"""What SageMaker adds to the hyper-parameters of a tuning's trial; every job prints all of its metrics anyway."""

Chosen = TypeVar("Chosen", bound=Hyperparameters)


def hyperparameters(kind: type[Chosen], arguments: Sequence[str]) -> Chosen:
    """Of the task's kind, from `--name value` pairs; booleans come as `true` or `True`. Raises InvalidRequest, naming the field.

    `s3_bucket`, `s3_folder` and `s3_model_folder` are for who starts the job: here the data is in the channels already.
    """
    names, values = arguments[::2], arguments[1::2]
    if len(names) != len(values) or not all(name.startswith("--") for name in names):
        raise InvalidRequest("hyper-parameters come as `--name value`", field="hyperparameters")
    try:
        given = {name[2:]: value for name, value in zip(names, values, strict=True) if name != OBJECTIVE}
        return kind.model_validate(given)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        field = str(first["loc"][-1])
        raise InvalidRequest(f"hyper-parameter {field}: {first['msg']}", field=field) from None
