"""reveals: how much of its rationale a hard problem needs."""

from typing import ClassVar

import dataframely as dy
import polars as pl

from schemas.table import Table


class Reveals(Table):
    """One row per hard problem and number of gold steps shown at the start of its answer."""

    noun = "reveals"
    partitions = ("iteration",)
    references: ClassVar[dict[str, str]] = {"problem_id": "problems"}

    iteration = dy.Int16(primary_key=True, min=0)
    problem_id = dy.String(primary_key=True)
    shown = dy.Int16(primary_key=True, min=0, description="gold steps; 0 is unguided")
    tried = dy.Float64(min=0, description="attempts; each weighs half as much per iteration since")
    solved = dy.Float64(min=0, description="the right ones among them, weighed alike")

    @dy.rule()
    def solved_within_tried(cls) -> pl.Expr:
        return pl.col("solved") <= pl.col("tried")
