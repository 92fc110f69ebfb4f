"""The training job: hyper-parameters as `--name value`, channels and output folders by the training toolkit's SM_* variables."""

from __future__ import annotations

import os
import sys
from collections.abc import MutableMapping, Sequence
from pathlib import Path


def main(arguments: Sequence[str], environ: MutableMapping[str, str]) -> None:
    """Trains on channel `train` from channel `model`, and leaves the candidate in SM_MODEL_DIR.

    Without a `model` channel the base is `model_name_or_path` itself. Raises ChartloopError.
    """
    from chartloop import tasks
    from chartloop.errors import InvalidRequest
    from training import base_model, dataset, kinds
    from training.arguments import hyperparameters

    snapshot = dataset.read(Path(environ["SM_CHANNEL_TRAIN"]))
    task = tasks.find(snapshot.task)
    chosen = hyperparameters(task.hyperparameters, arguments)
    if not chosen.do_train:
        raise InvalidRequest("this job makes a model; there is nothing else to do", field="do_train")
    base = chosen.base_model
    if base is not None and "SM_CHANNEL_MODEL" in environ:
        base = environ["SM_CHANNEL_MODEL"]
        base_model.verify(Path(base))
    output = Path(environ.get("SM_MODEL_DIR", chosen.output_dir))
    if not chosen.overwrite_output_dir and output.exists() and any(output.iterdir()):
        raise InvalidRequest("the output folder is not empty", field="overwrite_output_dir")
    kinds.of(task).train(kinds.Training(task, snapshot, base, chosen, output, environ))


if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).resolve().parent.parent)  # the packages, not the folder of this script
    from training.jobs import Reporting, training_failure
    from training.listening import keep_in, listening

    with Reporting(training_failure(os.environ)), listening(keep_in(os.environ.get("SM_OUTPUT_DATA_DIR"))):
        main(sys.argv[1:], os.environ)
