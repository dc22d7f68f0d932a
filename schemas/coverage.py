"""coverage: which problems were solved."""

from typing import ClassVar

import dataframely as dy
import polars as pl

from schemas.table import Table


class Coverage(Table):
    """One row per iteration and problem that it or an earlier one drew for.

    Gold supplements are not counted, since they are not drawn. The solve rate is n_correct /
    n_drawn in double precision. A problem is in the tail if its rate is below guide.tail_below
    (GSI §6.1); without draws the rate counts as 0.
    """

    noun = "coverage"
    partitions = ("iteration",)
    references: ClassVar[dict[str, str]] = {"problem_id": "problems"}

    iteration = dy.Int16(primary_key=True, min=0)
    problem_id = dy.String(primary_key=True)
    level = dy.Int16(nullable=True)
    n_drawn = dy.Int32(min=0)
    n_correct = dy.Int32(min=0)
    solve_rate = dy.Float64(nullable=True, min=0, max=1, description="null without draws")
    tail_before = dy.Bool(description="solve rate below guide.tail_below on the unguided draws")
    tail_after = dy.Bool(description="the same over all draws, guided ones too")
    n_tokens = dy.Int64(min=0)
    solved_ever = dy.Bool(description="in this iteration or an earlier one")

    @dy.rule()
    def correct_within_drawn(cls) -> pl.Expr:
        return pl.col("n_correct") <= pl.col("n_drawn")
