"""pair: what the model is trained on.

Process pairs: two paths of a problem whose rewards differ by the margin or more (SIPF Eq. 6).
Outcome pairs: a right path over a wrong one. Examples: right paths to imitate, or gold rows.
Cumulative data adds to what the previous iteration trained on, D_k = D_{k-1} + new rows.
"""

from typing import ClassVar, Literal

import polars as pl
from pydantic import Field

from schemas.examples import Examples
from schemas.pairs import Pairs
from schemas.path_scores import PathScores
from schemas.paths import Paths
from schemas.problems import Problems
from schemas.table import RatchetError
from stages.identity import digest
from stages.settings import Section
from stages.stage import Turn, now, once, previous, stage


class PairSettings(Section):
    """Section `pair`."""

    section: ClassVar[str] = "pair"
    by: Literal["process", "outcome", "none"]
    rows: Literal["pairs", "examples", "gold"]
    margin: float = Field(ge=0, le=1)
    chosen_correct: bool
    per_problem: int = Field(ge=1)
    keep_unpaired: bool
    with_gold: bool
    cumulative: bool
    at_least: int = Field(ge=0)


def candidates(paths: pl.DataFrame, path_scores: pl.DataFrame) -> pl.DataFrame:
    """Kept paths with their text and reward (null where nothing scored them)."""
    return (
        paths.filter("kept")
        .join(path_scores.select("path_id", "reward"), on="path_id", how="left")
        .select("problem_id", "path_id", "correct", "reward", text=pl.col("steps").list.join(""))
        .filter(pl.col("text").str.strip_chars() != "")
    )


def preferences(paths: pl.DataFrame, settings: PairSettings) -> pl.DataFrame:
    """All (chosen, rejected) of one problem that the settings allow."""
    chosen = paths.select("problem_id", pl.exclude("problem_id").name.prefix("chosen_"))
    rejected = paths.select("problem_id", pl.exclude("problem_id").name.prefix("rejected_"))
    both = chosen.join(rejected, on="problem_id").with_columns(
        margin=pl.col("chosen_reward") - pl.col("rejected_reward")
    )
    both = both.filter(pl.col("chosen_path_id") != pl.col("rejected_path_id"))
    if settings.by == "outcome":
        return both.filter(pl.col("chosen_correct") & ~pl.col("rejected_correct"))
    enough = (pl.col("margin") >= settings.margin) & (pl.col("margin") > 0)
    right = pl.col("chosen_correct") if settings.chosen_correct else pl.lit(True)
    return both.filter(enough & right)


def make_pairs(
    paths: pl.DataFrame, problems: pl.DataFrame, settings: PairSettings, iteration: int
) -> pl.DataFrame:
    """Rows of `pairs`: at most `per_problem` a problem, drawn by the pair's digest."""
    both = preferences(paths, settings)
    names = [digest(*row) for row in both.select("chosen_path_id", "rejected_path_id").rows()]
    return (
        both.with_columns(pl.Series("pair_id", names, pl.String))
        .sort("pair_id")
        .filter(pl.col("pair_id").cum_count().over("problem_id") <= settings.per_problem)
        .rename(
            {
                "chosen_path_id": "chosen_id",
                "rejected_path_id": "rejected_id",
                "chosen_text": "chosen",
                "rejected_text": "rejected",
            }
        )
        .join(problems.select("problem_id", "prompt"), on="problem_id")
        .with_columns(made_in=pl.lit(iteration))
    )


def make_examples(
    paths: pl.DataFrame, problems: pl.DataFrame, per_problem: int, iteration: int
) -> pl.DataFrame:
    """Right paths as rows to imitate: at most `per_problem` a problem, drawn by digest."""
    right = paths.filter("correct")
    names = [digest("example", name) for name in right["path_id"]]
    return (
        right.with_columns(pl.Series("example_id", names, pl.String))
        .sort("example_id")
        .filter(pl.col("example_id").cum_count().over("problem_id") <= per_problem)
        .join(problems.select("problem_id", "prompt"), on="problem_id")
        .with_columns(completion="text", made_in=pl.lit(iteration), origin=pl.lit("sampled"))
    )


