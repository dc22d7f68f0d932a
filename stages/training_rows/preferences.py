"""Rows of `pairs`: one path over another, or the right step over the first wrong one."""

import polars as pl

from stages.pipeline.digests import digest
from stages.training_rows.candidates import PairSettings


def preferences(paths: pl.DataFrame, settings: PairSettings) -> pl.DataFrame:
    """All pairs of one problem that the settings allow (SIPF §2.4, Eq. 6)."""
    paths = paths.select("problem_id", "path_id", "made_in", "correct", "reward", "text")
    chosen = paths.select("problem_id", pl.exclude("problem_id").name.prefix("chosen_"))
    rejected = paths.select("problem_id", pl.exclude("problem_id").name.prefix("rejected_"))
    pairs = chosen.join(rejected, on="problem_id").with_columns(
        margin=pl.col("chosen_reward") - pl.col("rejected_reward")
    )
    pairs = pairs.filter(pl.col("chosen_path_id") != pl.col("rejected_path_id"))
    if settings.feedback == "outcome":
        return pairs.filter(pl.col("chosen_correct") & ~pl.col("rejected_correct"))
    enough = (pl.col("margin") >= settings.margin) & (pl.col("margin") > 0)
    right = pl.col("chosen_correct") if settings.chosen_correct else pl.lit(True)
    return pairs.filter(enough & right)


def path_pairs(paths: pl.DataFrame, problems: pl.DataFrame, settings: PairSettings) -> pl.DataFrame:
    """Pairs of whole paths from `candidates` that differ enough in reward, or in outcome.

    Each iteration adds at most `max_per_problem` of them, which have a path that is new in it.
    """
    names = {
        "chosen_path_id": "chosen_id",
        "rejected_path_id": "rejected_id",
        "chosen_text": "chosen",
        "rejected_text": "rejected",
    }
    pairs = preferences(paths, settings).rename(names)
    newer = pl.max_horizontal("chosen_made_in", "rejected_made_in")
    pairs = pairs.with_columns(
        prefix=pl.lit(""), chosen_ends=True, rejected_ends=True, made_in=newer
    )
    return _limit_per_problem(pairs, problems, settings.limit)


def pairs_of_examples(examples: pl.DataFrame) -> pl.DataFrame:
    """Balanced examples as pairs: a problem's first right row over its first wrong one, and so on.

    So pairwise objectives train on the rows that KTO trains on (Step-KTO §3.2). A reference
    solution is named by its example_id.
    """
    ranked = examples.sort("example_id").with_columns(
        position=pl.col("example_id").cum_count().over("problem_id", "correct"),
        id=pl.coalesce("path_id", "example_id"),
    )
    columns = ["problem_id", "position", "id", "reward", "completion", "made_in"]
    right = ranked.filter("correct").select(*columns, "prompt")
    wrong = ranked.filter(~pl.col("correct")).select(columns)
    pairs = right.join(wrong, on=["problem_id", "position"], suffix="_rejected")
    ids = [digest(*row) for row in pairs.select("id", "id_rejected").rows()]
    return pairs.select(
        pl.Series("pair_id", ids, pl.String),
        "problem_id",
        "prompt",
        made_in=pl.max_horizontal("made_in", "made_in_rejected"),
        chosen_id="id",
        rejected_id="id_rejected",
        prefix=pl.lit(""),
        chosen="completion",
        rejected="completion_rejected",
        chosen_ends=True,
        rejected_ends=True,
        chosen_correct=True,
        rejected_correct=False,
        chosen_reward="reward",
        rejected_reward="reward_rejected",
        margin=pl.col("reward") - pl.col("reward_rejected"),
    )


def step_pairs(
    corrections: pl.DataFrame, problems: pl.DataFrame, per_problem: int, iteration: int
) -> pl.DataFrame:
    """Pairs of a correction and the wrong step it replaces, after the steps before (Step-DPO)."""
    unknown = pl.lit(None, pl.Float64)
    pairs = corrections.filter(pl.col("correction").is_not_null()).select(
        "problem_id",
        "prefix",
        "rejected",
        "rejected_ends",
        chosen_id="correction_id",
        rejected_id="path_id",
        chosen="correction",
        chosen_ends="correction_ends",
        chosen_correct=True,
        rejected_correct=False,
        chosen_reward=unknown,
        rejected_reward=unknown,
        margin=unknown,
        made_in=pl.lit(iteration, pl.Int16),
    )
    return _limit_per_problem(pairs, problems, per_problem)


def _limit_per_problem(
    pairs: pl.DataFrame, problems: pl.DataFrame, per_problem: int
) -> pl.DataFrame:
    """At most `per_problem` pairs a problem and round, first by digest, with the prompt."""
    pair_ids = [digest(*row) for row in pairs.select("chosen_id", "rejected_id").rows()]
    return (
        pairs.with_columns(pl.Series("pair_id", pair_ids, pl.String))
        .sort("pair_id")
        .filter(pl.col("pair_id").cum_count().over("problem_id", "made_in") <= per_problem)
        .join(problems.select("problem_id", "prompt"), on="problem_id")
    )
