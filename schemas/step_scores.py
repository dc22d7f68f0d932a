"""step_scores: the verifier's probability of each step."""

from typing import ClassVar

import dataframely as dy

from schemas.table import Table


class StepScores(Table):
    """One row per step scored by the process reward model."""

    noun = "step_scores"
    partitions = ("iteration",)
    references: ClassVar[dict[str, str]] = {"path_id": "paths"}

    iteration = dy.Int16(primary_key=True, min=0)
    path_id = dy.String(primary_key=True)
    step = dy.Int16(primary_key=True, min=0)
    probability = dy.Float64(min=0, max=1, description="that the step is right")
