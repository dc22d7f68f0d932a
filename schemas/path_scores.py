"""path_scores: the verifier's reward for each path."""

from typing import ClassVar

import dataframely as dy

from schemas.table import Table


class PathScores(Table):
    """One row per path scored."""

    noun = "path_scores"
    partitions = ("iteration",)
    references: ClassVar[dict[str, str]] = {"path_id": "paths"}

    iteration = dy.Int16(primary_key=True, min=0)
    path_id = dy.String(primary_key=True)
    reward = dy.Float64(min=0, max=1, description="mean step probability (SIPF §2.3, Eq. 5)")
    reward_min = dy.Float64(min=0, max=1, description="lowest step probability")
    n_steps = dy.Int16(min=1)
