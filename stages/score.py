"""score: the verifier's probability of each step, and each path's reward (SIPF §2.3, Eq. 5).

The reward is the mean over the path's steps. As printed, Eq. 5 divides m + 1 terms by m. Where
`score.annotated` names files of steps that people have judged, those are scored too (SIPF Table 3).
"""

from typing import Any

import polars as pl

from schemas.annotated_steps import AnnotatedSteps
from schemas.path_scores import PathScores
from schemas.paths import Paths
from schemas.problems import Problems
from schemas.rejects import Rejects
from schemas.step_scores import StepScores
from stages.compute.compute_settings import ComputeSettings
from stages.feedback.verifier_scores import ScoreSettings, step_probabilities
from stages.models.folders import is_empty
from stages.pipeline.inputs import Model, Now, Once, now
from stages.pipeline.stage import stage
from stages.pipeline.stage_run import StageRun
from stages.tasks.annotated import solutions
from stages.tasks.task import Fault


def rewards(step_scores: pl.DataFrame) -> pl.DataFrame:
    """path_id, reward, reward_min, n_steps from the steps' probabilities."""
    return step_scores.group_by("path_id").agg(
        reward=pl.col("probability").mean(),
        reward_min=pl.col("probability").min(),
        n_steps=pl.len(),
    )


def annotated_solutions(files: dict[str, str]) -> tuple[pl.DataFrame, pl.DataFrame]:
    """(one row per solution: dataset, item, prompt, steps, sound, level; rows of `rejects`)."""
    rows: list[dict[str, Any]] = []
    rejects: list[dict[str, str]] = []
    for dataset, file in files.items():
        for found in solutions(file, f"score.annotated.{dataset}"):
            if isinstance(found, Fault):
                item = f"{dataset} {found.location}"
                rejects.append({"item": item, "reason": found.reason, "content": found.content})
            else:
                rows.append({"dataset": dataset, **vars(found)})
    text = dict.fromkeys(("dataset", "item", "prompt"), pl.String())
    lists = {"steps": pl.List(pl.String), "sound": pl.List(pl.Boolean)}
    return (
        pl.DataFrame(rows, schema=pl.Schema({**text, **lists, "level": pl.Int16()})),
        pl.DataFrame(rejects, schema=Rejects.stored_schema()),
    )


def add_step_scores(rows: pl.DataFrame, scores: list[list[float]]) -> pl.DataFrame:
    """One row per step of each row, with its number and probability; null for those cut off."""
    n_steps = pl.col("steps").list.len()
    return (
        rows.with_columns(
            pl.Series("probability", scores, pl.List(pl.Float64)), step=pl.int_ranges(n_steps)
        )
        .with_columns(
            pl.col("probability").list.concat(
                pl.lit(None, pl.Float64).repeat_by(n_steps - pl.col("probability").list.len())
            )
        )
        .drop("steps", "prompt")
    )


@stage(
    writes=[now(StepScores), now(PathScores), now(AnnotatedSteps), now(Rejects)],
    opens=["score.annotated"],
)
def score(
    problems: Once[Problems],
    paths: Now[Paths],
    verifier: Model.verifier,
    score: ScoreSettings,
    compute: ComputeSettings,
    stage_run: StageRun,
) -> dict[str, pl.DataFrame]:
    """Scores every kept path, and annotated solutions."""
    tables: dict[str, pl.DataFrame] = {
        table.noun: table.create_empty()
        for table in (StepScores, PathScores, AnnotatedSteps, Rejects)
    }
    if is_empty(verifier):
        return tables
    kept = paths.filter(pl.col("kept") & (pl.col("steps").list.len() > 0))
    if not kept.is_empty():
        rows = kept.join(problems.select("problem_id", "prompt"), on="problem_id").sort("path_id")
        rows = rows.select("path_id", "prompt", "steps")
        scores = step_probabilities(verifier, rows, score, compute, stage_run.seed)
        steps = add_step_scores(rows, scores).explode("step", "probability")
        tables["step_scores"] = steps.filter(pl.col("probability").is_not_null())
        tables["path_scores"] = rewards(tables["step_scores"])
    if score.annotated:
        rows, tables["rejects"] = annotated_solutions(score.annotated)
        scores = step_probabilities(verifier, rows, score, compute, stage_run.seed)
        steps = add_step_scores(rows, scores).explode("step", "probability", "sound")
        tables["annotated_steps"] = steps
    return tables


if __name__ == "__main__":
    score.main()
