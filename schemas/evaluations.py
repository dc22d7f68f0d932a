"""evaluations: how good the model is."""

from typing import ClassVar

import dataframely as dy
import polars as pl

from schemas.table import Table


class Evaluations(Table):
    """One row per problem answered in an evaluation of an iteration's model."""

    noun = "evaluations"
    partitions = ("iteration",)
    references: ClassVar[dict[str, str]] = {"problem_id": "problems"}

    iteration = dy.Int16(primary_key=True, min=0, description="of the model; 0 is after SFT")
    problem_id = dy.String(primary_key=True)
    mode = dy.Enum(["greedy", "vote"], primary_key=True)
    suite = dy.String()
    domain = dy.Enum(["in", "out"], nullable=True, description="of the suite")
    form_of = dy.String(nullable=True, description="id that the forms of one problem share")
    level = dy.Int16(nullable=True)
    n_drawn = dy.Int32(min=1)
    n_correct = dy.Int32(min=0, description="right ones of the draws; gives Pass@k for any k")
    extracted = dy.String(nullable=True, description="the answer given, or the one most voted for")
    correct = dy.Bool()
    correct_stated = dy.Bool(
        nullable=True, description="by the answer that the text states; greedy"
    )
    correct_flexible = dy.Bool(
        nullable=True,
        description="by the same or, if none is stated, the last that could be one; greedy",
    )
    flawed = dy.Bool(
        nullable=True,
        description="right answer with an unsound step; greedy, if the task can check steps",
    )
    text = dy.String(nullable=True, description="the greedy solution")
    n_tokens = dy.Int32(min=0)

    @dy.rule()
    def correct_within_drawn(cls) -> pl.Expr:
        return pl.col("n_correct") <= pl.col("n_drawn")

    @dy.rule()
    def flawed_is_of_right_answers(cls) -> pl.Expr:
        return pl.col("flawed").is_null() | pl.col("correct")
