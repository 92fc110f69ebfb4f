"""Windows to take scales from, and a graph in int8 made with nothing but what is bundled with the jobs' code."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.training.tiny import ROOT, Trained
from training import dataset, engines, quality, quantizing, tracing

QUANTIZED = """
import sys
for name in ("openvino_telemetry", "sklearn", "joblib", "ninja", "pydot", "onnx", "onnxruntime"):
    sys.modules[name] = None
import openvino
from training import quantizing
model = quantizing.static(openvino.Core().read_model(sys.argv[1]), [[2, 9, 11, 30, 7, 3], [2, 40, 3], [2, *range(5, 35), 3]])
kinds = [each.get_type_name() for each in model.get_ops()]
print("made", kinds.count("FakeQuantize") > 4)
"""


def test_windows_come_from_all_over_the_notes(snapshot: Path, trained: Trained) -> None:
    learned = [note.text for note in dataset.notes(dataset.documents(dataset.read(snapshot)), 20).learned]
    tagger = quality.tagger(trained.folder, engines.load(trained.folder, "torch", "fp32"))
    few, all_rows = quantizing.windows(tagger, learned[:3]), quantizing.windows(tagger, learned * 5)
    assert len(few) >= 3 and quantizing.CALIBRATING / 2 < len(all_rows) <= quantizing.CALIBRATING
    [first] = tagger.cutter.split(learned[:1])
    assert few[0] == tagger.cutter.wrap(first.ids[: len(few[0]) - 2].tolist())
    assert quantizing.windows(tagger, ()) == []


def test_int8_needs_only_what_is_bundled(trained: Trained, tmp_path: Path) -> None:
    tracing.classifier(trained.folder, tmp_path / "traced.onnx")
    asked = [sys.executable, "-c", QUANTIZED, str(tmp_path / "traced.onnx")]
    done = subprocess.run(asked, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True)
    assert "made True" in done.stdout, done.stderr
