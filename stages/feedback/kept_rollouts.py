"""Rows of `rollouts`: the right rollouts that are new paths."""

import polars as pl

from schemas.rollouts import Rollouts
from stages.grading.grade import GRADER_VERSION
from stages.solutions.fingerprint import fingerprints


def new_path_rows(right: pl.DataFrame, paths: pl.DataFrame) -> pl.DataFrame:
    """One right rollout of `simulate` for each path that its problem does not have yet."""
    if right.is_empty():
        return Rollouts.create_empty()
    prints = fingerprints(right)
    key = ["problem_id", "fingerprint"]
    return (
        right.with_columns(
            pl.Series("fingerprint", prints, pl.String),
            rollout_id="sample_id",
            grader=pl.lit(GRADER_VERSION),
        )
        .join(paths, on=key, how="anti")
        .sort("draw", "step", "rollout_id")
        .unique(key, keep="first", maintain_order=True)
    )
