"""A classifier's graph in int8: for ONNX Runtime with scales as they come, for OpenVINO with scales taken from notes."""

from __future__ import annotations

import logging
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from training.passes import Rows

if TYPE_CHECKING:
    from training.quality import Reader

CALIBRATING = 48
"""Windows from which scales are taken; more made no difference on case reports."""


def dynamic(source: Path, target: Path) -> None:
    """Weights as int8 by channel; activations get their scale as they come, so there is nothing to calibrate.

    With seven bits of the eight: where a processor lacks the newer dot products, eight overflow, and the same model would
    answer otherwise there.
    """
    from onnxruntime.quantization import QuantType, quantize_dynamic

    quantize_dynamic(source, target, per_channel=True, reduce_range=True, weight_type=QuantType.QInt8)


def static(model: Any, rows: Rows) -> Any:
    """An OpenVINO model with its weights and activations in int8, smoothed as suits a transformer; seven bits, as above."""
    os.environ.setdefault("NNCF_CI", "1")  # its word for: tell nobody that you were used
    import nncf

    logging.getLogger("nncf").setLevel(logging.ERROR)
    return nncf.quantize(
        model,
        nncf.Dataset([{"input_ids": np.array([row], dtype=np.int64)} for row in rows]),
        model_type=nncf.ModelType.TRANSFORMER,
        subset_size=len(rows),
        advanced_parameters=nncf.AdvancedQuantizationParameters(overflow_fix=nncf.OverflowFix.ENABLE),
    )


def windows(model: Reader, texts: Sequence[str]) -> list[list[int]]:
    """At most CALIBRATING windows, from all over the texts, as the model reads them."""
    rows = [
        model.cutter.wrap(cut.ids[window.start : window.stop].tolist())
        for text, cut in zip(texts, model.cutter.split(texts), strict=True)
        for window in model.windows(text, cut)
    ]
    return rows[:: max(1, -(-len(rows) // CALIBRATING))]
