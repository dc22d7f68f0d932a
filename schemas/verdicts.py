"""verdicts: whether each sample is right."""

from typing import ClassVar

import dataframely as dy
import polars as pl

from schemas.table import Table

OUTCOMES = ["correct", "wrong", "unparseable", "timeout", "error"]


class Verdicts(Table):
    """One row per sample graded."""

    noun = "verdicts"
    partitions = ("iteration", "stage")
    references: ClassVar[dict[str, str]] = {"sample_id": "samples", "problem_id": "problems"}

    iteration = dy.Int16(primary_key=True, min=0)
    stage = dy.String(primary_key=True)
    sample_id = dy.String(primary_key=True)
    problem_id = dy.String()
    outcome = dy.Enum(OUTCOMES)
    extracted = dy.String(nullable=True, description="the answer found in the text")
    detail = dy.String(nullable=True, description="how it was decided, or why it could not be")
    grader = dy.String(description="version of the grader")
    outcome_stated = dy.Enum(
        OUTCOMES, nullable=True, description="by the answer that the text states"
    )
    outcome_flexible = dy.Enum(
        OUTCOMES,
        nullable=True,
        description="by the same or, if none is stated, the last that could be one",
    )
    extracted_flexible = dy.String(nullable=True, description="the answer that it goes by")

    @dy.rule()
    def correct_has_an_answer(cls) -> pl.Expr:
        return (pl.col("outcome") != "correct") | pl.col("extracted").is_not_null()
