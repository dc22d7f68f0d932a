"""examples: what to imitate."""

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
    made_in = dy.Int16(min=0, description="iteration whose samples made it; 0 for gold")
    origin = dy.Enum(["gold", "sampled"])
    path_id = dy.String(nullable=True)
    prompt = dy.String()
    completion = dy.String(min_length=1)
    correct = dy.Bool()
    reward = dy.Float64(nullable=True)

    @dy.rule()
    def sampled_has_a_path(cls) -> pl.Expr:
        return (pl.col("origin") == "sampled") == pl.col("path_id").is_not_null()
