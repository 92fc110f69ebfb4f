"""Running an encoder on whatever this machine has: threads, device, precision, and rows of ids."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import torch


def quiet() -> None:
    """No chatter of transformers among the metric lines."""
    from transformers import logging

    logging.set_verbosity_error()
    logging.disable_progress_bar()


def use_cores(environ: Mapping[str, str]) -> int:
    """Sets torch's threads to OMP_NUM_THREADS, else to the number of cores; gives the number."""
    threads = int(environ.get("OMP_NUM_THREADS") or 0) or os.cpu_count() or 1
    torch.set_num_threads(threads)
    return threads


def device() -> torch.device:
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def multiplies_bf16(where: torch.device) -> bool:
    """Whether the hardware multiplies bfloat16 itself; where it is emulated, float32 is faster."""
    if where.type == "cuda":
        return torch.cuda.get_device_capability() >= (8, 0)
    cpuinfo = Path("/proc/cpuinfo")
    flags = cpuinfo.read_text(encoding="utf-8").split() if cpuinfo.exists() else []
    return not {"avx512_bf16", "amx_bf16", "bf16"}.isdisjoint(flags)


def autocast(where: torch.device, *, bf16: bool) -> AbstractContextManager[Any]:
    return torch.autocast(where.type, dtype=torch.bfloat16, enabled=bf16)


def load_token_classifier(source: str, tags: Sequence[str], *, seed: int) -> Any:
    """An encoder (folder or hub name) with a fresh head for `tags`.

    Dropout inside attention is off: it bars torch's fused attention, which makes training 1.6 times as long on a CPU.
    """
    from transformers import AutoConfig, AutoModelForTokenClassification

    config = AutoConfig.from_pretrained(source, num_labels=len(tags))
    config.id2label = dict(enumerate(tags))
    config.label2id = {tag: number for number, tag in enumerate(tags)}
    for name in ("attention_probs_dropout_prob", "attention_dropout"):
        if hasattr(config, name):
            setattr(config, name, 0.0)
    torch.manual_seed(seed)
    return AutoModelForTokenClassification.from_pretrained(source, config=config, dtype=torch.float32)


def pad(rows: Sequence[Sequence[int]], filler: int) -> torch.Tensor:
    """Rows as one int64 matrix, the shorter ones filled at the end."""
    width = max(map(len, rows))
    return torch.tensor([[*row, *[filler] * (width - len(row))] for row in rows], dtype=torch.int64)


def inputs(rows: Sequence[Sequence[int]], where: torch.device) -> dict[str, torch.Tensor]:
    """What an encoder is called with. Without padding there is no mask, which spares the slower masked attention."""
    ids = pad(rows, 0)
    if all(len(row) == ids.shape[1] for row in rows):
        return {"input_ids": ids.to(where)}
    mask = pad([[1] * len(row) for row in rows], 0)
    return {"input_ids": ids.to(where), "attention_mask": mask.to(where)}
