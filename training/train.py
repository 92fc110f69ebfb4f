"""The training job: hyper-parameters as `--name value`, channels and output folders by the training toolkit's SM_* variables."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path


def main(arguments: Sequence[str], environ: Mapping[str, str]) -> None:
    """Trains on channel `train` from channel `model`, and leaves the candidate in SM_MODEL_DIR."""
    from chartloop.errors import InvalidRequest
    from training import dataset
    from training.arguments import hyperparameters

    chosen = hyperparameters(arguments)
    if not chosen.do_train:
        raise InvalidRequest("this job makes a model; there is nothing else to do", field="do_train")
    snapshot = dataset.read(Path(environ["SM_CHANNEL_TRAIN"]))
    output = Path(environ.get("SM_MODEL_DIR", chosen.output_dir))
    if not chosen.overwrite_output_dir and output.exists() and any(output.iterdir()):
        raise InvalidRequest("the output folder is not empty", field="overwrite_output_dir")
    _train(snapshot, environ.get("SM_CHANNEL_MODEL", chosen.model_name_or_path), chosen, output)


def _train(snapshot, base, chosen, output) -> None:  # type: ignore[no-untyped-def]
    from training import encoder, ner

    encoder.quiet(os.environ)
    encoder.use_cores(os.environ)
    tagger = ner.train(snapshot, base, chosen)
    ner.save(tagger, output, task="ner", snapshot=snapshot.hash, base_model=chosen.model_name_or_path)


if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).resolve().parent.parent)  # the packages, not the folder of this script
    from training.jobs import Reporting, training_failure

    with Reporting(training_failure(os.environ)):
        main(sys.argv[1:], os.environ)
