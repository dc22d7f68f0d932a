"""corrections: what to write in place of a first wrong step."""

from typing import ClassVar

import dataframely as dy
import polars as pl

from schemas.table import Table


class Corrections(Table):
    """One row per wrong path whose first wrong step was resampled."""

    noun = "corrections"
    partitions = ("iteration",)
    references: ClassVar[dict[str, str]] = {"path_id": "paths", "problem_id": "problems"}

    iteration = dy.Int16(primary_key=True, min=0)
    correction_id = dy.String(primary_key=True)
    path_id = dy.String()
    problem_id = dy.String()
    step = dy.Int16(min=0, description="index of the first wrong step")
    prefix = dy.String(description="the steps before it, joined")
    rejected = dy.String(min_length=1, description="the wrong step")
    rejected_ends = dy.Bool(description="whether it is the path's last step")
    correction = dy.String(
        nullable=True,
        min_length=1,
        description="first step of a continuation that reached the answer; null if none did",
    )
    correction_ends = dy.Bool(
        nullable=True, description="whether that continuation had no other step"
    )
    n_tries = dy.Int32(min=1, description="continuations drawn for it")

    @dy.rule()
    def nothing_is_before_the_first_step(cls) -> pl.Expr:
        return (pl.col("step") == 0) == (pl.col("prefix") == "")

    @dy.rule()
    def ends_only_with_a_correction(cls) -> pl.Expr:
        return pl.col("correction").is_null() == pl.col("correction_ends").is_null()

    @dy.rule()
    def correction_differs(cls) -> pl.Expr:
        return pl.col("correction") != pl.col("rejected")
