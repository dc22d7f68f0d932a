"""flaws: wrong steps in right answers, found by a verifier or a critic (Step-KTO §3.8)."""

from typing import ClassVar

import dataframely as dy
import polars as pl

from schemas.table import Table


class Flaws(Table):
    """One row per right greedy answer that was searched for a wrong step."""

    noun = "flaws"
    partitions = ("iteration",)
    references: ClassVar[dict[str, str]] = {"problem_id": "problems"}

    iteration = dy.Int16(primary_key=True, min=0)
    problem_id = dy.String(primary_key=True)
    reviewer = dy.Enum(["verifier", "critic"], description="who searched")
    n_steps = dy.Int16(min=1)
    first_wrong = dy.Int16(
        min=-1, description="the earliest wrong step, from 0; -1 without one (as in ProcessBench)"
    )
    probability_min = dy.Float64(
        nullable=True, min=0, max=1, description="the verifier's, of the least likely step"
    )
    reflection = dy.String(nullable=True, description="the critic's reason")

    @dy.rule()
    def wrong_step_is_there(cls) -> pl.Expr:
        return pl.col("first_wrong") < pl.col("n_steps")
