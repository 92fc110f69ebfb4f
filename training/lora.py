"""LoRA (Hu et al. 2021): a causal language model learns completions through low-rank adapters, which are then merged into it."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import torch

from training import encoder


def load(base: str, *, bf16: bool) -> tuple[Any, Any]:
    """(model, tokenizer) of a folder or a hub's name, on this machine's device; in bfloat16 only where a GPU has to hold it."""
    from transformers import AutoModelForCausalLM, AutoTokenizer

    where = encoder.device()
    dtype = torch.bfloat16 if bf16 and where.type == "cuda" else torch.float32
    tokenizer = AutoTokenizer.from_pretrained(base)
    return AutoModelForCausalLM.from_pretrained(base, dtype=dtype).to(where), tokenizer


def adapted(model: Any, *, rank: int, alpha: int, dropout: float, seed: int) -> Any:
    """The model with fresh adapters, seeded, beside every linear layer but the last; nothing else of it learns.

    The adapters are kept in float32, whatever the model is in.
    """
    from peft import LoraConfig, get_peft_model

    torch.manual_seed(seed)
    warnings.filterwarnings("ignore", message="`is_gradient_checkpointing`", category=FutureWarning)  # peft asks transformers so
    model.config.use_cache = False
    shape = LoraConfig(
        r=rank, lora_alpha=alpha, lora_dropout=dropout, target_modules="all-linear", bias="none", task_type="CAUSAL_LM"
    )
    return get_peft_model(model, shape)


def merged(model: Any) -> Any:
    """The model by itself again, what its adapters learned added to its weights."""
    found = model.merge_and_unload()
    found.config.use_cache = True
    return found


def save(model: Any, tokenizer: Any, folder: Path) -> None:
    """Weights as safetensors, in the precision that they have, and the tokenizer."""
    model.cpu().save_pretrained(folder)
    tokenizer.save_pretrained(folder)
