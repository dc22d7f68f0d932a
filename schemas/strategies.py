"""strategies: what each way of drawing cost and brought."""

import dataframely as dy
import polars as pl

from schemas.samples import STRATEGIES
from schemas.table import Table


class Strategies(Table):
    """One row per iteration and strategy of drawing."""

    noun = "strategies"
    partitions = ("iteration",)

    iteration = dy.Int16(primary_key=True, min=0)
    strategy = dy.Enum(STRATEGIES, primary_key=True)
    n_problems = dy.Int32(min=1, description="problems asked")
    n_solved = dy.Int32(min=0, description="problems with a right sample of this strategy")
    n_draws = dy.Int64(min=1)
    n_correct = dy.Int64(min=0)
    n_tokens = dy.Int64(min=0)
    revealed_mean = dy.Float64(
        min=0, max=1, description="share of the rationale that a draw was shown"
    )
    shortcut_mean = dy.Float64(
        nullable=True,
        description="steps less gold steps of a right sample, by the path it took (GSI: "
        "short-cutting is below 0); null without a gold rationale",
    )
    n_judged = dy.Int64(
        min=0,
        description="right samples whose path's steps were judged: by the task's truth where it "
        "can tell, else by step labels other than the path's own outcome",
    )
    n_spurious = dy.Int64(
        nullable=True,
        min=0,
        description="those of them with a wrong step (GSI); null where none was judged",
    )
    leakage_mean = dy.Float64(
        min=0,
        max=1,
        description="share of a text's characters that its hint held: the hint, if the text begins "
        "with it, else the lines that stand in the hint too; 0 without a hint",
    )

    @dy.rule()
    def spurious_within_judged_within_correct(cls) -> pl.Expr:
        spurious = pl.col("n_spurious").fill_null(0)
        return (spurious <= pl.col("n_judged")) & (pl.col("n_judged") <= pl.col("n_correct"))

    @dy.rule()
    def spurious_where_judged(cls) -> pl.Expr:
        return pl.col("n_spurious").is_null() == (pl.col("n_judged") == 0)
