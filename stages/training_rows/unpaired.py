"""Rows of `examples` from paths: right ones to imitate, or as many desired as undesired."""

import polars as pl

from stages.pipeline.digests import digest
from stages.training_rows.candidates import PairSettings
from stages.training_rows.gold_rows import gold_rows


def right_examples(
    paths: pl.DataFrame, problems: pl.DataFrame, settings: PairSettings
) -> pl.DataFrame:
    """Right paths to imitate, at most `max_per_problem` from each iteration.

    With a threshold, those of at least that reward (SIPF's pRFT).
    """
    right = paths.filter("correct")
    if settings.threshold is not None and settings.feedback in ("process", "labels"):
        right = right.filter(pl.col("reward") >= settings.threshold)
    rows = _add_example_ids(right).filter(_position("problem_id", "made_in") <= settings.limit)
    return _example_rows(rows, problems)


def balanced_examples(
    paths: pl.DataFrame, problems: pl.DataFrame, settings: PairSettings, iteration: int
) -> pl.DataFrame:
    """As many right as wrong paths of each problem, as `balanced_paths` chooses them.

    A problem without right paths gets its reference solution as the right one, if the settings say
    so and the problem is demonstrated. With feedback from labels only labelled paths count.
    """
    usable = paths.filter(pl.col("step_labels").is_not_null() | (settings.feedback != "labels"))
    # a right path solves its problem even if it is not labelled
    solved = paths.filter("correct").select("problem_id")
    demonstrated = problems.filter(pl.col("demonstrated") & settings.with_reference)
    unsolved = demonstrated.join(solved, on="problem_id", how="anti")
    chosen = _add_example_ids(balanced_paths(usable, unsolved, settings.limit))
    references = unsolved.join(chosen, on="problem_id", how="semi")
    gold = gold_rows(references, made_in=iteration, labelled=True)
    rows = _example_rows(chosen, problems)
    return pl.concat([rows.select(gold.columns), gold], how="vertical_relaxed")


def balanced_paths(paths: pl.DataFrame, unsolved: pl.DataFrame, limit: int) -> pl.DataFrame:
    """As many right as wrong paths of each problem, `limit` of each at most (Step-KTO §2.4).

    A problem with right paths only is left out. Of one among `unsolved` (problem_id) one wrong path
    is taken, which stands against the reference solution.
    """
    ranked = _add_example_ids(paths).with_columns(
        position=_position("problem_id", "correct"),
        limit=pl.min_horizontal(
            pl.col("correct").sum().over("problem_id"),
            (~pl.col("correct")).sum().over("problem_id"),
            limit,
        ),
    )
    wrong = ranked.join(unsolved, on="problem_id", how="semi").filter(pl.col("position") == 1)
    chosen = pl.concat([ranked.filter(pl.col("position") <= pl.col("limit")), wrong])
    return chosen.select(paths.columns)


def _add_example_ids(paths: pl.DataFrame) -> pl.DataFrame:
    """The paths with example_id, sorted by it."""
    example_ids = [digest("example", path_id) for path_id in paths["path_id"]]
    return paths.with_columns(pl.Series("example_id", example_ids, pl.String)).sort("example_id")


def _position(*group: str) -> pl.Expr:
    """1, 2, … within the group, in the order of the rows."""
    return pl.col("example_id").cum_count().over(*group)


def _example_rows(paths: pl.DataFrame, problems: pl.DataFrame) -> pl.DataFrame:
    prompts = problems.select("problem_id", "prompt")
    return paths.join(prompts, on="problem_id").with_columns(completion="text")
