"""align: M_k, the model trained on this iteration's rows (SIPF §2.5, Algorithm 1)."""

import shutil
from functools import partial

import polars as pl

from schemas.examples import Examples
from schemas.losses import Losses
from schemas.pairs import Pairs
from stages.compute.compute_settings import ComputeSettings
from stages.models.folders import require_model
from stages.models.model_settings import ModelSettings
from stages.objectives.objective_list import train
from stages.pipeline.inputs import Made, Model, Now, now
from stages.pipeline.stage import stage
from stages.pipeline.stage_run import StageRun
from stages.training.job import Job
from stages.training.launch import run_training
from stages.training.rows import Rows
from stages.training.training_settings import (
    AlignSettings,
    SelectSettings,
    TrainerSettings,
    step_folder,
)


@stage(writes=[now(Losses)], opens=["compute.launch"])
def align(
    pairs: Now[Pairs],
    examples: Now[Examples],
    base: Model.base,
    first: Model.sft,
    previous: Model.previous,
    align: AlignSettings,
    model: ModelSettings,
    trainer: TrainerSettings,
    compute: ComputeSettings,
    stage_run: StageRun,
    select: SelectSettings,
    out: Made.trained,
) -> pl.DataFrame:
    """Trains models/iteration=K, or checkpoints from which stage select takes it."""
    start = {"base": base, "sft": first, "previous": previous}[align.start]
    if align.objective == "none":
        shutil.copytree(start, step_folder(out, 0) if select.measures else out, dirs_exist_ok=True)
        return Losses.create_empty()
    rate = align.learning_rate * align.rate_scale
    settings = align.model_copy(update={"learning_rate": rate})
    budget = align.budgets[stage_run.iteration - 1] if align.budgets else None
    job = Job(
        require_model(start),
        out,
        stage_run,
        settings,
        trainer,
        model.adapter,
        budget,
        saves_steps=select.measures,
    )
    return run_training(partial(train, align.objective), job, Rows(pairs, examples), compute)


if __name__ == "__main__":
    align.main()
