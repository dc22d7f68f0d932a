"""sample: samples solutions of the training problems from the previous model (SIPF Algorithm 1).

Each problem gets k samples. If a number of right or wrong samples is required, problems that have
too few get further rounds of k, up to a limit (SIPF A.2: half as many are required in round 2, a
quarter in round 3; a time limit bounds it). With engine=replay the samples are recorded completions
instead.
"""

import math
import time
from dataclasses import replace
from typing import ClassVar, Literal

import polars as pl
from pydantic import Field

from schemas.errors import RatchetError
from schemas.problems import Problems
from schemas.rejects import Rejects
from schemas.samples import Samples
from stages.compute.compute_settings import ComputeSettings
from stages.engines.engine import EngineSettings
from stages.engines.replay import ReplaySettings, replay
from stages.engines.sample_rows import sample_rows
from stages.engines.sampler import Sampler
from stages.grading.grade_frame import REFERENCE_COLUMNS, GradeSettings, grade_frame
from stages.models.sampling import Sampling, SamplingSettings
from stages.pipeline.inputs import Model, Once, now
from stages.pipeline.stage import stage
from stages.pipeline.stage_run import StageRun


class SampleSettings(SamplingSettings):
    """Section `sample`."""

    section: ClassVar[str] = "sample"
    mode: Literal["sampling", "greedy", "none"]
    model: Literal["policy", "simulator"]
    pool: Literal["all", "undemonstrated"]
    k: int = Field(ge=1)
    min_positives: int | None = Field(ge=1)
    min_negatives: int | None = Field(ge=1)
    shrink: float = Field(gt=0, le=1)
    max_draws: int = Field(ge=1)
    max_minutes: float | None = Field(gt=0)


def problems_to_sample(problems: pl.DataFrame, which: str) -> pl.DataFrame:
    """The training problems to sample."""
    train = problems.filter(pl.col("split") == "train")
    chosen = train if which == "all" else train.filter(~pl.col("demonstrated"))
    if chosen.is_empty():
        raise RatchetError(f"sample.pool={which} holds no problem: use -S sample.pool=all")
    return chosen


def target_count(number: int | None, shrink: float, iteration: int) -> int:
    """How many samples of an outcome an iteration requires; 0 if it requires none."""
    return 0 if number is None else math.ceil(number * shrink ** (iteration - 1))


def problems_below_target(graded: pl.DataFrame, positives: int, negatives: int) -> pl.DataFrame:
    """problem_id of problems with fewer right or wrong samples than required."""
    counts = graded.group_by("problem_id").agg(
        right=pl.col("correct").sum(), wrong=(~pl.col("correct")).sum()
    )
    few = (pl.col("right") < positives) | (pl.col("wrong") < negatives)
    return counts.filter(few).select("problem_id")


def sample_round(
    sampler: Sampler, problems: pl.DataFrame, draws: range, sampling: Sampling
) -> pl.DataFrame:
    """One row per draw of each problem."""
    asked = problems.select("problem_id", "prompt", *REFERENCE_COLUMNS).join(
        pl.DataFrame({"draw": list(draws)}, schema={"draw": pl.Int32}),
        how="cross",
        maintain_order="left_right",
    )
    return sample_rows(sampler, asked, sampling, "sample")


def sample_problems(
    sampler: Sampler, problems: pl.DataFrame, settings: SampleSettings, grade: GradeSettings
) -> pl.DataFrame:
    """Rounds of k draws until each problem has the required samples, or a limit is reached.

    After `max_minutes` no further round begins, so the number of draws depends on the machine then.
    """
    started = time.monotonic()
    greedy = settings.mode == "greedy"
    sampling = replace(settings.sampling, temperature=0.0) if greedy else settings.sampling
    k = 1 if greedy else settings.k
    iteration = sampler.stage_run.iteration
    positives = target_count(settings.min_positives, settings.shrink, iteration)
    negatives = target_count(settings.min_negatives, settings.shrink, iteration)
    rounds = [sample_round(sampler, problems, range(k), sampling)]
    if greedy or not (positives or negatives):
        return rounds[0]
    graded = grade_frame(rounds[0], grade, compute=sampler.compute)
    for first in range(k, settings.max_draws, k):
        few = problems.join(
            problems_below_target(graded, positives, negatives), on="problem_id", how="semi"
        )
        few = few.sort("problem_id")
        minutes = (time.monotonic() - started) / 60
        if few.is_empty() or (settings.max_minutes is not None and minutes > settings.max_minutes):
            break
        last = min(first + k, settings.max_draws)
        rounds.append(sample_round(sampler, few, range(first, last), sampling))
        more = grade_frame(rounds[-1], grade, compute=sampler.compute)
        graded = pl.concat([graded, more])
    return pl.concat(rounds)


def mark_unguided(samples: pl.DataFrame) -> pl.DataFrame:
    """Rows of `samples`: the columns that guidance would fill."""
    return samples.with_columns(
        strategy=pl.lit("unguided"),
        attempt=0,
        hint=pl.lit(None, pl.String),
        revealed=0.0,
        parent=pl.lit(None, pl.String),
    )


@stage(writes=[now(Samples), now(Rejects)], opens=["engine.file"])
def sample(
    problems: Once[Problems],
    policy: Model.previous,
    simulator: Model.simulator,
    sample: SampleSettings,
    engine: EngineSettings,
    grade: GradeSettings,
    compute: ComputeSettings,
    stage_run: StageRun,
) -> dict[str, pl.DataFrame]:
    """Samples solutions from the previous model."""
    rejects: pl.DataFrame = Rejects.create_empty()
    if sample.mode == "none":
        return {"samples": Samples.create_empty(), "rejects": rejects}
    chosen = problems_to_sample(problems, sample.pool)
    if isinstance(engine, ReplaySettings):
        samples, rejects = replay(engine, chosen)
        return {"samples": samples, "rejects": rejects}
    sampler = Sampler(policy if sample.model == "policy" else simulator, engine, compute, stage_run)
    completions = sample_problems(sampler, chosen, sample, grade)
    return {"samples": mark_unguided(completions), "rejects": rejects}


if __name__ == "__main__":
    sample.main()
