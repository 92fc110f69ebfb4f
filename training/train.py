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
    from chartloop.errors import InvalidRequest
    from training import base_model, dataset, environment
    from training.arguments import hyperparameters

    chosen = hyperparameters(arguments)
    if not chosen.do_train:
        raise InvalidRequest("this job makes a model; there is nothing else to do", field="do_train")
    snapshot = dataset.read(Path(environ["SM_CHANNEL_TRAIN"]))
    if "SM_CHANNEL_MODEL" in environ:
        base_model.verify(Path(environ["SM_CHANNEL_MODEL"]))
    output = Path(environ.get("SM_MODEL_DIR", chosen.output_dir))
    if not chosen.overwrite_output_dir and output.exists() and any(output.iterdir()):
        raise InvalidRequest("the output folder is not empty", field="overwrite_output_dir")

    environment.settle(environ)
    from training import checkpoints, encoder, ner, ranks

    encoder.quiet()
    encoder.use_cores(environ)
    base = environ.get("SM_CHANNEL_MODEL", chosen.model_name_or_path)
    kept = checkpoints.of(environ, {"snapshot": snapshot.hash, "base": base_model.named(base), **chosen.model_dump(mode="json")})
    if kept is not None:
        kept.listen()
    with ranks.joined(environ) as ours:
        tagger = ner.train(snapshot, base, chosen, ours, kept)
        if ours.first:
            ner.save(tagger, output, task="ner", snapshot=snapshot.hash, base_model=chosen.model_name_or_path)


if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).resolve().parent.parent)  # the packages, not the folder of this script
    from training.jobs import Reporting, training_failure
    from training.listening import keep_in, listening

    with Reporting(training_failure(os.environ)), listening(keep_in(os.environ.get("SM_OUTPUT_DATA_DIR"))):
        main(sys.argv[1:], os.environ)
