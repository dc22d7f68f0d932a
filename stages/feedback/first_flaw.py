"""Flawed but correct (Step-KTO §3.8): right answers' earliest wrong step, by verifier or critic."""

from typing import Any

import polars as pl

from schemas.flaws import Flaws
from stages.engines.sampler import Sampler
from stages.feedback.ask import ask
from stages.feedback.critic import NONE_WRONG, CriticSettings, question
from stages.tasks.task import TaskSettings


def right_solutions(
    greedy: pl.DataFrame, problems: pl.DataFrame, task: TaskSettings
) -> pl.DataFrame:
    """(problem_id, question, prompt, steps) of the right answers that have steps."""
    asked = problems.select("problem_id", "question", "prompt", "kind")
    right = greedy.filter("correct").select("problem_id", "text").join(asked, on="problem_id")
    steps = [task.split(*row) for row in right.select("text", "kind").rows()]
    return (
        right.with_columns(pl.Series("steps", steps, pl.List(pl.String)))
        .filter(pl.col("steps").list.len() > 0)
        .sort("problem_id")
    )


def flaws_from_scores(right: pl.DataFrame, scores: list[list[float]], below: float) -> pl.DataFrame:
    """Rows of `flaws`: the first step whose probability is below the threshold is wrong.

    A solution without a step that ends within score.max_length has no scores, and so no row.
    """
    scored = [own for own in scores if own]
    first = [next((n for n, p in enumerate(own) if p < below), NONE_WRONG) for own in scored]
    return (
        right.filter(pl.Series([bool(own) for own in scores], dtype=pl.Boolean))
        .select("problem_id", n_steps=pl.col("steps").list.len())
        .with_columns(
            pl.Series("first_wrong", first, pl.Int16),
            pl.Series("probability_min", [min(own) for own in scored], pl.Float64),
            reviewer=pl.lit("verifier"),
            reflection=pl.lit(None, pl.String),
        )
    )


def find_flaws(
    sampler: Sampler, right: pl.DataFrame, critic: CriticSettings
) -> tuple[pl.DataFrame, list[dict[str, str]]]:
    """(rows of `flaws`, rows of `rejects`)."""
    solutions = right.select("problem_id", "question", "steps").rows()
    questions = [question(*solution) for solution in solutions]
    findings, rejects = ask(sampler, questions, critic)
    rows: list[dict[str, Any]] = [
        {
            "problem_id": name,
            "reviewer": "critic",
            "n_steps": len(steps),
            **findings[name].model_dump(),
        }
        for name, _, steps in solutions
        if name in findings
    ]
    return pl.DataFrame(rows, schema=Flaws.stored_schema()), rejects
