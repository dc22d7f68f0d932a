"""solve_rates: the distribution of solve rates over an iteration's problems."""

import dataframely as dy
import polars as pl

from schemas.table import Table


class SolveRates(Table):
    """One row per iteration, moment, level and tenth of the solve rate that any problem has.

    Only draws count: gold supplements do not.
    """

    noun = "solve_rates"
    partitions = ("iteration",)

    iteration = dy.Int16(min=0)
    moment = dy.Enum(
        ["before", "after"], description="before guidance (plain draws alone), or after (all draws)"
    )
    level = dy.Int16(nullable=True)
    bin = dy.Int16(
        min=0, max=9, description="tenth of the solve rate: 3 is 0.3 to 0.4, 9 includes 1"
    )
    n_problems = dy.Int32(min=1)

    @classmethod
    def sort_key(cls) -> list[str]:
        """The order of rows; there is no primary key, since a level may be null."""
        return ["moment", "level", "bin"]

    @dy.rule()
    def one_row_per_bin(cls) -> pl.Expr:
        return pl.struct("iteration", "moment", "level", "bin").is_unique()
