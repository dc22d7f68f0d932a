"""Lengths that a plan counts with: read from the run's tables, with the run's own tokenizer."""

import json
import shutil
from pathlib import Path

import polars as pl
import pytest
import yaml

from schemas import store
from schemas.problems import Problems
from schemas.samples import Samples
from schemas.settings import Settings
from stages.contract.dvc_files import params
from stages.contract.parsed_parameters import parse_parameters
from stages.models.tokens import Encoder
from stages.planning.measured import CHARACTERS, PROMPT_TOKENS, measure_work
from stages.planning.shapes import BASE
from tests.fakes.fake_run import plant

VALUES = yaml.safe_load(params("sample.pool=all"))


@pytest.fixture
def recorded(run_folder: Path) -> Path:
    """A run's tables, with the settings of section task and model that they were made with."""
    plant(run_folder)
    rows = [
        {"section": section, "name": name, "value": json.dumps(value)}
        for section in ("task", "model")
        for name, value in VALUES[section].items()
    ]
    store.write(pl.DataFrame(rows), Settings)
    return run_folder


@pytest.mark.parametrize(
    ("with_base", "changed"), [(True, ""), (True, "model"), (True, "task"), (False, "")]
)
def test_lengths_are_those_of_the_tables(
    recorded: Path, checkpoint: Path, with_base: bool, changed: str
) -> None:
    if with_base:
        shutil.copytree(checkpoint, BASE)
    values = VALUES | ({changed: VALUES[changed] | {"name": "other"}} if changed else {})
    measured = measure_work(parse_parameters(VALUES), values)
    prompts = store.read(Problems)["prompt"].to_list()
    if changed == "task":
        assert (measured.from_tables, measured.prompt_tokens) == (False, PROMPT_TOKENS)
        return
    if with_base and not changed:
        lengths = [len(Encoder.load(checkpoint).encode_prompt(prompt)) for prompt in prompts]
        assert measured.mean_prompt == pytest.approx(sum(lengths) / len(lengths))
    else:
        lengths = [int(len(prompt) / CHARACTERS) + 1 for prompt in prompts]
    drawn = store.read(Samples)["n_tokens"]
    assert measured.prompt_tokens == max(lengths)
    assert measured.longest == max(lengths) + drawn.max()
    assert measured.answer_tokens == drawn.mean()


def test_a_task_without_problems_has_the_assumed_lengths(recorded: Path) -> None:
    store.write(store.read(Problems).clear(), Problems)
    measured = measure_work(parse_parameters(VALUES), VALUES)
    assert (measured.prompt_tokens, measured.n_test) == (PROMPT_TOKENS, 0)
