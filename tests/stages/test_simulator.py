"""The simulator: whose it is, and what it learns from: never the run's own problems."""

from pathlib import Path
from typing import Any

import polars as pl
import pytest

from schemas.errors import RatchetError
from stages.compute.compute_settings import ComputeSettings
from stages.models.completion_server import SimulatorServerSettings, read_server
from stages.models.folders import is_empty, load_policy, load_tokenizer
from stages.pipeline.stage_run import StageRun
from stages.simulator import SimulatorSettings, simulator, training_examples
from stages.training.training_settings import TrainerSettings
from tests.fakes.small_settings import BARE, datasets_settings, scratch_settings, toy_settings
from tests.fakes.toy_problems import toy_problems
from tests.fakes.training_jobs import OPTIMISER, TRAINER

SMALL = {
    "vocabulary": 300,
    "width": 16,
    "layers": 1,
    "heads": 2,
    "kv_heads": 1,
    "feed_forward": 16,
    "max_positions": 256,
    "init_std": 0.08,
}


SERVER = {
    "url": "http://localhost:8000/v1",
    "model": "large",
    "key_variable": "SERVER_KEY",
    "concurrency": 8,
    "timeout_s": 10.0,
    "retries": 1,
    "shard_size": 8,
    "logprobs": False,
}


def make(out: Path, model: str, problems: pl.DataFrame) -> None:
    settings = OPTIMISER | BARE | SMALL | {"n_per_level": 3, "max_steps": 2}
    simulator(
        problems=problems,
        model=scratch_settings(simulator=model),
        simulator=SimulatorSettings.model_validate(settings),
        simulator_server=SimulatorServerSettings.model_validate(SERVER),
        trainer=TrainerSettings.model_validate(TRAINER),
        task=toy_settings(),
        compute=ComputeSettings(threads=1),
        stage_run=StageRun(0, 0, "simulator"),
        out=out,
    )


def test_the_policy_needs_none(run_folder: Path, problems: pl.DataFrame) -> None:
    make(run_folder, "policy", problems)
    assert is_empty(run_folder)


def test_one_is_trained_from_scratch(run_folder: Path, problems: pl.DataFrame) -> None:
    make(run_folder, "trained", problems)
    model, tokenizer = load_policy(run_folder), load_tokenizer(run_folder)
    assert model.config.hidden_size == 16 and len(tokenizer) <= 300


def test_one_behind_a_server_is_its_address(run_folder: Path, problems: pl.DataFrame) -> None:
    make(run_folder, "server", problems)
    assert read_server(run_folder) == SimulatorServerSettings.model_validate(SERVER)
    assert not is_empty(run_folder)


def test_a_folder_is_copied(run_folder: Path, problems: pl.DataFrame, checkpoint: Path) -> None:
    make(run_folder, str(checkpoint), problems)
    copied = (run_folder / "model.safetensors").read_bytes()
    assert copied == (checkpoint / "model.safetensors").read_bytes()


def test_a_missing_folder_is_one_line(run_folder: Path, problems: pl.DataFrame) -> None:
    with pytest.raises(RatchetError, match=r"model\.simulator: /no/such is not a model folder"):
        make(run_folder, "/no/such", problems)


def test_lessons_leave_the_run_s_own_problems_out(problems: pl.DataFrame) -> None:
    rows = training_examples(toy_settings(), 40, 0, problems)
    assert rows.height == 200 and rows["example_id"].is_unique().all()
    repeated = rows.select(question=pl.col("prompt").str.strip_chars())
    assert not set(repeated["question"]) & set(problems["question"])
    known = problems.with_columns(question=repeated["question"].head(problems.height))
    assert training_examples(toy_settings(), 40, 0, known).height == 200 - problems.height


def test_lessons_end_like_the_policy_s_gold(problems: pl.DataFrame) -> None:
    gold: Any = toy_problems()["rationale"].list.last()
    assert gold.str.starts_with("#### ").all()
    assert (
        training_examples(toy_settings(), 5, 0, problems)["completion"].str.contains("#### ").all()
    )


def test_a_task_that_makes_no_more_problems_is_one_line(problems: pl.DataFrame) -> None:
    with pytest.raises(RatchetError, match=r"can't make more problems: set model\.simulator"):
        training_examples(datasets_settings(), 5, 0, problems)
