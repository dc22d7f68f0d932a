"""strategies: the cost and the yield of each way of drawing."""

import dataframely as dy
import polars as pl

from schemas.samples import STRATEGIES
from schemas.table import Table


class Strategies(Table):
    """One row per iteration and strategy of drawing.

    Gold supplements are a strategy too, though nothing is drawn for them: their counts are those of
    the rationales given. Coverage, progress, solve rates and narrowing leave them out.

    Leakage is the share of a text's characters that come from its hint. Under state_reset, adaptive
    and gold that is the hint, which begins the text. Under rationale and interactive it is the
    lines that are also in the hint, apart from blanks around a line; line breaks do not count. A
    draw without a hint has 0. Under `answer` it is null: there is no text to copy.
    """

    noun = "strategies"
    partitions = ("iteration",)

    iteration = dy.Int16(primary_key=True, min=0)
    strategy = dy.Enum(STRATEGIES, primary_key=True)
    n_problems = dy.Int32(min=1, description="problems asked")
    n_solved = dy.Int32(min=0, description="problems with a right sample of this strategy")
    n_draws = dy.Int64(min=1, description="samples; for gold, the rationales given")
    n_correct = dy.Int64(min=0)
    n_tokens = dy.Int64(min=0)
    revealed_mean = dy.Float64(min=0, max=1, description="share of the rationale shown for a draw")
    shortcut_mean = dy.Float64(
        nullable=True,
        description="steps minus gold steps of a right sample, counted on its path (GSI: "
        "short-cutting is below 0); null without a gold rationale",
    )
    n_judged = dy.Int64(
        min=0,
        description="right samples whose path has every step judged: by the task's truth if it can "
        "tell, else by step labels, of which at least one is not the path's outcome",
    )
    n_spurious = dy.Int64(
        nullable=True,
        min=0,
        description="of those, with a wrong step (GSI); null if none was judged",
    )
    leakage_mean = dy.Float64(
        nullable=True,
        min=0,
        max=1,
        description="share of a text's characters that come from its hint; null under answer",
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
