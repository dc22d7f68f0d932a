"""sft: M0 = SFT(M, D0), which the first iteration samples from (SIPF §2.5, Algorithm 1).

With sft.method=none M0 is the model itself: an instruct model, as in Step-KTO §3.3, or one that is
asked by worked examples.
"""

import shutil
from typing import ClassVar, Literal

import polars as pl

from schemas.errors import RatchetError
from schemas.examples import Examples
from schemas.losses import Losses
from stages.compute.compute_settings import ComputeSettings
from stages.models.folders import is_empty, mark_empty, require_model
from stages.models.model_settings import ModelSettings
from stages.objectives.sft import train_sft
from stages.pipeline.inputs import Made, Model, Once, once
from stages.pipeline.stage import stage
from stages.pipeline.stage_run import StageRun
from stages.training.job import Job
from stages.training.launch import run_training
from stages.training.rows import Rows
from stages.training.training_settings import TrainerSettings, TrainingSettings


class SftSettings(TrainingSettings):
    """Section `sft`."""

    section: ClassVar[str] = "sft"
    method: Literal["train", "none"]


@stage(writes=[once(Losses)], opens=["compute.launch"])
def sft(
    examples: Once[Examples],
    start: Model.base,
    sft: SftSettings,
    model: ModelSettings,
    trainer: TrainerSettings,
    compute: ComputeSettings,
    stage_run: StageRun,
    out: Made.sft,
) -> pl.DataFrame:
    """Fine-tunes the base on the gold rationales."""
    if is_empty(start):
        mark_empty(out, "model.kind is none: nothing is trained in this run")
        return Losses.create_empty()
    if sft.method == "none":
        shutil.copytree(require_model(start), out, dirs_exist_ok=True)
        return Losses.create_empty()
    if examples.is_empty():
        raise RatchetError(
            "no problem has a gold rationale, and M₀ learns from those: give some rows of "
            "task.train a field `rationale`, let task.n_demonstrated be more, or set "
            "sft.method=none, with which M₀ is the model itself"
        )
    job = Job(require_model(start), out, stage_run, sft, trainer, model.adapter)
    return run_training(train_sft, job, Rows(examples=examples), compute)


if __name__ == "__main__":
    sft.main()
