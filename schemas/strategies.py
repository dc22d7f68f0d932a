"""strategies: what each way of drawing cost and brought."""

import dataframely as dy
import polars as pl

from schemas.samples import STRATEGIES
from schemas.table import Table


class Strategies(Table):
    """One row per iteration and strategy of drawing.

    A gold supplement is a strategy too, though nothing is drawn for it: its counts are those of
    the rationales given. Coverage, progress, solve rates and narrowing leave it out.

    Leakage is the share of a text's characters that its hint held. Under state_reset, adaptive and
    gold the hint begins the text, and is that share. Under rationale and interactive it is the
    lines that stand in the hint too, blanks around a line aside and line breaks not counted. A
    draw without a hint has 0. The hint of `answer` is no text that another could hold: null.
    """

    noun = "strategies"
    partitions = ("iteration",)

    iteration = dy.Int16(primary_key=True, min=0)
    strategy = dy.Enum(STRATEGIES, primary_key=True)
    n_problems = dy.Int32(min=1, description="problems asked")
    n_solved = dy.Int32(min=0, description="problems with a right sample of this strategy")
    n_draws = dy.Int64(min=1, description="samples; of gold, none of them was drawn")
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
        description="right samples of whose path every step was judged: by the task's truth where "
        "it can tell, else by step labels, at least one of them not the path's own outcome",
    )
    n_spurious = dy.Int64(
        nullable=True,
        min=0,
        description="those of them with a wrong step (GSI); null where none was judged",
    )
    leakage_mean = dy.Float64(
        nullable=True,
        min=0,
        max=1,
        description="share of a text's characters that its hint held; null under answer",
    )

    @dy.rule()
    def spurious_within_judged_within_correct(cls) -> pl.Expr:
        spurious = pl.col("n_spurious").fill_null(0)
        return (spurious <= pl.col("n_judged")) & (pl.col("n_judged") <= pl.col("n_correct"))

    @dy.rule()
    def leakage_of_all_but_answers(cls) -> pl.Expr:
        return pl.col("leakage_mean").is_null() == (pl.col("strategy") == "answer")

    @dy.rule()
    def spurious_where_judged(cls) -> pl.Expr:
        return pl.col("n_spurious").is_null() == (pl.col("n_judged") == 0)
