"""The checkpoint that becomes an iteration's model, and the problems it is measured on."""

from collections.abc import Sequence
from pathlib import Path
from shutil import copytree
from typing import Any

import polars as pl
import pytest

from schemas.errors import RatchetError
from stages.compute.compute_settings import ComputeSettings
from stages.engines.decoder.transformers_engine import TransformersSettings
from stages.grading.grade_frame import GradeSettings
from stages.pipeline.stage_run import StageRun
from stages.prepare import hold_out
from stages.select import choose_checkpoint, select
from stages.training.training_settings import SelectSettings, step_folder
from tests.fakes.toy_problems import toy_problems

SELECT = SelectSettings(
    method="accuracy", n_problems=6, max_tokens=8, folder="models/trained", turns={"1": {"prev": 0}}
)


@pytest.mark.parametrize(
    ("n_correct", "step"),
    [([3, 5, 4], 20), ([5, 3, 5], 30), ([0, 0, 0], 30), ([7, 0, 0], 10)],
)
def test_most_right_answers_win_and_the_later_of_equals(n_correct: list[int], step: int) -> None:
    scores = pl.DataFrame({"step": [10, 20, 30], "n_correct": n_correct})
    assert choose_checkpoint(scores) == step


def test_held_out_problems_are_no_longer_trained_on(problems: pl.DataFrame) -> None:
    held = hold_out(problems, 6, seed=0)
    dev = held.filter(pl.col("split") == "dev")
    assert dev.height == 6 and not dev["demonstrated"].any()
    assert held["problem_id"].equals(problems["problem_id"])
    others = held.filter(pl.col("split") != "dev")
    assert others.equals(problems.join(dev, on="problem_id", how="anti", maintain_order="left"))
    assert set(dev["problem_id"]) <= set(problems.filter(pl.col("split") == "train")["problem_id"])
    ids = {tuple(hold_out(problems, 6, s).filter(split="dev")["problem_id"]) for s in range(4)}
    assert len(ids) == 4  # another seed holds others out


def test_the_forms_of_a_problem_stay_together() -> None:
    problems = toy_problems()
    forms = pl.int_range(pl.len()) // 3
    problems = problems.with_columns(form_of=pl.format("problem-{}", forms))
    held = hold_out(problems, 4, seed=0)
    splits = (
        held.filter(pl.col("split") != "test").group_by("form_of").agg(pl.col("split").unique())
    )
    assert splits["split"].list.len().max() == 1
    assert held.filter(pl.col("split") == "dev").height >= 4


def test_something_is_left_to_train_on(problems: pl.DataFrame) -> None:
    n = problems.filter(pl.col("split") == "train").height
    with pytest.raises(RatchetError, match=rf"select\.n_problems={n} leaves none of {n} .* set it"):
        hold_out(problems, n, seed=0)


def run_select(problems: pl.DataFrame, trained: Path, out: Path) -> pl.DataFrame:
    made: pl.DataFrame = select(
        problems=problems,
        trained=trained,
        select=SELECT,
        engine=TransformersSettings(
            name="transformers", precision="float32", max_length=None, shard_size=64, batch_size=8
        ),
        grade=GradeSettings(workers=1, timeout_s=5.0, memory_mb=1024, sandbox="bubblewrap"),
        compute=ComputeSettings(threads=1),
        stage_run=StageRun(1, 0, "select"),
        out=out,
    )
    return made


def write_answers(monkeypatch: pytest.MonkeyPatch, right: dict[str, int]) -> None:
    """Has each folder's model answer that many problems right, and the others wrong."""

    def answers(sampler: Any, rows: pl.DataFrame, *_: Any) -> pl.DataFrame:
        n = right[Path(sampler.model).name]
        return rows.with_columns(correct=pl.int_range(pl.len()) < n)

    monkeypatch.setattr("stages.select.sample_answers", answers)


@pytest.mark.parametrize(("right", "best"), [((1, 4, 2), 6), ((0, 0, 0), 7), ((3, 2, 1), 3)])
def test_the_chosen_checkpoint_is_the_model(
    checkpoint: Path,
    problems: pl.DataFrame,
    run_folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    right: Sequence[int],
    best: int,
) -> None:
    trained, out = run_folder / "trained", run_folder / "m"
    for step in (3, 6, 7):
        copytree(checkpoint, step_folder(trained, step))
        (step_folder(trained, step) / "note").write_text(str(step))
    write_answers(monkeypatch, dict(zip(("step=3", "step=6", "step=7"), right, strict=True)))
    scores = run_select(hold_out(problems, 6, seed=0), trained, out)
    assert (out / "note").read_text() == str(best)
    assert scores.filter("chosen")["step"].to_list() == [best]
    assert scores["n_correct"].to_list() == list(right)
    assert scores["n_problems"].to_list() == [6, 6, 6]


def test_a_real_model_is_measured(
    checkpoint: Path, problems: pl.DataFrame, run_folder: Path
) -> None:
    copytree(checkpoint, step_folder(run_folder / "trained", 5))
    scores = run_select(hold_out(problems, 6, seed=0), run_folder / "trained", run_folder / "m")
    assert scores.select("step", "n_problems", "n_correct", "chosen").rows() == [(5, 6, 0, True)]
    assert (run_folder / "m/model.safetensors").is_file()


def test_without_held_out_problems_it_says_so(problems: pl.DataFrame, run_folder: Path) -> None:
    with pytest.raises(RatchetError, match=r"no problem is held out: set select\.n_problems"):
        run_select(problems, run_folder, run_folder / "m")
