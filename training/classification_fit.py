"""Fine-tuning an encoder to classify texts: windows as examples, the validation figures, and an honest temperature."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from chartloop.classification import ClassificationHyperparameters
from chartloop.errors import JobFailed
from chartloop.snapshots import StoredRecord
from training import calibration, dataset, tuned
from training import classification_figures as figures
from training.checkpoints import Checkpoints
from training.classifier import Classifier
from training.fit import ALONE, IGNORED, Example, fit, plan_of
from training.jobs import metric
from training.quality import Trial
from training.ranks import Ranks
from training.tagging import Floats, tempered
from training.windows import Window


def train(
    records: Sequence[StoredRecord],
    base: str,
    chosen: ClassificationHyperparameters,
    ranks: Ranks = ALONE,
    checkpoints: Checkpoints | None = None,
) -> Classifier:
    """A classifier for the records' labels, from the encoder `base` (folder or hub name). Raises JobFailed.

    What it does not learn from, each epoch is validated on where that is asked for, and at the end the temperature is fitted.
    """
    labels = sorted({stored.record["label"] for stored in records})
    if len(labels) < 2:
        raise JobFailed("all records have the same label: there is nothing to tell apart", code="no_training_data", field="label")
    learned, watched, held_back = dataset.left_out(records, chosen)
    classifier = new_classifier(base, labels, chosen)
    examples = [example for each in learned for example in windows_of(each, classifier, chosen.windows_per_text)]
    if not examples:
        raise JobFailed("the snapshot holds no text to train on", code="no_training_data")
    plan = plan_of(chosen, bf16=classifier.engine.bf16)
    fit(classifier.engine.model, examples, plan, lambda _: metric(**validate(classifier, watched)), ranks, checkpoints)
    return calibrated(classifier, held_back) if ranks.first else classifier


def new_classifier(base: str, labels: Sequence[str], chosen: ClassificationHyperparameters) -> Classifier:
    """The encoder with a fresh head, seeded."""
    engine, cutter, length = tuned.fresh(base, labels, chosen)
    return Classifier(engine, cutter, labels, length, chosen.doc_stride)


def windows_of(stored: StoredRecord, classifier: Classifier, most: int) -> list[Example]:
    """At most so many windows of a text, from all over it; every piece of one is to say the text's label.

    That the pieces say so one by one bounds from above what their mean costs (Jensen), which is what serves.
    """
    [cut] = classifier.cutter.split([stored.record["text"]])
    label = classifier.labels.index(stored.record["label"])
    before, after = ([IGNORED] * len(special) for special in (classifier.cutter.prefix, classifier.cutter.suffix))
    return [
        Example(
            classifier.cutter.wrap(cut.ids[window.start : window.stop].tolist()),
            [*before, *[label] * (window.stop - window.start), *after],
        )
        for window in spread(classifier.windows(stored.record["text"], cut), most)
    ]


def spread(windows: Sequence[Window], most: int) -> list[Window]:
    """At most `most` of the windows, the first and the last among them, as evenly as can be."""
    places = np.unique(np.linspace(0, len(windows) - 1, min(most, len(windows))).round().astype(int))
    return [windows[place] for place in places]


def validate(classifier: Classifier, watched: Sequence[StoredRecord]) -> dict[str, float]:
    """eval_loss per text and eval_accuracy; nothing where there is nothing to watch."""
    if not watched:
        return {}
    _, right, loss = judged(classifier, watched)
    return {"eval_loss": loss, "eval_accuracy": float(right.mean())}


def judged(classifier: Classifier, records: Sequence[StoredRecord]) -> tuple[Floats, npt.NDArray[np.bool_], float]:
    """(probabilities without temperature, texts x labels; which texts are answered rightly; the loss per text)."""
    texts = [stored.record["text"] for stored in records]
    scored = classifier.probabilities(texts, classifier.cutter.split(texts))
    shares = np.stack([classifier.shares(each, 1.0) for each in scored])
    gold = np.array([classifier.labels.index(stored.record["label"]) for stored in records])
    likelihood = shares[np.arange(len(gold)), gold]
    return shares, shares.argmax(axis=1) == gold, float(-np.log(np.maximum(likelihood, 1e-12)).mean())


def calibrated(classifier: Classifier, held_back: Sequence[StoredRecord]) -> Classifier:
    """The classifier with the temperature that fits the records, which it must not have learned from."""
    known = [stored for stored in held_back if stored.record["label"] in classifier.labels][: calibration.MOST_NOTES]
    if not known:
        return classifier
    shares, right, _ = judged(classifier, known)
    fitted = calibration.least_loss(lambda each: tempered(shares, each).max(axis=1), right)
    metric(temperature=fitted, calibration_records=len(right))
    return replace(classifier, temperature=fitted)


def trial(records: Sequence[StoredRecord], held_back: int) -> Trial:
    """How forms of a classifier are tried: by macro F1 on records of the training side that it did not learn from.

    `held_back` percent of their groups, as its card says.
    """
    learned, compared = dataset.sides(records, held_back)
    return Trial(
        lambda folder, engine: Classifier.load(folder, tuned.card(folder), engine),
        lambda model: macro_f1(model, compared),
        *([stored.record["text"] for stored in side] for side in (learned, compared)),
    )


def macro_f1(classifier: Classifier, records: Sequence[StoredRecord]) -> float:
    texts = [stored.record["text"] for stored in records]
    scored = classifier.probabilities(texts, classifier.cutter.split(texts))
    answers = [classifier.by_label(classifier.shares(each)) for each in scored]
    return figures.metrics(figures.groups_of(figures.samples(records, answers)))["macro_f1"] or 0.0
