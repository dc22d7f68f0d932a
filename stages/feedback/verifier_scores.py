"""The verifier's probabilities of steps. Defines section `score`, which two stages use."""

from pathlib import Path
from typing import ClassVar

import polars as pl
from pydantic import Field

from stages.compute.compute_settings import ComputeSettings
from stages.models.folders import require_model
from stages.pipeline.params import Section
from stages.tasks.source import find_file


class ScoreSettings(Section):
    """Section `score`. annotated: dataset → file of solutions whose steps people judged."""

    section: ClassVar[str] = "score"
    batch_size: int = Field(ge=1)
    max_length: int = Field(ge=8)
    annotated: dict[str, str]

    def local_files(self) -> dict[str, Path]:
        given = {f"score.annotated.{name}": file for name, file in self.annotated.items()}
        found = {name: find_file(file, name) for name, file in given.items()}
        return {name: file for name, file in found.items() if file}


def step_probabilities(
    verifier: Path, rows: pl.DataFrame, settings: ScoreSettings, compute: ComputeSettings, seed: int
) -> list[list[float]]:
    """The probability of each step of each row (prompt, steps); none beyond max_length tokens."""
    from stages.models.step_scorer import score_steps

    folder = require_model(verifier)
    return score_steps(folder, rows, settings.batch_size, settings.max_length, compute, seed)
