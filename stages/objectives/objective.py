"""Section `align`, and every objective it can name: what each needs, and who trains it."""

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import ClassVar, Literal

import polars as pl
from pydantic import Field

from schemas.table import RatchetError
from stages.objectives.training import Job, Rows, TrainingSettings


class AlignSettings(TrainingSettings):
    """Section `align`. Each objective reads its own coefficients and leaves the others alone."""

    section: ClassVar[str] = "align"
    objective: Literal[
        "sft", "dpo", "rpo", "ipo", "simpo", "orpo", "kto", "step_kto", "step_dpo", "none"
    ]
    start: Literal["base", "sft", "previous"]
    rate_scale: float = Field(gt=0)
    beta: float = Field(gt=0)
    nll: float = Field(ge=0)
    gamma: float = Field(ge=0)
    desirable: float = Field(ge=0)
    undesirable: float = Field(ge=0)
    step_beta: float = Field(gt=0)
    step_desirable: float = Field(ge=0)
    step_undesirable: float = Field(ge=0)


@dataclass(frozen=True)
class Objective:
    """What a training run minimises: its module's function, and the rows it can't do without."""

    module: str
    function: str
    needs: Literal["pairs", "examples"]
    rows: str  # the values of pair.rows that make such rows

    def train(self, job: Job, rows: Rows) -> pl.DataFrame:
        """Trains; returns rows of `losses`. Raises RatchetError when its rows are missing."""
        name = getattr(job.settings, "objective", self.function)
        if getattr(rows, self.needs).is_empty():
            raise RatchetError(
                f"align.objective={name} needs {self.needs}, and there is none: "
                f"set pair.rows={self.rows}"
            )
        module = import_module(f"stages.objectives.{self.module}")
        train: Callable[[Job, Rows], pl.DataFrame] = getattr(module, self.function)
        return train(job, rows)


OBJECTIVES = {
    "sft": Objective("sft", "train_sft", "examples", "examples or gold"),
    "dpo": Objective("dpo", "train_dpo", "pairs", "pairs"),
    "rpo": Objective("dpo", "train_dpo", "pairs", "pairs"),
    "ipo": Objective("dpo", "train_dpo", "pairs", "pairs"),
    "step_dpo": Objective("dpo", "train_dpo", "pairs", "steps"),
    "simpo": Objective("simpo", "train_simpo", "pairs", "pairs"),
    "orpo": Objective("orpo", "train_orpo", "pairs", "pairs"),
    "kto": Objective("kto", "train_kto", "examples", "balanced"),
    "step_kto": Objective("step_kto", "train_step_kto", "examples", "balanced"),
}
