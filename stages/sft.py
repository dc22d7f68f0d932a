"""sft: M0 = SFT(M, D0), the model that the first iteration samples from (SIPF Algorithm 1)."""

from pathlib import Path
from typing import ClassVar

import polars as pl

from schemas.examples import Examples
from schemas.losses import Losses
from schemas.table import RatchetError
from stages.compute import ComputeSettings
from stages.models import ModelSettings, is_empty, mark_empty, need_model
from stages.objectives.launch import run
from stages.objectives.sft import train_sft
from stages.objectives.training import Job, Rows, TrainerSettings, TrainingSettings
from stages.stage import once, stage
from stages.turn import Turn


class SftSettings(TrainingSettings):
    """Section `sft`."""

    section: ClassVar[str] = "sft"


@stage(
    reads={"examples": once(Examples)},
    models={"start": "base"},
    makes="sft",
    writes=[once(Losses)],
    sections=[SftSettings, ModelSettings, TrainerSettings, ComputeSettings],
)
def sft(
    examples: pl.DataFrame,
    start: Path,
    sft: SftSettings,
    model: ModelSettings,
    trainer: TrainerSettings,
    compute: ComputeSettings,
    turn: Turn,
    out: Path,
) -> pl.DataFrame:
    """Fine-tunes the base on the gold rationales."""
    if is_empty(start):
        mark_empty(out, "model.kind is none: nothing is trained in this run")
        return Losses.create_empty()
    if examples.is_empty():
        raise RatchetError(
            "no problem has a gold rationale, and M₀ learns from those: give some rows of "
            "task.train a field `rationale`, or let task.n_demonstrated be more"
        )
    job = Job(need_model(start), out, turn, sft, trainer, model.adapter)
    return run(train_sft, job, Rows(examples=examples), compute)


if __name__ == "__main__":
    sft.main()
