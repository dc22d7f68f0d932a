"""examples: what to imitate, or to avoid."""

from typing import ClassVar

import dataframely as dy
import polars as pl

from schemas.table import Table


class Examples(Table):
    """One row per unpaired training row of the model of its iteration."""

    noun = "examples"
    partitions = ("iteration",)
    references: ClassVar[dict[str, str]] = {"problem_id": "problems"}

    iteration = dy.Int16(primary_key=True, min=0)
    example_id = dy.String(primary_key=True)
    problem_id = dy.String()
    made_in = dy.Int16(min=0, description="iteration whose samples gave or required it; 0: D0")
    origin = dy.Enum(["gold", "sampled", "rollout"])
    path_id = dy.String(nullable=True, description="its path or kept rollout; null for gold")
    prompt = dy.String()
    completion = dy.String(min_length=1)
    steps = dy.List(
        dy.String(),
        nullable=True,
        description="the pieces that step_labels judge; joined, they are exactly the completion",
    )
    step_labels = dy.List(
        dy.Bool(),
        nullable=True,
        description="whether each step is right; null if the steps are not labelled",
    )
    correct = dy.Bool(description="the outcome label: whether the row is desired")
    reward = dy.Float64(nullable=True)

    @dy.rule()
    def all_but_gold_have_a_path(cls) -> pl.Expr:
        return (pl.col("origin") == "gold") == pl.col("path_id").is_null()

    @dy.rule()
    def steps_are_the_completion(cls) -> pl.Expr:
        return pl.col("steps").list.join("") == pl.col("completion")

    @dy.rule()
    def labels_cover_each_step(cls) -> pl.Expr:
        same = pl.col("step_labels").list.len() == pl.col("steps").list.len()
        return pl.col("step_labels").is_null() | same.fill_null(False)
