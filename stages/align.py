"""align: M_k, the model trained on this iteration's rows (SIPF Algorithm 1)."""

import shutil
from functools import partial
from pathlib import Path

import polars as pl

from schemas.examples import Examples
from schemas.losses import Losses
from schemas.pairs import Pairs
from stages.compute import ComputeSettings
from stages.models import ModelSettings, need_model, starting_point
from stages.objectives.catalog import train
from stages.objectives.launch import run
from stages.objectives.settings import AlignSettings
from stages.objectives.training import Job, Rows, TrainerSettings
from stages.stage import now, stage
from stages.turn import Turn


@stage(
    reads={"pairs": now(Pairs), "examples": now(Examples)},
    models={"base": "base", "first": "sft", "previous": "previous"},
    makes="now",
    writes=[now(Losses)],
    sections=[AlignSettings, ModelSettings, TrainerSettings, ComputeSettings],
)
def align(
    pairs: pl.DataFrame,
    examples: pl.DataFrame,
    base: Path,
    first: Path,
    previous: Path,
    align: AlignSettings,
    model: ModelSettings,
    trainer: TrainerSettings,
    compute: ComputeSettings,
    turn: Turn,
    out: Path,
) -> pl.DataFrame:
    """Makes models/iteration=K."""
    start = starting_point(align.start, model, base, first, previous)
    if align.objective == "none":
        shutil.copytree(start, out, dirs_exist_ok=True)
        return Losses.create_empty()
    rate = align.learning_rate * align.rate_scale
    settings = align.model_copy(update={"learning_rate": rate})
    job = Job(need_model(start), out, turn, settings, trainer, model.adapter)
    return run(partial(train, align.objective), job, Rows(pairs, examples), compute)


if __name__ == "__main__":
    align.main()
