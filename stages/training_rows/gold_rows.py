"""Gold rationales as rows of `examples`."""

import polars as pl

from stages.pipeline.digests import digest


def gold_rows(problems: pl.DataFrame, made_in: int, labelled: bool = False) -> pl.DataFrame:
    """One row per problem. `labelled`: every step of a reference solution counts as right."""
    example_ids = [digest("gold", problem_id) for problem_id in problems["problem_id"]]
    right = pl.col("rationale").list.eval(pl.element().is_not_null())
    return problems.select(
        pl.Series("example_id", example_ids, pl.String),
        "problem_id",
        made_in=pl.lit(made_in, pl.Int16),
        origin=pl.lit("gold"),
        path_id=pl.lit(None, pl.String),
        prompt="prompt",
        completion=pl.col("rationale").list.join(""),
        steps="rationale",
        step_labels=right if labelled else pl.lit(None, pl.List(pl.Boolean)),
        correct=pl.lit(True),
        reward=pl.lit(None, pl.Float64),
    )
