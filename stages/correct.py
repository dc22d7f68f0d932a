"""correct: the first wrong step of a wrong path, resampled (Step-DPO, arXiv 2406.18629).

The policy continues from the steps before it, which are right, until one continuation reaches the
reference answer. The first step of that continuation corrects the wrong one. A model learns more
easily from its own words than from a reference's (Step-KTO §3.6).
"""

from typing import ClassVar, Literal

import polars as pl
from pydantic import Field

from schemas.corrections import Corrections
from schemas.errors import RatchetError
from schemas.paths import Paths
from schemas.problems import Problems
from schemas.step_labels import StepLabels
from stages.compute.compute_settings import ComputeSettings
from stages.engines.engine import EngineSettings
from stages.engines.sample_rows import own_completions
from stages.engines.sampler import Sampler
from stages.grading.grade_frame import REFERENCE_COLUMNS, GradeSettings, grade_frame
from stages.models.sampling import SamplingSettings
from stages.pipeline.digests import digest
from stages.pipeline.inputs import Model, Now, Once, now
from stages.pipeline.stage import stage
from stages.pipeline.stage_run import StageRun
from stages.solutions.steps import strip_overlap
from stages.tasks.task import TaskSettings


class CorrectSettings(SamplingSettings):
    """Section `correct`."""

    section: ClassVar[str] = "correct"
    method: Literal["resampling", "none"]
    max_tries: int = Field(ge=1)
    max_paths: int | None = Field(ge=1)


def first_wrong_steps(
    paths: pl.DataFrame, step_labels: pl.DataFrame, problems: pl.DataFrame, number: int | None
) -> pl.DataFrame:
    """One row per kept wrong path with a step labelled wrong: `number` of them, by digest, or all.

    path_id, problem_id, step, prefix, rejected, rejected_ends; prompt, REFERENCE.
    """
    wrong = step_labels.filter(~pl.col("label")).group_by("path_id").agg(pl.col("step").min())
    found = paths.filter(pl.col("kept") & ~pl.col("correct")).join(wrong, on="path_id")
    order = [digest("correct", name) for name in found["path_id"]]
    return (
        found.with_columns(pl.Series("order", order, pl.String))
        .sort("order")
        .head(found.height if number is None else number)
        .select(
            "path_id",
            "problem_id",
            "step",
            prefix=pl.col("steps").list.head("step").list.join(""),
            rejected=pl.col("steps").list.get("step"),
            rejected_ends=pl.col("step") == pl.col("steps").list.len() - 1,
        )
        .join(
            problems.select("problem_id", "prompt", *REFERENCE_COLUMNS),
            on="problem_id",
            maintain_order="left",
        )
    )


def resample(
    sampler: Sampler,
    asked: pl.DataFrame,
    settings: CorrectSettings,
    grade: GradeSettings,
    task: TaskSettings,
) -> pl.DataFrame:
    """Adds correction, correction_ends and n_tries to rows of `first_wrong_steps`.

    Draw t is sampled for all paths that are still open; those that it corrects leave.
    """
    rows = asked.with_columns(
        correction=pl.lit(None, pl.String), correction_ends=pl.lit(None, pl.Boolean), n_tries=0
    )
    for draw in range(settings.max_tries):
        open_paths = rows.filter(pl.col("correction").is_null())
        if open_paths.is_empty():
            break
        tried = sample_corrections(sampler, open_paths, draw, settings, grade, task)
        rows = rows.update(tried, on="path_id", how="left")
    return rows


def sample_corrections(
    sampler: Sampler,
    open_paths: pl.DataFrame,
    draw: int,
    settings: CorrectSettings,
    grade: GradeSettings,
    task: TaskSettings,
) -> pl.DataFrame:
    """path_id, n_tries, correction and correction_ends (null: not yet) after one more draw.

    Paths that begin alike share it. A step equal to the wrong one corrects nothing.
    """
    unique_prefixes = open_paths.unique(["problem_id", "prefix"], maintain_order=True)
    pairs = unique_prefixes.select("prompt", "prefix").rows()
    prompts, prefixes = [prompt for prompt, _ in pairs], [prefix for _, prefix in pairs]
    requests = sampler.requests(prompts, [draw] * len(prompts), settings.sampling, prefixes)
    completions = own_completions(
        sampler.sample(requests, settings.sampling, f"correct {draw + 1}"),
        unique_prefixes["kind"].to_list(),
        prefixes,
    )
    endings = [
        strip_overlap(prefix, c.text) for (_, prefix), c in zip(pairs, completions, strict=True)
    ]
    befores = unique_prefixes.select("kind", "prefix").rows()
    steps = [task.split(e, *before) for e, before in zip(endings, befores, strict=True)]
    ended = [len(s) == 1 and c.finish != "length" for s, c in zip(steps, completions, strict=True)]
    texts = unique_prefixes.select("problem_id", "prefix", *REFERENCE_COLUMNS).with_columns(
        pl.Series("ending", endings, pl.String),
        pl.Series("first", [s[0] if s else "" for s in steps], pl.String),
        pl.Series("ended", ended, pl.Boolean),
    )
    graded = grade_frame(
        texts.with_columns(text=pl.concat_str("prefix", "ending")),
        grade,
        "grade corrections",
        sampler.compute,
    ).select("problem_id", "prefix", "first", "ended", reached="correct")
    words = pl.col("first").str.strip_chars()
    found = pl.col("reached") & (words != "") & (words != pl.col("rejected").str.strip_chars())
    return open_paths.join(
        graded, on=["problem_id", "prefix"], how="left", maintain_order="left"
    ).select(
        "path_id",
        n_tries=pl.lit(draw + 1, pl.Int32),
        correction=pl.when(found).then("first"),
        correction_ends=pl.when(found).then("ended"),
    )


@stage(writes=[now(Corrections)])
def correct(
    problems: Once[Problems],
    paths: Now[Paths],
    step_labels: Now[StepLabels],
    policy: Model.previous,
    correct: CorrectSettings,
    task: TaskSettings,
    engine: EngineSettings,
    grade: GradeSettings,
    compute: ComputeSettings,
    stage_run: StageRun,
) -> pl.DataFrame:
    """Resamples the first wrong step of wrong paths."""
    if correct.method == "none" or paths.is_empty():
        return Corrections.create_empty()
    if step_labels.is_empty():
        raise RatchetError(
            "correct.method=resampling needs step labels: set label.method=rollouts, "
            "or correct.method=none"
        )
    new = paths.filter(pl.col("made_in") == stage_run.iteration)
    asked = first_wrong_steps(new, step_labels, problems, correct.max_paths)
    sampler = Sampler(policy, engine, compute, stage_run)
    rows = resample(sampler, asked, correct, grade, task)
    id_columns = ("path_id", "prefix", "rejected", "correction")
    names = [digest("correction", *row) for row in rows.select(id_columns).rows()]
    return rows.with_columns(pl.Series("correction_id", names, pl.String))


if __name__ == "__main__":
    correct.main()
