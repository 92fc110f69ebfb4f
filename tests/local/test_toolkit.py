"""Hyper-parameters reach a script as the training toolkit passes them."""

from __future__ import annotations

import pytest

from chartloop.errors import JobFailed
from chartloop.ner import NerHyperparameters
from chartloop.tasks import encode
from local.toolkit import arguments, command, decode
from training.arguments import hyperparameters


def test_values_are_decoded_where_they_are_json_and_kept_where_they_are_not() -> None:
    given = {"a": "8", "b": "0.1", "c": "true", "d": '"x"', "e": "s3://b/k", "f": '{"k": [1]}'}
    assert decode(given) == {"a": 8, "b": 0.1, "c": True, "d": "x", "e": "s3://b/k", "f": {"k": [1]}}


def test_the_command_line_has_one_word_a_value() -> None:
    assert arguments({"b": True, "name": "a b", "map": {"y": 2, "x": 1}}) == ["-b", "True", "--map", "x=1,y=2", "--name", "a b"]


def test_what_the_domain_encodes_is_what_the_script_reads() -> None:
    chosen = NerHyperparameters(num_train_epochs=3)
    assert hyperparameters(type(chosen), arguments(decode(encode(chosen)))) == chosen


def test_a_job_that_names_no_script_fails_by_that() -> None:
    with pytest.raises(JobFailed, match="sagemaker_program"):
        command({"num_train_epochs": 1})
