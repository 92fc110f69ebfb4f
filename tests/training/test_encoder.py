"""Threads and padding."""

from __future__ import annotations

import os

import torch

from training import encoder, environment


def test_padding_is_masked() -> None:
    made = encoder.inputs([[5, 6, 7], [8]], torch.device("cpu"))
    assert made["input_ids"].tolist() == [[5, 6, 7], [8, 0, 0]]
    assert made["attention_mask"].tolist() == [[1, 1, 1], [1, 0, 0]]


def test_without_padding_there_is_no_mask() -> None:
    assert set(encoder.inputs([[5, 6], [7, 8]], torch.device("cpu"))) == {"input_ids"}


def test_threads_are_those_asked_for_or_the_cores() -> None:
    before = torch.get_num_threads()
    assert encoder.use_cores({"OMP_NUM_THREADS": "1"}) == torch.get_num_threads() == 1
    assert encoder.use_cores({}) == torch.get_num_threads() == os.cpu_count()
    torch.set_num_threads(before)


def test_the_environment_is_only_completed() -> None:
    environ = {"HF_HUB_OFFLINE": "0"}
    environment.settle(environ)
    assert environ == {"HF_HUB_OFFLINE": "0", "OMP_WAIT_POLICY": "PASSIVE"}
