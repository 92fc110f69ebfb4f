"""Fine-tuning an encoder to tag entities: examples from documents, and the validation figures."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from chartloop.errors import JobFailed
from chartloop.ner import NerHyperparameters
from training import dataset, tagging, tuned
from training.calibration import calibrated
from training.checkpoints import Checkpoints
from training.dataset import Document
from training.fit import ALONE, IGNORED, Example, fit, plan_of
from training.jobs import metric
from training.measure import all_labels, f1, measure
from training.ranks import Ranks
from training.tagger import Tagger


def train(
    documents: Sequence[Document],
    base: str,
    chosen: NerHyperparameters,
    ranks: Ranks = ALONE,
    checkpoints: Checkpoints | None = None,
) -> Tagger:
    """A tagger for the documents' labels, from the encoder `base` (folder or hub name). Raises JobFailed.

    What it does not learn from, each epoch is validated on where that is asked for, and at the end its confidences are fitted.
    """
    learned, watched, held_back = dataset.left_out(documents, chosen)
    labels = sorted({entity["label"] for each in documents for entity in each.entities})
    tagger = new_tagger(base, labels, chosen)
    examples = [example for each in learned for example in windows_of(each, tagger)]
    if not examples:
        raise JobFailed("the snapshot holds no text to train on", code="no_training_data")
    plan = plan_of(chosen, bf16=tagger.engine.bf16)
    fit(tagger.engine.model, examples, plan, lambda _: metric(**validate(tagger, watched)), ranks, checkpoints)
    return calibrated(tagger, held_back) if ranks.first else tagger


def new_tagger(base: str, labels: Sequence[str], chosen: NerHyperparameters) -> Tagger:
    """The encoder with a fresh head, seeded."""
    engine, cutter, length = tuned.fresh(base, tagging.tag_names(labels), chosen)
    return Tagger(engine, cutter, labels, length, chosen.doc_stride)


def windows_of(document: Document, tagger: Tagger) -> list[Example]:
    """A document's windows; what two of them share counts in the one that owns it."""
    [cut] = tagger.cutter.split([document.text])
    tags = tagging.piece_tags(cut, document.entities, tagger.labels)
    examples = []
    for window in tagger.windows(document.text, cut):
        counted = np.full(window.stop - window.start, IGNORED)
        counted[window.own_inside] = tags[window.own]
        before, after = ([IGNORED] * len(special) for special in (tagger.cutter.prefix, tagger.cutter.suffix))
        ids = tagger.cutter.wrap(cut.ids[window.start : window.stop].tolist())
        examples.append(Example(ids, [*before, *counted.tolist(), *after]))
    return examples


def validate(tagger: Tagger, watched: Sequence[Document]) -> dict[str, float]:
    """eval_loss per piece, strict eval_f1 and eval_token_accuracy; nothing where there is nothing to watch."""
    texts = [each.text for each in watched]
    cuts = tagger.cutter.split(texts)
    answers = tagger.probabilities(texts, cuts)
    found = [tagger.decode(*each) for each in zip(texts, cuts, answers, strict=True)]
    measured = [measure(each, [vars(entity) for entity in its]) for each, its in zip(watched, found, strict=True)]
    tokens = sum(each.tokens for each in measured)
    if not tokens:
        return {}
    tags = [tagging.piece_tags(cut, each.entities, tagger.labels) for each, cut in zip(watched, cuts, strict=True)]
    likelihood = [answer[np.arange(len(gold)), gold] for answer, gold in zip(answers, tags, strict=True)]
    return {
        "eval_loss": float(-np.log(np.maximum(np.concatenate(likelihood), 1e-12)).mean()),
        "eval_f1": f1(all_labels(measured)),
        "eval_token_accuracy": sum(each.correct for each in measured) / tokens,
    }
