"""step_labels: which steps lead to the answer."""

from typing import ClassVar

import dataframely as dy
import polars as pl

from schemas.table import Table


class StepLabels(Table):
    """One row per step judged. Counts are kept, so other thresholds are a query."""

    noun = "step_labels"
    partitions = ("iteration",)
    references: ClassVar[dict[str, str]] = {"path_id": "paths"}

    iteration = dy.Int16(primary_key=True, min=0)
    path_id = dy.String(primary_key=True)
    step = dy.Int16(primary_key=True, min=0)
    labeler = dy.Enum(["rollouts", "outcome", "judge", "oracle"])
    n_rollouts = dy.Int32(min=0, description="0 where the label is a judge's or the oracle's")
    n_correct = dy.Int32(min=0)
    stop = dy.Enum(["successes", "out_of_reach", "all", "known"], description="why it ended")
    label = dy.Bool(
        description="the hard label: more than delta rollouts were right (SIPF Eq. 2), or what the "
        "judge or oracle says; with label.prefix_and false after a false one"
    )
    reflection = dy.String(nullable=True, description="the judge's reason")

    @dy.rule()
    def correct_within_rollouts(cls) -> pl.Expr:
        return pl.col("n_correct") <= pl.col("n_rollouts")
