"""solve_rates: how the solve rates of an iteration's problems are spread."""

import dataframely as dy
import polars as pl

from schemas.table import Table


class SolveRates(Table):
    """One row per iteration, moment, level and tenth of the solve rate that any problem has.

    Of draws alone: a gold supplement is none.
    """

    noun = "solve_rates"
    partitions = ("iteration",)

    iteration = dy.Int16(min=0)
    moment = dy.Enum(["before", "after"], description="of guidance: plain draws alone, or all")
    level = dy.Int16(nullable=True)
    bin = dy.Int16(min=0, max=9, description="tenth of the solve rate: 3 is from 0.3, 9 has 1 too")
    n_problems = dy.Int32(min=1)

    @classmethod
    def sort_key(cls) -> list[str]:
        """The key: no primary one, as a problem may have no level."""
        return ["moment", "level", "bin"]

    @dy.rule()
    def one_row_per_bin(cls) -> pl.Expr:
        return pl.struct("iteration", "moment", "level", "bin").is_unique()
