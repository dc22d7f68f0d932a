"""paths: distinct ways of reasoning."""

from typing import ClassVar

import dataframely as dy
import polars as pl

from schemas.table import Table


class Paths(Table):
    """One row per distinct reasoning path of a problem that an iteration may train on.

    With `dedup.cumulative` earlier iterations' paths are among them (D_k of SIPF Algorithm 1);
    those with made_in = iteration are new.
    """

    noun = "paths"
    partitions = ("iteration",)
    references: ClassVar[dict[str, str]] = {"problem_id": "problems"}

    iteration = dy.Int16(primary_key=True, min=0)
    path_id = dy.String(primary_key=True)
    problem_id = dy.String()
    made_in = dy.Int16(min=1, description="iteration whose samples took it first")
    sample_ids = dy.List(
        dy.String(),
        min_length=1,
        description="samples that took this path, the represented one first; with "
        "dedup.cumulative those of earlier iterations too",
    )
    steps = dy.List(dy.String(), description="their concatenation is the first sample's text")
    fingerprint = dy.String(description="digest of the equations and the answer, or of the program")
    correct = dy.Bool()
    kept = dy.Bool(description="false if another path represents it")
    duplicate_of = dy.String(nullable=True, description="the path that represents it")
    truth = dy.List(
        dy.Bool(),
        nullable=True,
        description="whether each step is sound; null if the task can't tell",
    )

    @dy.rule()
    def kept_or_duplicate(cls) -> pl.Expr:
        return pl.col("kept") == pl.col("duplicate_of").is_null()

    @dy.rule()
    def truth_covers_each_step(cls) -> pl.Expr:
        return pl.col("truth").list.len() == pl.col("steps").list.len()
