"""score: the verifier's probability of each step, and each path's reward (SIPF Eq. 5).

The reward is the mean over the path's steps. As printed, Eq. 5 divides m + 1 terms by m.
"""

from pathlib import Path
from typing import ClassVar

import polars as pl
from pydantic import Field

from schemas.path_scores import PathScores
from schemas.paths import Paths
from schemas.problems import Problems
from schemas.step_scores import StepScores
from stages.compute import ComputeSettings
from stages.models import is_empty, need_model
from stages.settings import Section
from stages.stage import Turn, now, once, stage


class ScoreSettings(Section):
    """Section `score`."""

    section: ClassVar[str] = "score"
    batch_size: int = Field(ge=1)
    max_length: int = Field(ge=8)


def rewards(step_scores: pl.DataFrame) -> pl.DataFrame:
    """path_id, reward, reward_min, n_steps from the steps' probabilities."""
    return step_scores.group_by("path_id").agg(
        reward=pl.col("probability").mean(),
        reward_min=pl.col("probability").min(),
        n_steps=pl.len(),
    )


@stage(
    reads={"problems": once(Problems), "paths": now(Paths)},
    models={"verifier": "verifier"},
    writes=[now(StepScores), now(PathScores)],
    sections=[ScoreSettings, ComputeSettings],
)
def score(
    problems: pl.DataFrame,
    paths: pl.DataFrame,
    verifier: Path,
    score: ScoreSettings,
    compute: ComputeSettings,
    turn: Turn,
) -> dict[str, pl.DataFrame]:
    """Scores every kept path."""
    kept = paths.filter(pl.col("kept") & (pl.col("steps").list.len() > 0))
    if is_empty(verifier) or kept.is_empty():
        return {
            "step_scores": StepScores.create_empty(),
            "path_scores": PathScores.create_empty(),
        }
    from stages.objectives.verifier import score_steps

    rows = kept.join(problems.select("problem_id", "prompt"), on="problem_id").sort("path_id")
    folder = need_model(verifier)
    scores = score_steps(folder, rows, score.batch_size, score.max_length, compute, turn.seed)
    step_scores = (
        rows.select("path_id")
        .with_columns(pl.Series("probability", scores, pl.List(pl.Float64)))
        .explode("probability")
        .filter(pl.col("probability").is_not_null())
        .with_columns(step=pl.col("path_id").cum_count().over("path_id") - 1)
    )
    return {"step_scores": step_scores, "path_scores": rewards(step_scores)}


if __name__ == "__main__":
    score.main()
