"""Solutions whose steps are labelled, and a short training run on them."""

from pathlib import Path

import polars as pl

from stages.compute.compute_settings import ComputeSettings, set_up
from stages.models.model_settings import AdapterSettings
from stages.objectives.reward_model import train_verifier
from stages.pipeline.stage_run import StageRun
from stages.training.job import Job
from stages.training.training_settings import TrainerSettings
from tests.fakes.training_jobs import TRAINER, optimiser


def learn(
    checkpoint: Path,
    out: Path,
    rows: pl.DataFrame,
    adapter: AdapterSettings | None = None,
    accumulate: int = 1,
    **changes: object,
) -> pl.DataFrame:
    """Losses of a short training run of the verifier."""
    set_up(ComputeSettings(threads=1), 0)  # the head starts at random
    trainer = TrainerSettings.model_validate(TRAINER | {"accumulate": accumulate})
    settings = optimiser(**({"epochs": 30, "max_length": 128} | changes))
    return train_verifier(Job(checkpoint, out, StageRun(1, 0), settings, trainer, adapter), rows)


def step_rows() -> pl.DataFrame:
    """32 paths of a good or a bad step, or two, with their labels."""
    good, bad = "Ann: 1+1=2\n", "Ann: 1+1=9\n"
    shapes = [([good, bad], [1, 0]), ([bad, good], [0, 1]), ([good], [1]), ([bad, bad], [0, 0])]
    return pl.DataFrame(
        {
            "path_id": [str(i) for i in range(32)],
            "prompt": [f"Ann has {i} pens.\n" for i in range(32)],
            "steps": [shapes[i % 4][0] for i in range(32)],
            "labels": [[float(x) for x in shapes[i % 4][1]] for i in range(32)],
        }
    )