def gold_rows(problems: pl.DataFrame) -> pl.DataFrame:
    """D0 as rows to imitate."""
    gold = problems.filter("demonstrated")
    names = [digest("gold", name) for name in gold["problem_id"]]
    return gold.select(
        "problem_id",
        "prompt",
        pl.Series("example_id", names, pl.String),
        completion=pl.col("rationale").list.join(""),
        made_in=0,
        origin=pl.lit("gold"),
        path_id=pl.lit(None, pl.String),
        correct=True,
        reward=pl.lit(None, pl.Float64),
    )


def accumulate(old: pl.DataFrame, new: pl.DataFrame, key: str, cumulative: bool) -> pl.DataFrame:
    """The previous iteration's sampled rows and the new ones, each once, if cumulative."""
    if not cumulative:
        return new
    new = new.select([name for name in old.columns if name in new.columns])
    kept = old.filter(pl.col("made_in") > 0).join(new, on=key, how="anti")
    return pl.concat([kept, new], how="diagonal_relaxed")


@stage(
    reads={
        "problems": once(Problems),
        "paths": now(Paths),
        "path_scores": now(PathScores),
        "old_pairs": previous(Pairs),
        "old_examples": previous(Examples),
    },
    writes=[now(Pairs), now(Examples)],
    sections=[PairSettings],
)
def pair(
    problems: pl.DataFrame,
    paths: pl.DataFrame,
    path_scores: pl.DataFrame,
    old_pairs: pl.DataFrame,
    old_examples: pl.DataFrame,
    pair: PairSettings,
    turn: Turn,
) -> dict[str, pl.DataFrame]:
    """The training rows of one iteration."""
    pairs: pl.DataFrame = Pairs.create_empty()
    examples: pl.DataFrame = Examples.create_empty()
    if pair.by == "process" and path_scores.is_empty() and not paths.is_empty():
        raise RatchetError(
            "pair.by=process, but no path is scored: set verifier.by=prm or pair.by=outcome"
        )
    known = candidates(paths, path_scores)
    if pair.by != "none" and pair.rows == "pairs":
        pairs = make_pairs(known, problems, pair, turn.iteration)
        alone = (
            known.join(pairs, on="problem_id", how="anti") if pair.keep_unpaired else known.head(0)
        )
        examples = make_examples(alone, problems, pair.per_problem, turn.iteration)
    elif pair.by != "none" and pair.rows == "examples":
        examples = make_examples(known, problems, pair.per_problem, turn.iteration)
    pairs = accumulate(old_pairs, pairs, "pair_id", pair.cumulative)
    examples = accumulate(old_examples, examples, "example_id", pair.cumulative)
    if pair.rows == "gold" or pair.with_gold:
        gold = gold_rows(problems)
        examples = pl.concat([examples.select(gold.columns), gold], how="vertical_relaxed")
    enough_rows(pairs, examples, known, pair)
    return {"pairs": pairs, "examples": examples}


def enough_rows(
    pairs: pl.DataFrame, examples: pl.DataFrame, paths: pl.DataFrame, settings: PairSettings
) -> None:
    """Raises RatchetError when there is too little to train on."""
    rows = pairs.height + examples.height
    if settings.by == "none" or rows >= settings.at_least:
        return
    right = paths.filter("correct")
    raise RatchetError(
        f"{rows} training rows, fewer than pair.at_least={settings.at_least}: of {paths.height} "
        f"paths {right.height} are right, on {right['problem_id'].n_unique()} problems; "
        f"draw more (sample.k), train M0 better (sft.epochs), or lower pair.margin"
    )


if __name__ == "__main__":
    pair.main()
