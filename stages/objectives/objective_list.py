"""Every objective that `align.objective` can name: who trains it, and the rows it needs."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import polars as pl

from schemas.errors import RatchetError
from stages.objectives.dpo import train_dpo
from stages.objectives.kto import train_kto
from stages.objectives.orpo import train_orpo
from stages.objectives.sft import train_sft
from stages.objectives.simpo import train_simpo
from stages.objectives.step_kto import train_step_kto
from stages.training.job import Job
from stages.training.rows import Rows


@dataclass(frozen=True)
class Objective:
    """What a training run minimises, and the rows it can't do without."""

    function: Callable[[Job, Rows], pl.DataFrame]
    needs: Literal["pairs", "examples"]
    rows: str  # the values of pair.rows that make such rows


OBJECTIVES = {
    "sft": Objective(train_sft, "examples", "examples or gold"),
    "dpo": Objective(train_dpo, "pairs", "pairs"),
    "rpo": Objective(train_dpo, "pairs", "pairs"),
    "ipo": Objective(train_dpo, "pairs", "pairs"),
    "step_dpo": Objective(train_dpo, "pairs", "steps"),
    "simpo": Objective(train_simpo, "pairs", "pairs"),
    "orpo": Objective(train_orpo, "pairs", "pairs"),
    "kto": Objective(train_kto, "examples", "balanced"),
    "step_kto": Objective(train_step_kto, "examples", "balanced"),
}


def train(name: str, job: Job, rows: Rows) -> pl.DataFrame:
    """Trains; returns rows of `losses`. Raises RatchetError when its rows are missing."""
    objective = OBJECTIVES[name]
    if getattr(rows, objective.needs).is_empty():
        raise RatchetError(
            f"align.objective={name} needs {objective.needs}, and there is none: "
            f"set pair.rows={objective.rows}"
        )
    return objective.function(job, rows)
