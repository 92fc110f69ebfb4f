"""The environment variables that torch and transformers read when they are first imported."""

from __future__ import annotations

from collections.abc import MutableMapping


def settle(environ: MutableMapping[str, str]) -> None:
    """Sets what is not set yet. Call it before anything imports torch or transformers.

    Without a passive wait OpenMP's threads spin at every barrier, which makes a step take five times as long on a machine whose
    cores are shared with another job.
    """
    environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    environ.setdefault("HF_HUB_OFFLINE", "1")
