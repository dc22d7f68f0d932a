"""checkpoint_scores: which checkpoint of a training became an iteration's model."""

import dataframely as dy
import polars as pl

from schemas.table import Table


class CheckpointScores(Table):
    """One row per checkpoint that was measured on held-out problems."""

    noun = "checkpoint_scores"
    partitions = ("iteration",)

    iteration = dy.Int16(primary_key=True, min=0)
    step = dy.Int32(primary_key=True, min=0, description="optimiser steps before it was saved")
    n_problems = dy.Int32(min=1, description="held-out training problems, each answered greedily")
    n_correct = dy.Int32(min=0)
    chosen = dy.Bool(description="whether it is the iteration's model")

    @dy.rule()
    def correct_among_problems(cls) -> pl.Expr:
        return pl.col("n_correct") <= pl.col("n_problems")
