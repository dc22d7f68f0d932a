"""narrowing: how far self-generated data have moved from the gold data (GSI §4)."""

import dataframely as dy
import polars as pl

from schemas.table import Table


class Narrowing(Table):
    """One row per iteration, kind of self-generated data and measure, compared with gold data.

    Self-generated data are right samples, without gold supplements. Gold data are the problems
    drawn for in the iteration, each once; for length and perplexity, only those with a gold
    rationale. Unknown values (no level, a path whose perplexity was not measured) count on neither
    side. The tail is all values at or above gold's 80th percentile, the lowest value that at least
    80% of gold do not exceed. Many levels are equal, so gold's own share can be well above a fifth.
    """

    noun = "narrowing"
    partitions = ("iteration",)

    iteration = dy.Int16(primary_key=True, min=0)
    data = dy.Enum(["unguided", "all"], primary_key=True, description="which right samples")
    measure = dy.Enum(
        ["level", "length", "characters", "perplexity"],
        primary_key=True,
        description="level of the problem; length of the sample's path in tokens of the reference "
        "model, and its perplexity under that model (table perplexities); characters of the text",
    )
    n_self = dy.Int64(min=0)
    n_gold = dy.Int64(min=0)
    self_mean = dy.Float64(nullable=True, description="null without values, as are all below")
    gold_mean = dy.Float64(nullable=True)
    distance = dy.Float64(nullable=True, min=0, description="Wasserstein-1, in the measure's unit")
    tail_from = dy.Float64(nullable=True, description="gold's 80th percentile")
    self_tail = dy.Float64(nullable=True, min=0, max=1, description="share at or above tail_from")
    gold_tail = dy.Float64(nullable=True, min=0, max=1, description="share at or above tail_from")

    @dy.rule()
    def distance_where_both_have_values(cls) -> pl.Expr:
        both = (pl.col("n_self") > 0) & (pl.col("n_gold") > 0)
        return pl.col("distance").is_not_null() == both
