"""evaluate: how many problems of each suite a model solves: greedily (Pass@1), by vote (Maj@k).

The votes also give Pass@k: a row records how many there were and how many were right, and the view
`passes` computes the unbiased estimate for every k.
"""

from typing import ClassVar

import polars as pl
from pydantic import Field

from schemas.evaluations import Evaluations
from schemas.problems import Problems
from stages.compute.compute_settings import ComputeSettings
from stages.engines.completions import OpenAISettings
from stages.engines.engine import EngineSettings
from stages.engines.graded_answers import sample_answers
from stages.engines.sampler import Sampler
from stages.grading.grade_frame import GradeSettings
from stages.grading.votes import add_values
from stages.models.folders import is_empty
from stages.models.sampling import Sampling, SamplingSettings
from stages.pipeline.inputs import Model, Once, now
from stages.pipeline.stage import stage
from stages.pipeline.stage_run import StageRun
from stages.tasks.task import TaskSettings, load_task

PROBLEM_COLUMNS = ["problem_id", "source", "domain", "form_of", "level"]


class EvaluateSettings(SamplingSettings):
    """Section `evaluate`."""

    section: ClassVar[str] = "evaluate"
    greedy: bool
    n_votes: int = Field(ge=0)


def greedy_rows(answers: pl.DataFrame, task: TaskSettings) -> pl.DataFrame:
    """Rows of mode greedy; a right answer is flawed when the task finds a step unsound."""
    flawed = [
        _has_wrong_step(task, rationale, task.split(text, kind)) if correct else None
        for rationale, text, kind, correct in answers.select(
            "rationale", "text", "kind", "correct"
        ).rows()
    ]
    return answers.with_columns(
        pl.Series("flawed", flawed, pl.Boolean),
        mode=pl.lit("greedy"),
        correct_stated=pl.col("outcome_stated") == "correct",
        correct_flexible=pl.col("outcome_flexible") == "correct",
        n_drawn=1,
        n_correct=pl.col("correct").cast(pl.Int32),
    )


def _has_wrong_step(task: TaskSettings, rationale: list[str], steps: list[str]) -> bool | None:
    truth = load_task(task.name).truth(rationale, steps)
    return None if truth is None else not all(truth)


def vote_rows(answers: pl.DataFrame) -> pl.DataFrame:
    """Rows of mode vote: the value given most often, the earliest among equals.

    `answers` have a `value` (`add_values`); the vote is stated as it was first written.
    """
    ballots = (
        answers.filter(pl.col("value").is_not_null())
        .group_by("problem_id", "value")
        .agg(votes=pl.len(), first=pl.col("draw").min(), right=pl.col("correct").any())
        .sort("problem_id", "votes", "first", descending=[False, True, False])
        .unique("problem_id", keep="first", maintain_order=True)
        .select("problem_id", "right", extracted="value")
    )
    counts = answers.group_by(PROBLEM_COLUMNS, maintain_order=True).agg(
        n_drawn=pl.len().cast(pl.Int32),
        n_correct=pl.col("correct").sum().cast(pl.Int32),
        n_tokens=pl.col("n_tokens").sum().cast(pl.Int32),
    )
    return counts.join(ballots, on="problem_id", how="left").with_columns(
        mode=pl.lit("vote"),
        correct=pl.col("right").fill_null(False),
        correct_stated=pl.lit(None, pl.Boolean),
        correct_flexible=pl.lit(None, pl.Boolean),
        flawed=pl.lit(None, pl.Boolean),
        text=pl.lit(None, pl.String),
    )


@stage(writes=[now(Evaluations)])
def evaluate(
    problems: Once[Problems],
    policy: Model.now,
    evaluate: EvaluateSettings,
    task: TaskSettings,
    engine: EngineSettings,
    grade: GradeSettings,
    compute: ComputeSettings,
    stage_run: StageRun,
) -> pl.DataFrame:
    """Answers the test problems with the iteration's model."""
    test = problems.filter(pl.col("split") == "test")
    schema = Evaluations.stored_schema()
    modes = [pl.DataFrame(schema=schema)]
    can_sample = isinstance(engine, OpenAISettings) or not is_empty(policy)
    if can_sample and not test.is_empty():
        sampler = Sampler(policy, engine, compute, stage_run)
        if evaluate.greedy:
            greedy = Sampling(0.0, 1.0, evaluate.max_tokens)
            answers = sample_answers(sampler, test, 1, greedy, grade, "evaluate")
            rows = greedy_rows(answers, task)
            modes.append(rows.with_columns(suite="source").select(schema.names()))
        if evaluate.n_votes:
            k, sampling = evaluate.n_votes, evaluate.sampling
            votes = sample_answers(sampler, test, k, sampling, grade, "evaluate")
            rows = vote_rows(add_values(votes, grade))
            modes.append(rows.with_columns(suite="source").select(schema.names()))
    return pl.concat(
        [frame.select(pl.col(n).cast(t) for n, t in schema.items()) for frame in modes]
    )


if __name__ == "__main__":
    evaluate.main()
