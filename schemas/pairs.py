"""pairs: what to prefer."""

from typing import ClassVar

import dataframely as dy
import polars as pl

from schemas.table import Table


class Pairs(Table):
    """One row per preference pair that trains the model of its iteration."""

    noun = "pairs"
    partitions = ("iteration",)
    references: ClassVar[dict[str, str]] = {"problem_id": "problems"}

    iteration = dy.Int16(primary_key=True, min=0)
    pair_id = dy.String(primary_key=True)
    problem_id = dy.String()
    made_in = dy.Int16(min=1, description="iteration whose samples gave the newer side")
    chosen_id = dy.String(
        description="a path, a correction of a step, a kept rollout, or a gold row of examples"
    )
    rejected_id = dy.String(description="a path")
    prompt = dy.String()
    prefix = dy.String(
        description="the steps before, which both sides share; empty for whole paths"
    )
    chosen = dy.String()
    rejected = dy.String()
    chosen_ends = dy.Bool(description="whether the text ends there, so that EOS is trained too")
    rejected_ends = dy.Bool(description="whether the text ends there, so that EOS is trained too")
    chosen_correct = dy.Bool()
    rejected_correct = dy.Bool()
    chosen_reward = dy.Float64(nullable=True)
    rejected_reward = dy.Float64(nullable=True)
    margin = dy.Float64(nullable=True, description="chosen_reward - rejected_reward (SIPF Eq. 6)")

    @dy.rule()
    def two_paths(cls) -> pl.Expr:
        return pl.col("chosen_id") != pl.col("rejected_id")
