"""The verifier's word on steps. Section `score` is here, since two stages score."""

from pathlib import Path
from typing import ClassVar

import polars as pl
from pydantic import Field

from stages.compute.compute_settings import ComputeSettings
from stages.models.folders import require_model
from stages.pipeline.params import Section


class ScoreSettings(Section):
    """Section `score`. annotated: dataset → file of solutions whose steps people have judged."""

    section: ClassVar[str] = "score"
    batch_size: int = Field(ge=1)
    max_length: int = Field(ge=8)
    annotated: dict[str, str]


def step_probabilities(
    verifier: Path, rows: pl.DataFrame, settings: ScoreSettings, compute: ComputeSettings, seed: int
) -> list[list[float]]:
    """Of each step of each row (prompt, steps); steps beyond max_length have none."""
    from stages.models.step_scorer import score_steps

    folder = require_model(verifier)
    return score_steps(folder, rows, settings.batch_size, settings.max_length, compute, seed)
