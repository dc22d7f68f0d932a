"""Every objective that `align.objective` can name, from the module of its name in this room."""

from importlib import import_module

import polars as pl

from schemas.errors import RatchetError
from stages.training.job import Job
from stages.training.objective import Objective
from stages.training.rows import Rows

PACKAGE = "stages.objectives"


def load_objective(name: str) -> Objective:
    """The objective of a name in `training_settings.OBJECTIVES`."""
    objective: Objective = import_module(f"{PACKAGE}.{name}").OBJECTIVE
    return objective


def train(name: str, job: Job, rows: Rows) -> pl.DataFrame:
    """Trains; returns rows of `losses`. Raises RatchetError when its rows are missing."""
    objective = load_objective(name)
    need = objective.needs
    if getattr(rows, need.table).is_empty():
        raise RatchetError(
            f"align.objective={name} needs {need.description}, and there is none: "
            f"set pair.rows={need.choices}"
        )
    return objective.train(job, rows)
