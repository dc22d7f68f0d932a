"""The base model: what it is pretrained on, and the weights that verifiers start from."""

from pathlib import Path

import polars as pl
import pytest

from schemas.errors import RatchetError
from stages.base import BaseSettings, base, pretraining_examples
from stages.compute.compute_settings import ComputeSettings
from stages.models.folders import is_empty, load_policy
from stages.pipeline.stage_run import StageRun
from stages.tasks.toy import STEP
from stages.training.training_settings import TrainerSettings
from tests.fakes.small_settings import datasets_settings, scratch_settings, toy_settings
from tests.fakes.toy_problems import toy_problems
from tests.fakes.training_jobs import OPTIMISER, TRAINER

WEIGHTS = "model.safetensors"


def make(folder: Path, verifier: str = "policy", **settings: object) -> dict[str, pl.DataFrame]:
    """The tables of stage base, which makes folder/base and folder/start."""
    out, fetched = folder / "base", folder / "start"
    for made in (out, fetched):
        made.mkdir(parents=True)
    tables: dict[str, pl.DataFrame] = base(
        problems=toy_problems(),
        model=scratch_settings(verifier=verifier),
        base=BaseSettings.model_validate(OPTIMISER | {"n_per_level": 0} | settings),
        trainer=TrainerSettings.model_validate(TRAINER | {"dev_share": 0.1}),
        task=toy_settings(),
        compute=ComputeSettings(threads=1),
        stage_run=StageRun(0, 0, "base"),
        out=out,
        verifier_start=fetched,
    )
    return tables


@pytest.mark.parametrize("start", ["policy", "base", "sft", "simulator", "a folder"])
def test_a_verifier_s_weights_from_elsewhere_are_fetched_once_for_all_rounds(
    checkpoint: Path, tmp_path: Path, start: str
) -> None:
    make(tmp_path, str(checkpoint) if start == "a folder" else start)
    fetched = tmp_path / "start"
    assert is_empty(fetched) is (start != "a folder")
    if start == "a folder":
        assert (fetched / WEIGHTS).read_bytes() == (checkpoint / WEIGHTS).read_bytes()


def test_one_is_pretrained_to_the_same_bytes_and_its_losses_are_written(run_folder: Path) -> None:
    first, again = (
        make(run_folder / name, n_per_level=4, max_steps=12) for name in ("first", "again")
    )
    assert first["losses"].height and first["losses"].equals(again["losses"])
    made = [(run_folder / name / "base" / WEIGHTS).read_bytes() for name in ("first", "again")]
    assert made[0] == made[1]
    assert load_policy(run_folder / "first/base").config.hidden_size == 32


def test_without_texts_the_weights_are_random(run_folder: Path) -> None:
    assert make(run_folder)["losses"].is_empty()


def test_a_text_has_a_question_and_the_solution_of_another(problems: pl.DataFrame) -> None:
    rows = pretraining_examples(toy_settings(), 40, 0, problems)
    assert rows.height == 200 and rows["example_id"].is_unique().all()
    assert rows["prompt"].to_list() == [""] * 200  # the question is learnt too
    own = 0
    for text in rows["completion"]:
        question, *steps, answer = text.split("\n")
        assert all(STEP.fullmatch(step) for step in steps) and answer.startswith("#### ")
        own += steps[0].partition(":")[0] in question
    assert own < 100  # the names are of another problem, but for chance


def test_texts_depend_on_the_seed(problems: pl.DataFrame) -> None:
    first, again, other = (
        pretraining_examples(toy_settings(), 5, seed, problems)["completion"] for seed in (0, 0, 1)
    )
    assert first.equals(again) and not set(first) & set(other)


def test_the_run_s_own_problems_are_not_read(problems: pl.DataFrame) -> None:
    texts = pretraining_examples(toy_settings(), 40, 0, problems)["completion"]
    read = texts.str.split("\n").list.first()
    assert not set(read) & set(problems["question"])
    known = problems.with_columns(question=read.head(problems.height))
    rest = pretraining_examples(toy_settings(), 40, 0, known)["completion"]
    assert rest.len() == 200 - problems.height
    assert not set(rest.str.split("\n").list.first()) & set(known["question"])


def test_a_task_that_makes_no_more_problems_is_one_line(problems: pl.DataFrame) -> None:
    with pytest.raises(RatchetError, match=r"can't make more problems: set base\.n_per_level to 0"):
        pretraining_examples(datasets_settings(), 5, 0, problems)
