"""Weights as safetensors, for a pretrained model that comes as a pickle: `python -m training.safe_weights FOLDER`."""

from __future__ import annotations

import sys
from pathlib import Path

PICKLED = "pytorch_model.bin"
SAFE = "model.safetensors"


def convert(folder: Path) -> None:
    """Writes `model.safetensors` beside `pytorch_model.bin`, tensor by tensor the same. Nothing in the pickle is run."""
    import torch
    from safetensors.torch import save_file

    tensors = torch.load(folder / PICKLED, map_location="cpu", weights_only=True)
    aside = folder / f".{SAFE}"
    save_file({name: tensor.clone().contiguous() for name, tensor in tensors.items()}, aside, metadata={"format": "pt"})
    aside.replace(folder / SAFE)


if __name__ == "__main__":
    convert(Path(sys.argv[1]))
