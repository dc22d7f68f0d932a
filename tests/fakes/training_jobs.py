"""Training runs for tests: settings with every value in place, rows, and trainers not yet run."""

from pathlib import Path
from typing import Any

import polars as pl
import pytest

from stages.models.model_settings import AdapterSettings
from stages.objectives.objective_list import load_objective
from stages.pipeline.stage_run import StageRun
from stages.training.budget import Budget
from stages.training.job import Job
from stages.training.rows import Rows
from stages.training.training_settings import (
    AlignSettings,
    TrainerSettings,
    TrainingSettings,
)

OPTIMISER = {
    "epochs": 1,
    "max_steps": None,
    "batch_size": 8,
    "learning_rate": 5e-3,
    "schedule": "cosine",
    "warmup": 0.1,
    "weight_decay": 0.0,
    "max_length": 256,
}
COEFFICIENTS = {
    "start": "base",
    "budgets": None,
    "rate_scale": 1.0,
    "beta": 0.1,
    "nll": 0.0,
    "gamma": 1.0,
    "desirable": 1.0,
    "undesirable": 1.0,
    "step_beta": 0.1,
    "step_desirable": 1.0,
    "step_undesirable": 1.0,
}
TRAINER = {
    "precision": "fp32",
    "beta2": 0.999,
    "max_grad_norm": 1.0,
    "accumulate": 1,
    "gradient_checkpointing": False,
    "packing": False,
    "checkpoint_every": None,
    "dev_share": 0.0,
    "report_to": [],
}
PAIRS = [  # prompt, prefix, chosen, rejected, does the chosen end, does the rejected
    ("Ann has 7 pens. How many?\n", "", "Ann: 7+5=12\n#### 12", "Ann: 7-5=2\n#### 2", True, True),
    ("Ben has 3 cups.\n", "", "#### 3", "Ben: 3*3=9\nBen: 9+1=10\n#### 10", True, True),
    ("Cat sells 2.\n", "", "Cat: 9-2=7\n#### 7", "Cat: 9/2=4\n#### 4", True, True),
]
STEP_PAIRS = [
    ("Ann has 7 pens.\n", "Ann: 7+5=12\n", "Ann: 12-2=10\n", "Ann: 12-3=9\n", False, False),
    ("Ben has 3 cups.\n", "", "Ben: 3*3=9\n", "#### 3", False, True),
    ("Cat sells 2.\n", "Cat: 9-2=7\nCat: 7-1=6\n", "#### 6", "#### 7", True, True),
]
EXAMPLES = [  # prompt, steps, is the outcome right, is each step right
    ("Ann has 7 pens. How many?\n", ["Ann: 7+5=12\n", "#### 12"], True, [True, True]),
    (
        "Ben has 3 cups.\n",
        ["Ben: 3*3=9\n", "Ben: 9+1=10\n", "#### 10"],
        False,
        [True, False, False],
    ),
    ("Cat sells 2.\n", ["Cat: 9-2=7\n", "#### 8"], False, None),
    (
        "Dan has 9 eggs, gets 2.\n",
        ["Dan: 9+2=11\n", "Dan: 11-1=10\n", "#### 11"],
        True,
        [True, False, True],
    ),
    ("Eva keeps 5.\n", ["#### 5"], True, [True]),
]


def pairs(rows: list[tuple[Any, ...]]) -> pl.DataFrame:
    """Rows of `pairs`, as far as training reads them."""
    names = ["prompt", "prefix", "chosen", "rejected", "chosen_ends", "rejected_ends"]
    frame = pl.DataFrame(rows, schema=names, orient="row")
    return frame.with_columns(pair_id=pl.format("pair-{}", pl.int_range(pl.len())))


def examples(rows: list[tuple[Any, ...]]) -> pl.DataFrame:
    """Rows of `examples`, as far as training reads them."""
    schema = {
        "prompt": pl.String,
        "steps": pl.List(pl.String),
        "correct": pl.Boolean,
        "step_labels": pl.List(pl.Boolean),
    }
    return pl.DataFrame(rows, schema=schema, orient="row").with_columns(
        completion=pl.col("steps").list.join(""),
        example_id=pl.format("example-{}", pl.int_range(pl.len())),
    )


def rows_of(objective: str) -> Rows:
    """A few rows that the objective can learn from."""
    if load_objective(objective).needs.table == "examples":
        return Rows(examples=examples(EXAMPLES))
    return Rows(pairs=pairs(STEP_PAIRS if objective == "step_dpo" else PAIRS))


def job(
    objective: str,
    start: Path,
    out: Path,
    adapter: dict[str, Any] | None = None,
    budget: Budget | None = None,
    saves_steps: bool = False,
    **changes: Any,
) -> Job:
    """A run of an objective; `changes` go to `align` or `trainer`, whichever has the name."""
    trainer = TRAINER | {k: v for k, v in changes.items() if k in TRAINER}
    align = OPTIMISER | COEFFICIENTS | {k: v for k, v in changes.items() if k not in TRAINER}
    return Job(
        start,
        out,
        StageRun(1, 0, "align"),
        AlignSettings.model_validate(align | {"objective": objective}),
        TrainerSettings.model_validate(trainer),
        AdapterSettings.model_validate(adapter) if adapter else None,
        budget,
        saves_steps,
    )


def optimiser(**changes: Any) -> TrainingSettings:
    """The optimiser's part of a section."""
    return TrainingSettings.model_validate(OPTIMISER | changes)


def trainer_of(run: Job, rows: Rows, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The trainer that a run would start."""
    made: list[Any] = []
    empty = pl.DataFrame()
    with monkeypatch.context() as patch:
        patch.setattr(Job, "finish", lambda self, trainer, *_: made.append(trainer) or empty)
        load_objective(run.settings.objective).train(run, rows)  # type: ignore[attr-defined]
    return made[0]
